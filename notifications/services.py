"""The one way to tell people something: into their inboxes, into the outbox of mails, and to the team's webhook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications.mails import services as mails
from notifications.models import Mail, Notice
from notifications.preferences.queries import who_want_mail
from notifications.topics import topic_of
from notifications.webhooks.services import queue_event
from teams.models import Team, User

_LONGEST_TITLE = 300


@dataclass(frozen=True)
class Announcement:
    topic: str
    """The key of a registered topic."""
    key: str
    """What is announced twice with the same key is told once. At most 100 characters, such as an id."""
    people: Sequence[User]
    """Everybody who hears of it. preferences.queries.listeners() finds those who want to."""
    title: str
    """One line."""
    sentences: Sequence[str] = ()
    path: str = ""
    """Where on this site it leads."""
    about: str = ""
    """The name of what it is about. Subjects of mails about several things list these names."""
    about_id: str = ""
    """Its id: at sending, the topic is asked whether a person may still see it. Empty: it is not asked."""
    detail: str = ""
    """A line in code type below the title in mails, such as the path in a storage."""
    team: Team | None = None
    """Whose webhook is told; None: no webhook."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the webhook's event, beside those that all events have."""
    told_at: datetime = field(default_factory=timezone.now)


@transaction.atomic
def announce(news: Announcement) -> None:
    """Call it inside the transaction that makes the news true: then both are there once, or not at all.

    Nothing is sent here. Raises KeyError for a topic that nobody registered.
    """
    topic = topic_of(news.topic)
    Notice.objects.bulk_create(
        [
            Notice(
                user=user,
                key=news.key,
                kind=topic.look,
                title=news.title[:_LONGEST_TITLE],
                text="\n".join(news.sentences),
                path=news.path,
                created_at=news.told_at,
            )
            for user in news.people
        ],
        ignore_conflicts=True,
    )
    if topic.mail and mails.can_be_sent():
        Mail.objects.bulk_create(
            [_mail(news, user) for user in who_want_mail(news.people, topic.mail)], ignore_conflicts=True
        )
    if topic.event and news.team:
        queue_event(news.team, topic.event, key=news.key, title=news.title, payload=news.payload, path=news.path)


def _mail(news: Announcement, user: User) -> Mail:
    return Mail(
        user=user,
        key=news.key,
        topic=news.topic,
        about=news.about,
        about_id=news.about_id,
        title=news.title,
        detail=news.detail,
        sentences=list(news.sentences),
        path=news.path,
        told_at=news.told_at,
    )
