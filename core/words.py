"""How durations and moments are said."""

from datetime import UTC, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import ngettext_lazy

# Seconds in a unit, and from how many of them on the unit is used: 47 hours say more than 2 days.
_UNITS = (
    (365 * 86_400, 2, ngettext_lazy("%(count)s year", "%(count)s years", "count")),
    (30 * 86_400, 3, ngettext_lazy("%(count)s month", "%(count)s months", "count")),
    (86_400, 2, ngettext_lazy("%(count)s day", "%(count)s days", "count")),
    (3600, 1, ngettext_lazy("%(count)s hour", "%(count)s hours", "count")),
    (60, 1, ngettext_lazy("%(count)s minute", "%(count)s minutes", "count")),
)
_SECONDS = ngettext_lazy("%(count)s second", "%(count)s seconds", "count")


def moment_words(moment: datetime) -> str:
    """As pages write it: `28 Nov 2026, 14:05 UTC`. The format is in core/formats."""
    return f"{date_format(moment.astimezone(UTC), 'DATETIME_FORMAT')} UTC"


def duration_words(length: timedelta) -> str:
    """About how long: `3 days`. Less than nothing is `0 seconds`."""
    seconds = max(0.0, length.total_seconds())
    for size, least, words in _UNITS:
        if seconds >= least * size:
            return words % {"count": round(seconds / size)}
    return _SECONDS % {"count": round(seconds)}
