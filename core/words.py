"""How durations are said."""

from django.utils.translation import ngettext


def age_words(seconds: float) -> str:
    """A duration in its largest sensible unit."""
    for unit, size, until in (("s", 1, 100), ("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{seconds / size:.0f} {unit}"
    days = round(seconds / 86_400)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
