"""What was tried and what became of it, for the table at the end."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Figure:
    """`faults` were tried and survived; so many checks, jobs and runs were under way, and so many of them got lost."""

    what: str
    faults: int
    checks: int = 0
    jobs: int = 0
    runs: int = 0
    lost: int = 0
    said: str = ""
    """What else was measured, in a few words."""


FIGURES: list[Figure] = []


def note(figure: Figure) -> None:
    """Called when everything of this line has been found in order, or what was lost has been counted."""
    FIGURES.append(figure)


def table(figures: list[Figure]) -> list[str]:
    """Lines for people, with a sum below."""
    numbers = [field.name for field in fields(Figure) if field.type == "int"]
    sums = {name: sum(getattr(figure, name) for figure in figures) for name in numbers}
    rows = [*figures, Figure("All", **sums)]
    head = f"{'what':<58}" + "".join(f"{name:>8}" for name in numbers)
    return [
        head,
        "-" * len(head),
        *(
            f"{row.what:<58}" + "".join(f"{getattr(row, name):>8}" for name in numbers) + f"   {row.said}".rstrip()
            for row in rows
        ),
    ]
