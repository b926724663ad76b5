"""Reads JSON files that anybody may have written: no text makes it crash, hang or fill the memory."""

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contents.annotations.documents import rules
from contents.annotations.documents.locating import Lines, every_value, located
from contents.annotations.documents.tokens import (
    COMMENT,
    NO_NUMBER,
    STRING,
    STRING_OR_BRACKET,
    TRAILING_COMMA,
)
from contents.annotations.findings import Notes, Position, Steps, shortened, shown

MOST_BYTES = 50_000_000
MOST_DEPTH = 100
# What a file of 50 MB may hold in the worst case would take gigabytes of memory.
MOST_CONTAINERS = 2_000_000
MOST_VALUES = 10_000_000
# Comments, and commas behind the last element, that are overlooked.
MOST_OVERLOOKED = 100_000
# Looking for the places of repeated keys takes some microseconds for each value.
MOST_VISITED = 1_000_000
MOST_SPOTS = 1_000
_BOM = b"\xef\xbb\xbf"
_UTF_16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_STRING_OF_BYTES = re.compile(rb'"[^"]*+"')
_NOT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    value: Any

    def locate(self, wanted: Iterable[Steps]) -> dict[Steps, tuple[Position, Position]]:
        return located(self.text, wanted)


def read_document(data: bytes, notes: Notes, *, most_bytes: int = MOST_BYTES) -> Document | None:
    """The document in these bytes, with everything noted that is not JSON in it. None: nothing can be made of it.

    Comments, commas behind the last element and a byte order mark are noted and then overlooked, so that what else is
    wrong is found in the same go. `data` may end behind `most_bytes` + 1 bytes.
    """
    text = _text(data, notes, most_bytes)
    if text is None or not _is_bearable(text, notes):
        return None
    try:
        return _parsed(text, notes)
    except json.JSONDecodeError as error:
        return _read_leniently(text, error, notes)


def _text(data: bytes, notes: Notes, most_bytes: int) -> str | None:
    if len(data) > most_bytes:
        notes.add(rules.TOO_LARGE, found=f"more than {most_bytes:,} bytes", expected=f"at most {most_bytes:,} bytes")
        return None
    if data.startswith(_UTF_16_OR_32):
        notes.add(rules.ENCODING, found="the byte order mark of UTF-16 or UTF-32", position=Position(1, 1))
        return None
    if data.startswith(_BOM):
        notes.add(rules.BOM, found="EF BB BF", expected="{ or [", position=Position(1, 1))
        data = data[len(_BOM) :]
    if not data.strip():
        found = "nothing but white space" if data else "0 bytes"
        notes.add(rules.EMPTY, found=found, expected="a JSON document", position=Position(1, 1))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        position = Lines(before := data[: error.start].decode("utf-8")).position(len(before))
        notes.add(rules.ENCODING, found=f"the byte {data[error.start]:02X}", position=position)
        return None


def _is_bearable(text: str, notes: Notes) -> bool:
    containers = text.count("[") + text.count("{")
    for number, most, what in (
        (containers, MOST_CONTAINERS, "lists and objects"),
        (text.count(","), MOST_VALUES, "values"),
    ):
        if number > most:
            notes.add(rules.TOO_LARGE, found=f"more than {most:,} {what}", expected=f"at most {most:,} {what}")
            return False
    if containers > MOST_DEPTH and not _surely_flat(text):
        offset = _too_deep_at(text)
        if offset is not None:
            position = Lines(text).position(offset)
            expected = f"at most {MOST_DEPTH} levels"
            notes.add(rules.DEPTH, found=f"more than {MOST_DEPTH} levels", expected=expected, position=position)
            return False
    return True


def _surely_flat(text: str) -> bool:
    """Whether brackets are nested at most MOST_DEPTH deep. Quick; may say no of texts with odd strings.

    Takes out strings, then the innermost pairs of brackets again and again.
    """
    if "\\" in text:
        return False
    left = _STRING_OF_BYTES.sub(b"", text.encode("utf-8").translate(None, _NOT_BRACKETS))
    for _ in range(MOST_DEPTH):
        if not left:
            return True
        left, before = left.replace(b"[]", b"").replace(b"{}", b""), len(left)
        if len(left) == before:
            return False
    return not left


def _too_deep_at(text: str) -> int | None:
    depth = 0
    for found in STRING_OR_BRACKET.finditer(text):
        bracket = text[found.start()]
        if bracket in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                return found.start()
        elif bracket in "]}":
            depth = max(0, depth - 1)
    return None


