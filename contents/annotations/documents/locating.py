"""Where in a JSON text the values are. Works on texts that the parser has accepted, nested at most MOST_DEPTH deep.

The parser of the standard library is written in C and tells no positions. Libraries that do are written in Python and
60 times as slow. So files are parsed by the fast one, and only those with findings are looked through here.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from contents.annotations.documents.tokens import SCALAR, SPACE, STRING, STRING_OR_BRACKET
from contents.annotations.findings import Position, Steps


class Lines:
    """Turns offsets in a text into lines and columns. Offsets that ascend cost one look through the text in all."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at, self._line, self._start = 0, 1, 0  # an offset, its line, and where that begins

    def position(self, offset: int) -> Position:
        if offset < self._at:
            self._at, self._line, self._start = 0, 1, 0
        self._line += self.text.count("\n", self._at, offset)
        last = self.text.rfind("\n", self._at, offset)
        self._start = self._start if last < 0 else last + 1
        self._at = offset
        return Position(self._line, offset - self._start + 1)


@dataclass(slots=True)
class _Wanted:
    """A value that is asked for, or lies on the way to one."""

    steps: Steps
    asked: bool = False
    inner: dict[str | int, "_Wanted"] = field(default_factory=dict)


def located(text: str, wanted: Iterable[Steps]) -> dict[Steps, tuple[Position, Position]]:
    """For each way: where its key begins (of elements and the whole document: the value), and where its value does.

    A way that leads nowhere is left out. Of a key that stands twice, the last one counts, as for the parser.
    """
    root = _Wanted(())
    for steps in wanted:
        at = root
        for depth, step in enumerate(steps):
            at = at.inner.setdefault(step, _Wanted(steps[: depth + 1]))
        at.asked = True
    offsets: dict[Steps, tuple[int, int]] = {}
    start = _behind_space(text, 0)
    if root.asked:
        offsets[()] = (start, start)
    _visit(text, start, root, offsets)
    lines = Lines(text)
    positions = {offset: lines.position(offset) for offset in sorted({at for both in offsets.values() for at in both})}
    return {steps: (positions[key], positions[value]) for steps, (key, value) in offsets.items()}


def _visit(text: str, start: int, wanted: _Wanted, offsets: dict[Steps, tuple[int, int]]) -> int:
    """Look through the value at `start`; its end."""
    if not wanted.inner or text[start] not in "[{":
        return _end(text, start)
    is_object, count = text[start] == "{", 0
    at = _behind_space(text, start + 1)
    while text[at] not in "]}":
        key_at = at
        step: str | int = count
        if is_object:
            key_end = _end(text, at)
            step = json.loads(text[at:key_end])
            at = _behind_space(text, _behind_space(text, key_end) + 1)
        inner = wanted.inner.get(step)
        if inner is None:
            at = _end(text, at)
        else:
            if inner.asked:
                offsets[inner.steps] = (key_at, at)
            at = _visit(text, at, inner, offsets)
        count += 1
        at = _behind_space(text, at)
        if text[at] == ",":
            at = _behind_space(text, at + 1)
    return at + 1


def _behind_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _end(text: str, start: int) -> int:
    """Where the value ends that begins at `start`."""
    if text[start] not in "[{":
        found = (STRING if text[start] == '"' else SCALAR).match(text, start)
        return found.end() if found else len(text)
    depth = 0
    for found in STRING_OR_BRACKET.finditer(text, start):
        bracket = text[found.start()]
        if bracket in "[{":
            depth += 1
        elif bracket in "]}":
            depth -= 1
            if depth == 0:
                return found.end()
    return len(text)


@dataclass(slots=True)
class _Container:
    is_object: bool
    keys: set[str] = field(default_factory=set)
    step: str | int = -1
    key_at: int = -1


@dataclass(frozen=True, slots=True)
class Visited:
    """A value on a walk. `repeated`: its key stood in the same object before. `scalar` is empty for the others."""

    steps: Steps
    key_offset: int
    offset: int
    repeated: bool
    scalar: str


def every_value(text: str) -> Iterator[Visited]:
    """All values in the order of the text. Slow: a microsecond or more for each."""
    stack: list[_Container] = []
    at = _behind_space(text, 0)
    while at < len(text):
        character = text[at]
        if character in "]}":
            stack.pop()
            at += 1
        elif character == ",":
            at += 1
        else:
            repeated, key_at = False, at
            if stack:
                at, repeated, key_at = _next_step(text, at, stack[-1])
                character = text[at]
            steps = tuple(container.step for container in stack)
            scalar = "" if character in '[{"' else text[at : _end(text, at)]
            yield Visited(steps, key_at, at, repeated, scalar)
            if character in "[{":
                stack.append(_Container(character == "{"))
                at += 1
            else:
                at = _end(text, at)
        at = _behind_space(text, at)


def _next_step(text: str, at: int, container: _Container) -> tuple[int, bool, int]:
    """Where the next value of the container begins, whether its key stood before, and where the key begins."""
    if not container.is_object:
        container.step = int(container.step) + 1
        return at, False, at
    key_end = _end(text, at)
    key: Any = json.loads(text[at:key_end])
    repeated = key in container.keys
    container.keys.add(key)
    container.step = key
    return _behind_space(text, _behind_space(text, key_end) + 1), repeated, at
