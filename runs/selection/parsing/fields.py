"""Reads one object of the configuration: each key once, with its type and range, and what is left over is a problem."""

import difflib
import math
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from contents.annotations.findings import Steps
from runs.selection.parsing.problems import Notes, listed

_Choice = TypeVar("_Choice", bound=StrEnum)


class Fields:
    """The keys of one JSON object. `null` counts as left out: clients drop it before they send."""

    def __init__(self, value: Any, steps: Steps, notes: Notes, what: str) -> None:
        """`what` names the object in sentences, such as "the input". Check `usable` before reading anything."""
        self.steps = steps
        self.notes = notes
        self.usable = isinstance(value, dict)
        self._values = {str(key): each for key, each in value.items() if each is not None} if self.usable else {}
        if not self.usable:
            notes.add(steps, value, f"an object for {what}", "Write it in braces, with its keys.")

    def at(self, key: str) -> Steps:
        return (*self.steps, key)

    def take(self, key: str) -> Any:
        """The value, or None; the key counts as known from now on."""
        return self._values.pop(key, None)

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, *, required_by: str = "", pattern: str = "", example: str) -> str | None:
        """A text that is not empty. `required_by` names who needs it; without, it may be left out."""
        value = self.take(key)
        if value is None:
            if required_by:
                self.notes.missing(self.at(key), f"a text, because {required_by} needs it", f"Add {key}, {example}.")
            return None
        if not isinstance(value, str) or not value:
            self.notes.add(self.at(key), value, "a text that is not empty", f"Write {key} as a text, {example}.")
            return None
        if pattern and not re.fullmatch(pattern, value):
            self.notes.add(self.at(key), value, f"a text like {pattern}", f"Change it, {example}.")
            return None
        return value

    def number(
        self,
        key: str,
        *,
        least: float = -math.inf,
        most: float = math.inf,
        above: float = -math.inf,
        required_by: str = "",
    ) -> float | None:
        """A finite number with `least` <= number <= `most` and `above` < number."""
        value, bounds = self.take(key), _bounds(least, most, above)
        if value is None:
            if required_by:
                self.notes.missing(self.at(key), f"a number{bounds}, because {required_by} needs it", f"Add {key}.")
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.notes.add(self.at(key), value, f"a number{bounds}", "Write a number, without quotes.")
            return None
        number = _as_float(value)
        if not math.isfinite(number) or not (least <= number <= most and number > above):
            self.notes.add(self.at(key), value, f"a number{bounds}", "Change the number.")
            return None
        return number

    def whole(self, key: str, *, least: int | None = None, required_by: str = "") -> int | None:
        value = self.take(key)
        expected = "a whole number" if least is None else f"a whole number of at least {least}"
        if value is None:
            if required_by:
                self.notes.missing(self.at(key), f"{expected}, because {required_by} needs it", f"Add {key}.")
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.notes.add(self.at(key), value, expected, "Write it without quotes, point or exponent.")
            return None
        if least is not None and value < least:
            self.notes.add(self.at(key), value, expected, "Write a larger number.")
            return None
        return value

    def choice(self, key: str, choices: type[_Choice], *, required_by: str = "") -> _Choice | None:
        value, expected = self.take(key), listed(choices)
        if value is None:
            if required_by:
                self.notes.missing(self.at(key), f"{expected}, because {required_by} needs it", f"Add {key}.")
            return None
        if not isinstance(value, str) or value not in set(choices):
            close = _nearest(str(value).upper(), choices)
            fix = f"Did you mean {close}?" if close else f"Write {expected}."
            self.notes.add(self.at(key), value, expected, fix)
            return None
        return choices(value)

    def refuse_rest(self, what: str, known: Iterable[str]) -> None:
        """Notes each key that nobody took. `known` are the keys that `what` can have."""
        known = tuple(known)
        for key, value in self._values.items():
            close = _nearest(key, known)
            if close and close != key:
                fix = f"Did you mean {close}?"
            else:
                fix = f"Remove {key}; {what} knows {listed(known, 'and') if known else 'no keys'}."
            self.notes.add(self.at(key), value, f"no key {key} in {what}", fix)


def _nearest(word: str, words: Iterable[str]) -> str | None:
    """The known word that was probably meant, also if only case and underscores differ."""
    plain = {_plain(each): each for each in words}
    close = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else None


def _plain(word: str) -> str:
    return word.replace("_", "").lower()


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf


def _bounds(least: float, most: float, above: float) -> str:
    parts = []
    if above > -math.inf:
        parts.append(f"above {above:g}")
    if least > -math.inf:
        parts.append(f"from {least:g}" if most < math.inf else f"of at least {least:g}")
    if most < math.inf:
        parts.append(f"{'to' if least > -math.inf else 'up to'} {most:g}")
    return f" {' '.join(parts)}" if parts else ""
