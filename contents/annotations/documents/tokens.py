"""Pieces of JSON text as patterns. None of them looks at a character twice, so that no text makes them slow."""

import re

_OPEN = r'"[^"\\]*+(?:\\.[^"\\]*+)*+'
STRING = re.compile(_OPEN + '"', re.DOTALL)
# For searches: a text without an end reaches to the end of the file, and is not tried again from each quote in it.
_TO_END = _OPEN + '"?'
# What a scanner has to stop at: a whole text, or a bracket.
STRING_OR_BRACKET = re.compile(rf"{_TO_END}|[\[\]{{}}]", re.DOTALL)
SPACE = re.compile(r"[ \t\n\r]*+")
# Numbers, true, false, null, and what stands for one by mistake.
SCALAR = re.compile(r"[^\s,\]}]++")
COMMENT = re.compile(rf"{_TO_END}|(?P<comment>//[^\n]*+|#[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)", re.DOTALL)
TRAILING_COMMA = re.compile(rf"{_TO_END}|(?P<comma>,)(?=[ \t\n\r]*+[\]}}])", re.DOTALL)
# What the standard library's parser takes for numbers, though JSON does not, and what no program can keep.
NO_NUMBER = re.compile(r"-?(?:NaN|Infinity)\Z|-?[0-9]{4301,}")
