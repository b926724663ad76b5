"""Sends the mails that wait in the outbox: all that wait for a person go into one."""

import contextlib
import logging
import smtplib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Min, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from core.ids import new_id
from core.links import absolute
from notifications import outbox
from notifications.models import Mail, Sending
from notifications.topics import Visible, find_topic
from teams.models import User

logger = logging.getLogger(__name__)

# In one sweep; the rest is sent by the next.
MOST_PEOPLE = 200
# So many announcements a mail spells out. For the rest it leads to the inbox.
MOST_IN_A_MAIL = 30
# A topic is asked about so many ids at once: a statement takes no more than some thousand parameters.
_IDS_AT_ONCE = 500
# What is wrong with one mail or its recipient. Everything else concerns the server, and so all other mails too.
_ONLY_THIS_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


def can_be_sent() -> bool:
    """Whether there is a mail server. Without one nothing is kept for later."""
    return bool(settings.LIGHTLY_SENDS_MAIL)


def send_due() -> int:
    """Send what waits, one mail for each person. Returns how many were sent.

    Who claims the rows sends them, so sweeps at the same time send nothing twice. Only a worker that dies between the
    mail server's "yes" and its own note of it makes a mail come again.
    """
    if not can_be_sent():
        return 0
    waiting = outbox.due(Mail.objects.all()).values("user").annotate(since=Min("next_attempt_at"))
    people = [row["user"] for row in waiting.order_by("since")[:MOST_PEOPLE]]
    connection, sent = get_connection(), 0
    try:
        for user_id in people:
            sent += _send_to(user_id, connection)
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("The mail server does not take mails (%s); they wait", type(error).__name__)
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):  # all it had to take is noted already
            connection.close()
    return sent


def _send_to(user_id: str, connection: BaseEmailBackend) -> int:
    rows = _claim(user_id)
    user = User.objects.filter(pk=user_id).first()
    if user is None:  # deleted just now, and the rows with them
        return 0
    mails = _still_visible(user, list(rows))
    if not mails or not user.is_active:
        outbox.give_up(rows, "may no longer see it")
        return 0
    try:
        connection.open()
        compose(user, mails, connection).send()
    except (smtplib.SMTPException, OSError) as error:
        _try_later(rows, type(error).__name__)
        if not isinstance(error, _ONLY_THIS_ONE):
            raise
        logger.warning("A mail about alerts was refused (%s)", type(error).__name__)
        return 0
    outbox.mark_sent(rows)
    return 1


def _claim(user_id: str) -> QuerySet[Mail]:
    batch = new_id()
    outbox.due(Mail.objects.filter(user=user_id)).update(
        batch=batch, attempts=F("attempts") + 1, next_attempt_at=timezone.now() + outbox.pause_after(1)
    )
    return Mail.objects.filter(user=user_id, batch=batch, state=Sending.PENDING)


def _try_later(rows: QuerySet[Mail], problem: str) -> None:
    for attempts in set(rows.values_list("attempts", flat=True)):
        again = timezone.now() + outbox.pause_after(attempts)
        rows.filter(attempts=attempts).update(next_attempt_at=again)
    outbox.mark_failed(rows, problem)


def _still_visible(user: User, mails: Sequence[Mail]) -> list[Mail]:
    """Without what the person lost sight of since it was announced, and what no topic of today can judge."""
    ids: dict[Visible, set[str]] = defaultdict(set)
    visible: list[Mail] = []
    asked: list[tuple[Visible, Mail]] = []
    for mail in mails:
        topic = find_topic(mail.topic)
        if topic and topic.visible and mail.about_id:
            ids[topic.visible].add(mail.about_id)
            asked.append((topic.visible, mail))
        elif topic:
            visible.append(mail)
    seen = {question: _ask(question, user, sorted(about)) for question, about in ids.items()}
    return visible + [mail for question, mail in asked if mail.about_id in seen[question]]


def _ask(question: Visible, user: User, ids: Sequence[str]) -> set[str]:
    starts = range(0, len(ids), _IDS_AT_ONCE)
    return set().union(*(question(user, ids[start : start + _IDS_AT_ONCE]) for start in starts))


def compose(user: User, mails: Sequence[Mail], connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """One mail about all of these: first what its topic ranks first."""
    mails = sorted(mails, key=lambda mail: (_rank(mail), mail.about, mail.told_at))
    settings_url = absolute(reverse("notifications:notification_settings"))
    context = {
        "entries": [_entry(mail) for mail in mails[:MOST_IN_A_MAIL]],
        "more": len(mails[MOST_IN_A_MAIL:]),
        "inbox_url": absolute(reverse("notifications:inbox")),
        "settings_url": settings_url,
    }
    message = EmailMultiAlternatives(
        subject(mails),
        render_to_string("notifications/mail/alerts.txt", context),
        to=[user.email],
        connection=connection,
        # No out-of-office note shall come back, and mail programs offer their own way out.
        headers={"Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{settings_url}>"},
    )
    message.attach_alternative(render_to_string("notifications/mail/alerts.html", context), "text/html")
    return message


def subject(mails: Sequence[Mail]) -> str:
    if len(mails) == 1:
        return mails[0].title
    names = list(dict.fromkeys(mail.about for mail in mails if mail.about))
    shown, more = names[:2], len(names[2:])
    listed = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{len(mails)} alerts" + (f": {listed}" if listed else "")


def _rank(mail: Mail) -> int:
    topic = find_topic(mail.topic)
    return topic.rank if topic else 0


def _entry(mail: Mail) -> dict[str, Any]:
    topic = find_topic(mail.topic)
    return {
        "title": mail.title,
        "detail": mail.detail,
        "sentences": mail.sentences,
        "url": absolute(mail.path) if mail.path else "",
        "link_label": (topic.link_label if topic else "") or gettext("Open"),
        "at": mail.told_at,
    }
