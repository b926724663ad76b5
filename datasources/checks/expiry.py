"""When a credential ends, in words and in how urgent it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from datasources.models import Datasource

SOON = timedelta(days=14)
VERY_SOON = timedelta(days=1)
OLD_KEY = timedelta(days=365)

_UNITS = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))
# A unit is used from this many of it on: 47 hours say more than 2 days.
_LEAST = {"year": 2, "month": 3, "day": 2, "hour": 1, "minute": 0}


def span(length: timedelta) -> str:
    """About how long, in one unit: `3 days`. Nothing below zero."""
    seconds = max(0.0, length.total_seconds())
    for unit, size in _UNITS:
        count = round(seconds / size)
        if seconds >= _LEAST[unit] * size:
            return _counted(unit, count)
    raise AssertionError("a span of minutes always fits")


def _counted(unit: str, count: int) -> str:
    words = {
        "year": ngettext("%(count)s year", "%(count)s years", count),
        "month": ngettext("%(count)s month", "%(count)s months", count),
        "day": ngettext("%(count)s day", "%(count)s days", count),
        "hour": ngettext("%(count)s hour", "%(count)s hours", count),
        "minute": ngettext("%(count)s minute", "%(count)s minutes", count),
    }
    return words[unit] % {"count": count}


@dataclass(frozen=True)
class End:
    """The end of a datasource's credential, in words and as `look`: far, unknown or denied, as the style sheets say.

    The words are in parts, as a script keeps `when` fresh: "SAS token", "expires", "in 5 hours".
    """

    label: str
    moment: datetime
    look: str
    verb: str
    when: str

    @property
    def is_near(self) -> bool:
        return self.look != "far"

    @property
    def icon(self) -> str:
        return {"denied": "error", "unknown": "warning"}.get(self.look, "clock")


def end_of(datasource: Datasource) -> End | None:
    """When the datasource's credential ends; None if no end is known."""
    if datasource.expires_at is None:
        return None
    left = datasource.expires_at - timezone.now()
    label = datasource.provider_class.credential_label
    if left <= timedelta():
        when = gettext("%(span)s ago") % {"span": span(-left)}
        return End(label, datasource.expires_at, "denied", gettext("expired"), when)
    when = gettext("in %(span)s") % {"span": span(left)}
    return End(label, datasource.expires_at, "unknown" if left < SOON else "far", gettext("expires"), when)


def near_end_warning(moment: datetime | None) -> str:
    """What to say beside the field of a credential that has ended or ends within a day; else empty."""
    left = moment - timezone.now() if moment else None
    if left is None or left >= VERY_SOON:
        return ""
    if left <= timedelta():
        return gettext("It expired %(span)s ago. Make a new one and enter it here.") % {"span": span(-left)}
    return gettext("It ends in %(span)s. Make one that lasts longer, and enter it here before then.") % {
        "span": span(left)
    }


def key_age_words(made: datetime, *, ends: bool) -> str:
    """How old a key is. A key without an end that is older than a year also gets the hint to replace it."""
    age = timezone.now() - made
    if ends:
        return gettext("This key was made %(span)s ago.") % {"span": span(age)}
    words = gettext("This key was made %(span)s ago and has no end of its own.") % {"span": span(age)}
    if age <= OLD_KEY:
        return words
    hint = gettext("Keys that old had better be replaced by a new one.")
    return f"{words} {hint}"
