"""Mails about alerts: all that wait for a person go into one."""

import contextlib
import logging
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Min, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from core.ids import new_id
from datasets.access import datasets_of_teams
from datasources.alerts.links import absolute, settings_path
from datasources.alerts.words import sentences, title
from datasources.models import Alert, AlertMail, Sending
from datasources.transitions import AlertKind
from notifications import outbox as outgoing
from teams.models import User

logger = logging.getLogger(__name__)

# In one sweep; the rest is sent by the next.
MOST_PEOPLE = 200
# So many alerts a mail spells out. For the rest it leads to the inbox.
MOST_IN_A_MAIL = 30
_ORDER = list(AlertKind)
# What is wrong with one mail or its recipient. Everything else concerns the server, and so all other mails too.
_ONLY_THIS_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


def send_due() -> int:
    """Send what waits, one mail for each person. How many were sent.

    Who claims the rows sends them, so sweeps at the same time send nothing twice. Only a worker that dies between the
    mail server's "yes" and its own note of it makes a mail come again.
    """
    if not settings.LIGHTLY_SENDS_MAIL:
        return 0
    waiting = outgoing.due(AlertMail.objects.all()).values("user").annotate(since=Min("next_attempt_at"))
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
    theirs = Alert.objects.filter(mails__in=rows, datasource__dataset__in=datasets_of_teams(user))
    alerts = list(theirs.select_related("datasource"))
    if not alerts or not user.is_active:
        rows.update(state=Sending.FAILED, finished_at=timezone.now(), problem="may no longer see the dataset")
        return 0
    try:
        connection.open()
        compose(user, alerts, connection).send()
    except (smtplib.SMTPException, OSError) as error:
        _try_later(rows, type(error).__name__)
        if not isinstance(error, _ONLY_THIS_ONE):
            raise
        logger.warning("A mail about alerts was refused (%s)", type(error).__name__)
        return 0
    outgoing.succeeded(rows)
    return 1


def _claim(user_id: str) -> QuerySet[AlertMail]:
    batch = new_id()
    outgoing.due(AlertMail.objects.filter(user=user_id)).update(
        batch=batch, attempts=F("attempts") + 1, next_attempt_at=timezone.now() + outgoing.pause_after(1)
    )
    return AlertMail.objects.filter(user=user_id, batch=batch, state=Sending.PENDING)


def _try_later(rows: QuerySet[AlertMail], problem: str) -> None:
    for attempts in set(rows.values_list("attempts", flat=True)):
        again = timezone.now() + outgoing.pause_after(attempts)
        rows.filter(attempts=attempts).update(next_attempt_at=again)
    outgoing.failed(rows, problem)


def compose(user: User, alerts: list[Alert], connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """One mail about all these alerts: what is red first."""
    alerts = sorted(alerts, key=lambda alert: (_ORDER.index(AlertKind(alert.kind)), alert.facts["dataset"]))
    settings_url = absolute(reverse("notifications:notification_settings"))
    context = {
        "entries": [_entry(alert) for alert in alerts[:MOST_IN_A_MAIL]],
        "more": len(alerts[MOST_IN_A_MAIL:]),
        "inbox_url": absolute(reverse("notifications:inbox")),
        "settings_url": settings_url,
    }
    mail = EmailMultiAlternatives(
        subject(alerts),
        render_to_string("notifications/mail/alerts.txt", context),
        to=[user.email],
        connection=connection,
        # No out-of-office note shall come back, and mail programs offer their own way out.
        headers={"Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{settings_url}>"},
    )
    mail.attach_alternative(render_to_string("notifications/mail/alerts.html", context), "text/html")
    return mail


def subject(alerts: list[Alert]) -> str:
    if len(alerts) == 1:
        return title(AlertKind(alerts[0].kind), alerts[0].facts)
    names = list(dict.fromkeys(alert.facts["dataset"] for alert in alerts))
    shown, more = names[:2], len(names[2:])
    return f"{len(alerts)} alerts: {', '.join(shown)}" + (f" and {more} more" if more else "")


def _entry(alert: Alert) -> dict[str, Any]:
    kind, facts = AlertKind(alert.kind), alert.facts
    return {
        "title": title(kind, facts),
        "path": facts["path"],
        "sentences": sentences(kind, facts),
        "url": absolute(settings_path(facts["dataset_id"], facts["purpose"])),
        "at": alert.created_at,
    }
