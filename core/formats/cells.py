"""Texts as cells of files for spreadsheets."""

import re

# Spreadsheets take a cell that begins like this for a formula, and a path is what somebody typed.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where the comma is for decimals, spreadsheets begin a new cell behind a semicolon, with what follows as its content.
_NEXT_CELL = re.compile(r"(?<=[;\t])(?=\s*[=+\-@＝＋－＠])")


def safe_cell(text: str) -> str:
    """The text, kept from being run as a formula."""
    text = _NEXT_CELL.sub("'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text