class _Spotted:
    """What the parser's hooks saw. They are told no positions."""

    def __init__(self) -> None:
        self.repeated = False
        self.not_a_number = False

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self.repeated |= len(made) != len(pairs)
        return made

    def constant(self, _literal: str) -> float:
        self.not_a_number = True
        return float("nan")


def _whole_number(literal: str) -> int | float:
    # Python refuses to read more digits, because it would take long.
    return int(literal) if len(literal.lstrip("-")) <= 4300 else float("nan")


def _parsed(text: str, notes: Notes) -> Document:
    """Raises JSONDecodeError."""
    spotted = _Spotted()
    hooks: dict[str, Any] = {"object_pairs_hook": spotted.pairs, "parse_constant": spotted.constant}
    try:
        value = json.loads(text, **hooks)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a whole number of too many digits
        spotted.not_a_number = True
        value = json.loads(text, parse_int=_whole_number, **hooks)
    if spotted.repeated or spotted.not_a_number:
        _note_spots(text, spotted, notes)
    return Document(text, value)


def _note_spots(text: str, spotted: _Spotted, notes: Notes) -> None:
    """Find the places of what the parser has seen, as far as that does not take long."""
    lines, before = Lines(text), sum(notes.counts.values())
    for visited in itertools.islice(every_value(text), MOST_VISITED):
        if visited.repeated:
            found = shown(visited.steps[-1])
            notes.add(rules.REPEATED_KEY, *visited.steps, found=found, position=lines.position(visited.key_offset))
        if visited.scalar and NO_NUMBER.match(visited.scalar):
            found, position = shortened(visited.scalar), lines.position(visited.offset)
            notes.add(rules.NUMBER, *visited.steps, found=found, expected="a finite number", position=position)
        if sum(notes.counts.values()) - before >= MOST_SPOTS:
            return
    for rule, seen in ((rules.REPEATED_KEY, spotted.repeated), (rules.NUMBER, spotted.not_a_number)):
        if seen and rule not in notes.counts:
            notes.add(rule, found=f"behind the first {MOST_VISITED:,} values", position=Position(1, 1))


def _read_leniently(text: str, error: json.JSONDecodeError, notes: Notes) -> Document | None:
    """Once more, without comments and without commas behind the last element."""
    lines, blanked = Lines(text), text
    for pattern, group, rule in (
        (COMMENT, "comment", rules.COMMENT),
        (TRAILING_COMMA, "comma", rules.TRAILING_COMMA),
    ):
        found_all = (found.span(group) for found in pattern.finditer(blanked) if found[group] is not None)
        spots = list(itertools.islice(found_all, MOST_OVERLOOKED))
        for start, end in spots:
            notes.add(rule, found=shown(text[start:end]), position=lines.position(start))
        blanked = _without(blanked, spots)
    # What stood in a comment may have hidden brackets.
    if not _is_bearable(blanked, notes):
        return None
    try:
        return _parsed(blanked, notes)
    except json.JSONDecodeError as still:
        error = still
    position = lines.position(min(error.pos, len(text)))
    found, expected, fix = _explained(blanked, error)
    notes.add(rules.SYNTAX, found=found, expected=expected, fix=fix, position=position)
    return None


def _without(text: str, spots: list[tuple[int, int]]) -> str:
    """The text with white space in these places, line ends kept, so that all positions stay."""
    parts, at = [], 0
    for start, end in spots:
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


_PYTHON = {"True": "true", "False": "false", "None": "null"}


def _explained(text: str, error: json.JSONDecodeError) -> tuple[str, str, str]:
    """What stands there, what was expected, and what to do."""
    rest = text[error.pos : error.pos + 40]
    if not rest.strip() and not text[error.pos :].strip():
        return "the end of the file", "the rest of the document", "The file is cut off: write it again."
    if rest.startswith("'"):
        return shown(rest), 'a double quote, "', 'Put names and texts into double quotes, ", not single ones.'
    for word, right in _PYTHON.items():
        if rest.startswith(word):
            return word, right, f"Write {right}. Python's json.dump does so by itself."
    if error.msg == "Extra data":
        return shown(rest), "the end of the file", "Keep one JSON document in a file."
    if rest.startswith('"') and not STRING.match(text, error.pos):
        return shown(rest), 'the closing quote, "', 'Close the text with ".'
    return shown(rest), _expected(error.msg), ""


def _expected(message: str) -> str:
    """The parser's own words, without "Expecting"."""
    message = message.removeprefix("Expecting ")
    return "JSON without control characters in texts" if message.startswith("Invalid control") else message
