"""What there is to hear of. Rooms above register their topics here when Django starts (`AppConfig.ready`)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from notifications.models import Notice
from teams.models import User

# Of the columns in which keys of topics are stored.
LONGEST_KEY = 40

Visible = Callable[[User, Collection[str]], set[str]]
"""Which of these ids a person may still see. Asked when a mail is sent, with at most a few hundred ids at once."""


@dataclass(frozen=True)
class MailChoice:
    """A tick box in everybody's notification settings. Several topics may share it."""

    key: str
    label: Any
    """A lazy translation."""
    default: bool = True


@dataclass(frozen=True)
class Topic:
    key: str
    look: Notice.Kind
    mail: MailChoice | None = None
    """Who decides whether it is mailed; None: it is in the inbox alone."""
    link_label: Any = ""
    """The words of the link in mails; a lazy translation."""
    event: str = ""
    """The type of the webhook's event; empty: webhooks are not told."""
    rank: int = 0
    """In a mail about several things those with the lowest rank come first."""
    visible: Visible | None = None
    """None: whoever was told may see it for ever."""


_topics: dict[str, Topic] = {}


def register(*topics: Topic) -> None:
    """Raises ValueError for a key that is taken or too long for its column."""
    for topic in topics:
        if topic.key in _topics:
            raise ValueError(f"The topic {topic.key} is registered already.")
        if len(topic.key) > LONGEST_KEY or len(topic.event) > LONGEST_KEY:
            raise ValueError(f"The key and the event of {topic.key} may have {LONGEST_KEY} characters.")
        _topics[topic.key] = topic


def topic_of(key: str) -> Topic:
    """Raises KeyError for one that nobody registered."""
    return _topics[key]


def find_topic(key: str) -> Topic | None:
    """None for what an older or a newer release knew."""
    return _topics.get(key)


def mail_choices() -> list[MailChoice]:
    """Each once, in the order in which their topics were registered."""
    return list(dict.fromkeys(topic.mail for topic in _topics.values() if topic.mail))


def events() -> list[str]:
    """All types of events that webhooks are told of."""
    return [topic.event for topic in _topics.values() if topic.event]


# Of one's own place in a team: who is added, or gets another role.
MEMBERSHIP = Topic("team.membership", Notice.Kind.INFO)
