"""What the home page is narrowed to. It stands in the page's address, so links carry it, without JavaScript too."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self

from django.utils.http import urlencode
from django.utils.translation import gettext_noop

from clouds import PROVIDERS
from core.web.navigation import HOME
from datasets.models import DatasetType

SORTS = {
    "changed": gettext_noop("Recently changed"),
    "name": gettext_noop("Name"),
    "attention": gettext_noop("Needs attention"),
}
DEFAULT_SORT = "changed"
READY, ATTENTION, CHECKING, UNCONFIGURED = STATES = ("ready", "attention", "checking", "unconfigured")


LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Filters:
    """Empty strings narrow nothing. `search`: words that are looked for in names and paths."""

    search: str = ""
    state: str = ""
    provider: str = ""
    type: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """From an address. What it says that there is not, narrows nothing."""
        return cls(
            search=query.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            state=_one_of(STATES, query.get("state")),
            provider=_one_of(PROVIDERS, query.get("provider")),
            type=_one_of(DatasetType.values, query.get("type")),
            sort=_one_of(SORTS, query.get("sort")) or DEFAULT_SORT,
        )

    @property
    def without_state(self) -> Self:
        return replace(self, state="")

    def url(self, *, page: int = 1, **changes: str) -> str:
        """The address of the home page with these filters, or with some of them changed."""
        chosen = replace(self, **changes)
        values = {
            "q": chosen.search,
            "state": chosen.state,
            "provider": chosen.provider,
            "type": chosen.type,
            "sort": "" if chosen.sort == DEFAULT_SORT else chosen.sort,
            "page": str(page) if page > 1 else "",
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{HOME.url()}?{query}" if query else HOME.url()


NO_FILTERS = Filters()


def _one_of(known: Collection[str], value: str | None) -> str:
    return value if value and value in known else ""
