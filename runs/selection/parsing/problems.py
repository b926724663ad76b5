"""What is wrong with a configuration, in words for the person who wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from contents.annotations.findings import Steps, pointer, shown


@dataclass(frozen=True)
class Problem:
    """One mistake at one place.

    `pointer` is a JSON pointer (RFC 6901) in the configuration, empty for the whole of it. `unsupported`
    tells that the configuration is right, but this platform can't do it yet.
    """

    pointer: str
    found: str
    expected: str
    fix: str
    unsupported: bool = False

    def __str__(self) -> str:
        return f"{self.pointer or '(configuration)'}: found {self.found}, expected {self.expected}. {self.fix}"


@dataclass
class Notes:
    """Collects the problems of one configuration."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, steps: Steps, found: Any, expected: str, fix: str) -> None:
        """`found` is the value at fault, as it came."""
        self.problems.append(Problem(pointer(steps), shown(found), expected, fix))

    def missing(self, steps: Steps, expected: str, fix: str) -> None:
        self.problems.append(Problem(pointer(steps), "nothing", expected, fix))

    def unsupported(self, steps: Steps, found: Any, what: str, fix: str) -> None:
        """`what` starts the sentence "… is not supported yet."."""
        sentence = f"{what} is not supported yet. {fix}"
        self.problems.append(Problem(pointer(steps), shown(found), "no such setting", sentence, unsupported=True))


def listed(names: Iterable[str], last: str = "or") -> str:
    """`a, b or c`"""
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end
