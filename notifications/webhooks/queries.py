"""What pages read of webhooks."""

from core.crypto import CannotDecryptError
from notifications.models import Webhook, WebhookDelivery
from teams.models import Team

DELIVERIES_SHOWN = 20


def webhook_of(team: Team) -> Webhook | None:
    return getattr(team, "webhook", None)


def url_of(webhook: Webhook | None) -> str:
    """Empty without a webhook, or if the encryption key is gone: then it must be entered again."""
    try:
        return webhook.url if webhook else ""
    except CannotDecryptError:
        return ""


def last_deliveries(webhook: Webhook) -> list[WebhookDelivery]:
    return list(webhook.deliveries.order_by("-created_at", "-pk").defer("body")[:DELIVERIES_SHOWN])
