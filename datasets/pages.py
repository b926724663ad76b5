"""The pages of a dataset and the sections of its overview.

Apps above this one add theirs from `AppConfig.ready()`, so that this one never names them:

    pages.add_tab(Tab("contents", _("Contents"), "contents:browser", order=10))
    pages.add_section(Section("contents/_overview.html", overview.section))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from core.web.navigation import Link
from datasets.models import Dataset

CONNECT = Link("connects a dataset to its storage")


@dataclass(frozen=True)
class Tab:
    """A page of a dataset. `url_name` is reversed with the dataset's id and `url_args`. Tabs are sorted by `order`:
    the overview has 0 and the settings, to which people seldom come once a dataset works, have 100.
    """

    key: str
    title: str | Promise
    url_name: str
    url_args: tuple[str, ...] = ()
    order: int = 50

    def url(self, dataset: Dataset) -> str:
        return reverse(self.url_name, args=[dataset.pk, *self.url_args])


@dataclass(frozen=True)
class Section:
    """A part of the overview. The template finds what `context` returns as `section`, and the dataset as `dataset`."""

    template: str
    context: Callable[[HttpRequest, Dataset], dict[str, Any]]


_tabs: list[Tab] = []
_sections: list[Section] = []


def add_tab(tab: Tab) -> None:
    """Show the tab on every page of a dataset. Raises ImproperlyConfigured for a key that another tab has."""
    if any(tab.key == other.key for other in _tabs):
        raise ImproperlyConfigured(f"Two tabs of a dataset have the key {tab.key!r}.")
    _tabs.append(tab)
    _tabs.sort(key=lambda each: each.order)


def add_section(section: Section) -> None:
    """Show the section on the overview, below those that were added before."""
    _sections.append(section)


def tabs() -> list[Tab]:
    return list(_tabs)


def sections() -> list[Section]:
    return list(_sections)
