"""When a credential ends, in words and in how urgent it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from clouds import PROVIDERS
from core.words import duration_words
from datasources.models import Datasource

SOON = timedelta(days=14)
VERY_SOON = timedelta(days=1)
OLD_KEY = timedelta(days=365)


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
    label = PROVIDERS[datasource.provider].words.credential
    if left <= timedelta():
        when = gettext("%(span)s ago") % {"span": duration_words(-left)}
        return End(label, datasource.expires_at, "denied", gettext("expired"), when)
    when = gettext("in %(span)s") % {"span": duration_words(left)}
    return End(label, datasource.expires_at, "unknown" if left < SOON else "far", gettext("expires"), when)


def near_end_warning(moment: datetime | None) -> str:
    """What to say beside the field of a credential that has ended or ends within a day; else empty."""
    left = moment - timezone.now() if moment else None
    if left is None or left >= VERY_SOON:
        return ""
    if left <= timedelta():
        return gettext("It expired %(span)s ago. Make a new one and enter it here.") % {"span": duration_words(-left)}
    return gettext("It ends in %(span)s. Make one that lasts longer, and enter it here before then.") % {
        "span": duration_words(left)
    }


def key_age_words(made: datetime, *, ends: bool) -> str:
    """How old a key is. A key without an end that is older than a year also gets the hint to replace it."""
    age = timezone.now() - made
    if ends:
        return gettext("This key was made %(span)s ago.") % {"span": duration_words(age)}
    words = gettext("This key was made %(span)s ago and has no end of its own.") % {"span": duration_words(age)}
    if age <= OLD_KEY:
        return words
    hint = gettext("Keys that old had better be replaced by a new one.")
    return f"{words} {hint}"
