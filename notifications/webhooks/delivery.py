"""Sends what waits in the outbox for webhooks, and tries it again."""

import contextlib
import time
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from core.crypto import CannotDecryptError
from core.shares import Claim
from notifications import outbox
from notifications.models import Sending, WebhookDelivery
from notifications.webhooks import guarded_post, signatures

# In one sweep; the rest is sent by the next.
MOST_AT_ONCE = 500


def due_ids() -> list[str]:
    return list(
        outbox.due(WebhookDelivery.objects.all())
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:MOST_AT_ONCE]
    )


def whose(delivery_id: str) -> tuple[int, frozenset[Claim]] | None:
    """How often it has been tried, and who shares the workers' slots for it. None: there is nothing to do."""
    delivery = outbox.due(WebhookDelivery.objects.filter(pk=delivery_id)).select_related("webhook").first()
    if delivery is None:
        return None
    claims: set[Claim] = {("team", delivery.webhook.team_id)}
    with contextlib.suppress(CannotDecryptError):  # told by the attempt itself
        claims.add(("host", urlsplit(delivery.webhook.url).hostname or ""))
    return delivery.attempts, frozenset(claims)


def deliver(delivery_id: str) -> None:
    """One attempt, if one is due and nobody else makes it."""
    delivery = outbox.due(WebhookDelivery.objects.filter(pk=delivery_id)).select_related("webhook").first()
    if delivery is None or not _claim(delivery):
        return
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    try:
        status = _post(delivery)
    except CannotDecryptError:
        outbox.mark_failed(row, "the stored address can't be decrypted: enter it again")
    except guarded_post.UndeliveredError as error:
        row.update(status=None)
        outbox.mark_failed(row, str(error))
    else:
        row.update(status=status)
        if 200 <= status < 300:
            outbox.mark_sent(row)
        else:
            outbox.mark_failed(row, "redirects are not followed" if 300 <= status < 400 else "")


def _claim(delivery: WebhookDelivery) -> bool:
    claimed = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=Sending.PENDING, attempts=delivery.attempts, next_attempt_at=delivery.next_attempt_at
    ).update(
        attempts=F("attempts") + 1,
        next_attempt_at=timezone.now() + outbox.pause_after(delivery.attempts + 1),
    )
    return bool(claimed)


def _post(delivery: WebhookDelivery) -> int:
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Lightly-Platform",
        "Lightly-Event": delivery.event,
        # The id is the same in every attempt, so that receivers can tell a repetition.
        **signatures.headers(delivery.webhook.secret, delivery.pk, int(time.time()), body),
    }
    allowed = settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS
    return guarded_post.post(delivery.webhook.url, body, headers, allowed_private_hosts=allowed)
