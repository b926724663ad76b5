"""Everything that changes webhooks, and what is put into the outbox for them."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import broker
from core.crypto import seal
from core.ids import new_id
from core.links import absolute
from notifications.models import Sending, Webhook, WebhookDelivery
from notifications.webhooks.signatures import new_secret
from teams import audit
from teams.models import AuditAction, Team, User

# Messages of this name outlive releases.
DELIVER_TASK = "datasources.tasks.deliver_webhook"
TEST_EVENT = "test"


@transaction.atomic
def save_webhook(*, team: Team, url: str, by: User) -> str | None:
    """Where the team is told from now on. The secret of a new one as plain text: the only moment it can be read."""
    found = Webhook.objects.select_for_update().filter(team=team).first()
    webhook = found or Webhook(team=team)
    secret = None if found else new_secret()
    if secret:
        webhook.sealed_secret = seal(secret)
    _save(webhook, url, by)
    # Not the address: whoever has it can write to the team's channel.
    words = "with a new address" if found else "the first one"
    audit.record(team=team, actor=by, action=AuditAction.WEBHOOK_SAVED, target=words)
    return secret


@transaction.atomic
def renew_secret(*, webhook: Webhook, by: User) -> str:
    """A new secret as plain text. The old one signs nothing any more, what waits to be sent included."""
    secret = new_secret()
    webhook.sealed_secret = seal(secret)
    _save(webhook, None, by)
    audit.record(team=webhook.team, actor=by, action=AuditAction.WEBHOOK_SAVED, target="with a new secret")
    return secret


@transaction.atomic
def delete_webhook(*, webhook: Webhook) -> None:
    """What waits to be sent is forgotten with it."""
    audit.record(team=webhook.team, action=AuditAction.WEBHOOK_REMOVED)
    webhook.delete()


@transaction.atomic
def send_test(*, webhook: Webhook) -> WebhookDelivery:
    """One that waits for its first attempt serves as well: an impatient finger must not keep the workers busy."""
    Webhook.objects.select_for_update().get(pk=webhook.pk)
    waiting = webhook.deliveries.filter(event=TEST_EVENT, state=Sending.PENDING, attempts=0).first()
    if waiting:
        return waiting
    test = _delivery(webhook, TEST_EVENT, {"title": "This is a test. Your webhook works."})
    test.save(force_insert=True)
    _hand_over(test)
    return test


def queue_event(team: Team, event: str, *, key: str, title: str, payload: Mapping[str, Any], path: str) -> None:
    """Into the outbox of the team's webhook, if it has one. Call it inside the transaction that makes the event true.

    An event with the same key is delivered once.
    """
    webhook = Webhook.objects.filter(team=team).select_related("team").first()
    if webhook is None:
        return
    delivery = _delivery(webhook, event, {"title": title, **payload, "url": absolute(path)}, key=key)
    WebhookDelivery.objects.bulk_create([delivery], ignore_conflicts=True)
    _hand_over(delivery)  # for one that was there already there is no such row, and the task finds nothing to do


def _delivery(webhook: Webhook, event: str, about: Mapping[str, Any], *, key: str = "") -> WebhookDelivery:
    pk, now = new_id(), timezone.now()
    base = {"id": pk, "type": event, "created_at": now.isoformat(timespec="seconds")}
    body = json.dumps({**base, "team": {"id": webhook.team.pk, "name": webhook.team.name}, **about})
    return WebhookDelivery(
        pk=pk, webhook=webhook, key=key or pk, event=event, body=body, created_at=now, next_attempt_at=now
    )


def _hand_over(delivery: WebhookDelivery) -> None:
    transaction.on_commit(partial(broker.send, DELIVER_TASK, delivery.pk))


def _save(webhook: Webhook, url: str | None, by: User) -> None:
    if url is not None:
        webhook.sealed_url = seal(url)
    webhook.modified_at, webhook.modified_by = timezone.now(), by
    webhook.save()
