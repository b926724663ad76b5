"""The numbers above the list of datasets, each of which is a link that narrows the list to what it counts."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext, ngettext

from dashboard.filters import ATTENTION, CHECKING, READY, UNCONFIGURED, Filters
from dashboard.queries import Summary


@dataclass(frozen=True)
class StateLink:
    """`look`: the state of its dot, as the style sheets know it; empty for none."""

    words: str
    url: str
    is_current: bool
    look: str = ""


def state_links(summary: Summary, filters: Filters) -> list[StateLink]:
    """All, ready, needs attention; being checked and not configured only while there are some."""
    found = summary.found
    looks = {READY: "granted", ATTENTION: "denied", CHECKING: "checking", UNCONFIGURED: "off"}
    links = [StateLink(_words("", found.total), filters.url(state=""), not filters.state)]
    for state, look in looks.items():
        number, is_current = found.states[state], filters.state == state
        if number or is_current or state in {READY, ATTENTION}:
            url = filters.url(state=state)
            links.append(StateLink(_words(state, number), url, is_current, look if number else "off"))
    return links


def title(summary: Summary) -> str:
    """Of the page: begins with how many datasets need attention, whatever the list is narrowed to."""
    attention = summary.everything.states[ATTENTION]
    words = gettext("Datasets")
    return f"({intcomma(attention)}) {words}" if attention else words


def _words(state: str, number: int) -> str:
    words = {
        "": ngettext("%(number)s dataset", "%(number)s datasets", number),
        READY: gettext("%(number)s ready"),
        ATTENTION: ngettext("%(number)s needs attention", "%(number)s need attention", number),
        CHECKING: gettext("%(number)s being checked"),
        UNCONFIGURED: gettext("%(number)s not configured"),
    }
    return words[state] % {"number": intcomma(number)}
