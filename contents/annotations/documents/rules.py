"""Mistakes that any JSON file may have."""

from contents.annotations.rules import error

EMPTY = error("json-empty", "The file is empty.", "Write the file again, or delete it.")
TOO_LARGE = error("json-too-large", "The file is too large to be read.", "Write less into one file.")
ENCODING = error("json-encoding", "The file is not UTF-8 text.", "Save the file as UTF-8.")
BOM = error(
    "json-bom", "The file begins with a byte order mark.", "Save the file as UTF-8 without a byte order mark (BOM)."
)
DEPTH = error("json-depth", "Lists and objects are nested too deeply.", "Write values flat, as the format says.")
SYNTAX = error("json-syntax", "The file is not JSON.", "Correct the file at this place.")
COMMENT = error("json-comment", "JSON has no comments.", "Delete the comment.")
TRAILING_COMMA = error(
    "json-trailing-comma", "JSON has no comma behind the last element.", "Delete the comma behind the last element."
)
NUMBER = error("json-number", "This is not a number in JSON.", "Write a finite number, or leave the key out.")
REPEATED_KEY = error(
    "json-repeated-key", "A key stands twice in one object: only its last value counts.", "Delete one of the two."
)
UNREADABLE = error("file-unreadable", "The file can't be read.", "Make sure that the file exists and may be read.")
