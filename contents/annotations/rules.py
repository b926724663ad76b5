"""What a rule is: one kind of mistake in predictions, metadata or a relevant filenames file."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # a run would fail, or leave the file out
    WARNING = "warning"  # a run would work, but probably not as meant
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Rule:
    """`title` is a sentence for people; `fix` says what to do where a finding has no better advice of its own."""

    id: str
    severity: Severity
    title: str
    fix: str


def error(id: str, title: str, fix: str) -> Rule:  # noqa: A002 - the word of the reports
    return Rule(id, Severity.ERROR, title, fix)


def warning(id: str, title: str, fix: str) -> Rule:  # noqa: A002
    return Rule(id, Severity.WARNING, title, fix)


def hint(id: str, title: str, fix: str) -> Rule:  # noqa: A002
    return Rule(id, Severity.HINT, title, fix)
