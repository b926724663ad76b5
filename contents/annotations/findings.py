"""Findings, and the notes that are taken while one file is checked."""

import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from contents.annotations.rules import Rule, Severity

# Of one file, this many findings of each rule are listed; all are counted.
MOST_PER_FILE = 100
MOST_SHOWN = 120  # characters of a value, a name or an advice

Steps = tuple[str | int, ...]
"""The way to a value in a JSON document: keys of objects and numbers of elements."""


class Position(NamedTuple):
    """Both from 1 on. The column counts characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake at one place.

    `path` is relative to the datasource's root. `pointer` is a JSON pointer (RFC 6901), empty for the whole document.
    `line` and `column` are from 1 on, and 0 where the finding belongs to no line.
    """

    rule: str
    severity: Severity
    path: str
    pointer: str = ""
    line: int = 0
    column: int = 0
    found: str = ""
    expected: str = ""
    fix: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        return (self.path, self.line, self.column, self.pointer, self.found)


@dataclass(slots=True)
class _Note:
    rule: Rule
    steps: Steps
    at_key: bool
    position: Position | None
    found: str
    expected: str
    fix: str


Locate = Callable[[Iterable[Steps]], dict[Steps, tuple[Position, Position]]]
"""For each way that leads somewhere: where its key begins (of elements: the value), and where its value begins."""


class Notes:
    """What is noted while one file is checked. Positions are looked up only at the end, and only of what is listed."""

    def __init__(self, path: str, *, most: int = MOST_PER_FILE) -> None:
        self.path = path
        self.most = most
        self.counts: dict[Rule, int] = {}
        self._listed: list[_Note] = []

    def add(
        self,
        rule: Rule,
        *steps: str | int,
        found: str = "",
        expected: str = "",
        fix: str = "",
        at_key: bool = False,
        position: Position | None = None,
    ) -> None:
        """`at_key`: the key is the mistake, not its value. `position`: where it is, if that is known already."""
        count = self.counts.get(rule, 0)
        self.counts[rule] = count + 1
        if count < self.most:
            self._listed.append(_Note(rule, steps, at_key, position, found, expected, fix))

    @property
    def has_errors(self) -> bool:
        return any(rule.severity is Severity.ERROR for rule in self.counts)

    def findings(self, locate: Locate | None = None) -> list[Finding]:
        """Without `locate` only those have lines whose position was noted."""
        wanted = {note.steps for note in self._listed if note.position is None}
        places = locate(wanted) if locate and wanted else {}
        return [self._finding(note, places) for note in self._listed]

    def _finding(self, note: _Note, places: dict[Steps, tuple[Position, Position]]) -> Finding:
        place = note.position
        if place is None and note.steps in places:
            place = places[note.steps][0 if note.at_key else 1]
        line, column = place or (0, 0)
        return Finding(
            rule=note.rule.id,
            severity=note.rule.severity,
            path=printable(self.path),
            pointer=pointer(note.steps),
            line=line,
            column=column,
            found=printable(note.found),
            expected=printable(note.expected),
            fix=printable(note.fix or note.rule.fix),
        )


def pointer(steps: Steps) -> str:
    """As a JSON pointer (RFC 6901), but for very long keys, which are shortened."""
    return "".join("/" + shortened(printable(str(step))).replace("~", "~0").replace("/", "~1") for step in steps)


def printable(text: str) -> str:
    """The text with everything that would break a line, a terminal or a database written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or unicodedata.category(character) == "Zs"
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def shown(value: Any) -> str:
    """A value of a JSON document as people write it, shortened."""
    if isinstance(value, str):
        text = json.dumps(value[:MOST_SHOWN], ensure_ascii=False)
    elif isinstance(value, dict):
        text = f"an object with {len(value)} keys" if len(value) != 1 else "an object with 1 key"
    elif isinstance(value, list):
        text = _shown_list(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MOST_SHOWN:
        text = "a whole number of more than 120 digits"
    else:
        text = json.dumps(value)
    return shortened(printable(text))


def shortened(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _shown_list(value: list[Any]) -> str:
    if len(value) <= 6 and all(isinstance(each, int | float | str) for each in value):
        return "[" + ", ".join(shown(each) for each in value) + "]"
    return f"a list of {len(value)}"
