"""As the workers do it, but now."""

from __future__ import annotations

from django.utils import timezone

from notifications.models import Sending, WebhookDelivery
from notifications.webhooks.delivery import deliver, due_ids


def deliver_all() -> None:
    for delivery_id in due_ids():
        deliver(delivery_id)


def later() -> None:
    """All pauses are over."""
    WebhookDelivery.objects.filter(state=Sending.PENDING).update(next_attempt_at=timezone.now())
