"""Signed webhooks: what is sent, how it is signed, and how it is tried again. docs/alerts.md tells receivers."""

import hashlib
import hmac
import json
import secrets
import time
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import broker
from core.crypto import CannotDecryptError
from core.ids import new_id
from datasources.alerts.links import absolute, settings_path
from datasources.alerts.words import Facts, title
from datasources.models import Alert, Sending, Webhook, WebhookDelivery
from datasources.transitions import AlertKind
from notifications import guarded_post as outbound
from notifications import outbox as outgoing
from teams.models import Team

SIGNATURE = "Lightly-Signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 - a recognisable prefix, so that secret scanners can find leaked ones
TASK = "datasources.tasks.deliver_webhook"
# In one sweep; the rest is sent by the next.
MOST_AT_ONCE = 500
EVENTS = {
    AlertKind.BROKEN: "datasource.broken",
    AlertKind.RECOVERED: "datasource.recovered",
    AlertKind.UNCHECKABLE: "datasource.uncheckable",
    AlertKind.EXPIRING: "datasource.expiring",
}
TEST_EVENT = "test"


def new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The header's value. The time is signed too, so that receivers can refuse what somebody recorded and repeats."""
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def enqueue(alert: Alert, team: Team) -> None:
    """Into the outbox of the team's webhook, if it has one. Call inside the transaction that writes the alert."""
    webhook = Webhook.objects.filter(team=team).first()
    if webhook:
        facts: Facts = alert.facts
        _enqueue(webhook, EVENTS[AlertKind(alert.kind)], _about(alert, facts), team, alert)


def enqueue_test(webhook: Webhook) -> WebhookDelivery:
    return _enqueue(webhook, TEST_EVENT, {"title": "This is a test. Your webhook works."}, webhook.team, None)


def _about(alert: Alert, facts: Facts) -> dict[str, Any]:
    return {
        "title": title(AlertKind(alert.kind), facts),
        "dataset": {"id": facts["dataset_id"], "name": facts["dataset"]},
        "datasource": {key: facts[key] for key in ("purpose", "provider", "path")} | {"id": facts["datasource_id"]},
        "permissions": facts["permissions"],
        "expires_at": facts["expires_at"],
        "url": absolute(settings_path(facts["dataset_id"], facts["purpose"])),
    }


def _enqueue(webhook: Webhook, event: str, about: dict[str, Any], team: Team, alert: Alert | None) -> WebhookDelivery:
    pk, now = new_id(), timezone.now()
    base = {"id": pk, "type": event, "created_at": now.isoformat(timespec="seconds")}
    body = json.dumps({**base, "team": {"id": team.pk, "name": team.name}, **about})
    delivery = WebhookDelivery.objects.create(
        pk=pk, webhook=webhook, alert=alert, event=event, body=body, created_at=now, next_attempt_at=now
    )
    transaction.on_commit(partial(broker.send, TASK, delivery.pk))
    return delivery


def due_ids() -> list[str]:
    return list(
        outgoing.due(WebhookDelivery.objects.all())
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )


def deliver(delivery_id: str) -> None:
    """One attempt, if one is due and nobody else makes it."""
    delivery = outgoing.due(WebhookDelivery.objects.filter(pk=delivery_id)).select_related("webhook").first()
    if delivery is None or not _claim(delivery):
        return
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    try:
        status = _post(delivery)
    except CannotDecryptError:
        outgoing.failed(row, "the stored address can't be decrypted: enter it again")
    except outbound.UndeliveredError as error:
        row.update(status=None)
        outgoing.failed(row, str(error))
    else:
        row.update(status=status)
        if 200 <= status < 300:
            outgoing.succeeded(row)
        else:
            outgoing.failed(row, "redirects are not followed" if 300 <= status < 400 else "")


def _claim(delivery: WebhookDelivery) -> bool:
    claimed = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=Sending.PENDING, attempts=delivery.attempts, next_attempt_at=delivery.next_attempt_at
    ).update(
        attempts=F("attempts") + 1,
        next_attempt_at=timezone.now() + outgoing.pause_after(delivery.attempts + 1),
    )
    return bool(claimed)


def _post(delivery: WebhookDelivery) -> int:
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Lightly-Platform",
        "Lightly-Event": delivery.event,
        SIGNATURE: signature(delivery.webhook.secret, int(time.time()), body),
    }
    allowed = settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS
    return outbound.post(delivery.webhook.url, body, headers, allowed_private_hosts=allowed)
