from datetime import UTC, datetime, timedelta

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext

from contents.names import shown
from contents.overview.figures import size_words
from core.words import duration_words

register = template.Library()
register.filter("shown_name", shown)
register.filter("size_words", size_words)


@register.filter
def moment(seconds: int) -> str:
    """A Unix time as people read it, in UTC. What no calendar has stays a number."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
    except (OverflowError, OSError, ValueError):
        return str(seconds)


@register.filter
def share_words(percent: float) -> str:
    """`all` and `none` are said only where it is so."""
    if percent <= 0:
        return gettext("none")
    if percent >= 100:
        return gettext("all")
    if percent < 1:
        return gettext("under 1 %")
    # 99.9 must not become 100.
    return gettext("%(percent)s %%") % {
        "percent": number_format(int(percent) if percent >= 10 else int(percent * 10) / 10)
    }


@register.filter
def span_words(seconds: float) -> str:
    return duration_words(timedelta(seconds=seconds))
