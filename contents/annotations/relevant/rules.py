"""Mistakes in relevant filenames files."""

from contents.annotations.rules import error, hint, warning

NOT_TEXT = error("relevant-not-text", "The file is not UTF-8 text.", "Save the file as UTF-8.")
PLACE = error(
    "relevant-place",
    "Relevant filenames files are read below .lightly/ only.",
    "Upload the file into .lightly/ of the Lightly datasource.",
)
BOM = hint(
    "relevant-bom", "The file begins with a byte order mark.", "Save the file as UTF-8 without a byte order mark (BOM)."
)
LINE_ENDS = hint("relevant-line-ends", "Lines end as on Windows (CR LF).", "Save the file with line ends of Unix (LF).")
BLANK = hint("relevant-blank", "There is white space around a name.", "Delete it.")
TOO_MANY = warning("relevant-too-many", "The file has more than 1,000,000 lines.", "Use beginnings with a *.")
MANY_EXCLUSIONS = error(
    "relevant-many-exclusions",
    "The file has so many lines with exclusions that it is refused.",
    "Name the files one by one, or use beginnings without exclusions.",
)
LINE = error("relevant-line", "A line is no name and no pattern.", "Correct the line.")
NOTHING = warning("relevant-nothing", "A line matches no file.", "Correct the line, or delete it.")
EMPTY = error("relevant-empty", "The file has no line, so that no file is relevant.", "Add names of files.")
COVERED = hint("relevant-covered", "All files of a line are matched by earlier lines.", "Delete the line.")
EXCLUDES_NOTHING = hint(
    "relevant-excludes-nothing", "The exclusions of a line take no file out.", "Correct them, or delete them."
)
EXCLUDES_ALL = warning(
    "relevant-excludes-all", "The exclusions of a line take all its files out.", "Correct them, or delete the line."
)
EXTENSION = warning(
    "relevant-extension",
    "A line names a file that is no sample of this dataset.",
    "Name files of the dataset's type: images or videos.",
)
