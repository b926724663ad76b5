"""The command palette (Ctrl-K): one field from which everything is a few letters away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from core.web.navigation import HELP, HOME, Navigation
from dashboard import handbook, queries
from dashboard.filters import ATTENTION, LONGEST_SEARCH, Filters
from teams.queries import current_team_of
from teams.requests import PageRequest

MOST_DATASETS = 8
MOST_SECTIONS = 5
# While nothing is typed yet.
MOST_RED = 5


@dataclass(frozen=True)
class Option:
    """`press`: a selector of what on the page does it at once; where it is not there, the browser goes to `url`."""

    words: str
    url: str
    icon: str
    more: str = ""
    press: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    options: list[Option]


@require_GET
def palette(request: PageRequest) -> HttpResponse:
    """What the typed words may mean, in groups, as the options of a list box."""
    search = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    groups = [
        Group(gettext("Datasets"), list(_datasets(request, search)) if search else []),
        Group(gettext("Needs attention"), list(_red(request, search))),
        Group(gettext("Do"), list(_matching(_actions(request), search))),
        Group(gettext("Go to"), list(_matching(_pages(request), search))),
        Group(gettext("Help"), list(_help(search)) if search else []),
    ]
    shown = [group for group in groups if group.options]
    count = sum(len(group.options) for group in shown)
    return render(request, "dashboard/_palette.html", {"groups": shown, "count": count, "search": search})


def _datasets(request: PageRequest, search: str) -> Iterator[Option]:
    found = queries.home_datasets(request.user, filters=Filters(search=search, sort="name"))
    for dataset in found[:MOST_DATASETS]:
        paths = ", ".join(sorted(datasource.path for datasource in dataset.datasources.all()))
        yield Option(
            dataset.name, reverse("datasets:overview", args=[dataset.pk]), f"type-{dataset.type.lower()}", paths
        )


def _red(request: PageRequest, search: str) -> Iterator[Option]:
    """All that need attention on the datasets page, and those that changed last by name."""
    team, attention = current_team_of(request.user), Filters(state=ATTENTION)
    if search and not _fits(gettext("Needs attention"), search):
        return
    datasets = queries.home_datasets(request.user, team=team, filters=attention)
    found = list(datasets[: MOST_RED + 1])
    for dataset in found[:MOST_RED]:
        yield Option(dataset.name, reverse("datasets:overview", args=[dataset.pk]), "warning")
    if len(found) > MOST_RED:
        yield Option(gettext("All that need attention"), attention.url(), "warning")


def _actions(request: PageRequest) -> Iterator[Option]:
    if current_team_of(request.user):
        yield Option(gettext("New dataset"), reverse("datasets:create"), "plus", press="[data-keys=n]")
    yield Option(gettext("Check all shown datasets again"), HOME.url(), "refresh", press="#check-shown")


def _pages(request: PageRequest) -> Iterator[Option]:
    navigation = Navigation(request)
    for shown in chain(navigation.sidebar, navigation.account):
        yield Option(str(shown.entry.label), shown.entry.url, shown.entry.icon)


def _help(search: str) -> Iterator[Option]:
    for found in handbook.search(search)[:MOST_SECTIONS]:
        section = found.section
        more = found.page_title if found.page_title != section.title else ""
        yield Option(section.title, f"{HELP.url(section.page)}#{section.anchor}", "info", more=more)


def _matching(options: Iterable[Option], search: str) -> Iterator[Option]:
    return (option for option in options if _fits(option.words, search))


def _fits(words: str, search: str) -> bool:
    """Whether each typed word begins one of these."""
    known = words.lower().split()
    return all(any(word.startswith(typed) for word in known) for typed in search.lower().split())
