from datetime import UTC, datetime

from django import template

from contents.names import shown
from contents.overview.figures import size_words

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
