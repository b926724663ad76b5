"""What owners and admins find about their teams on the notification page. Rooms above register sections here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from teams.models import Team


@dataclass(frozen=True)
class Section:
    key: str
    template: str
    """Gets `team`, and `section`: the context."""
    context: Callable[[Team], dict[str, Any]]
    """As it is stored."""
    rank: int
    """Those with the lowest rank come first."""


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Raises ValueError for a key that is taken."""
    if section.key in _sections:
        raise ValueError(f"The section {section.key} is registered already.")
    _sections[section.key] = section


def sections() -> list[Section]:
    return sorted(_sections.values(), key=lambda section: section.rank)
