"""The part of the notification page that is about a team's webhook."""

from typing import Any

from notifications.preferences.sections import Section
from notifications.webhooks.forms import WebhookForm
from notifications.webhooks.queries import last_deliveries, url_of, webhook_of
from teams.models import Team


def stored(team: Team) -> dict[str, Any]:
    webhook = webhook_of(team)
    return {
        "form": WebhookForm(initial={"url": url_of(webhook)}, auto_id=f"{team.pk}-%s"),
        "webhook": webhook,
        "secret": "",
        "deliveries": last_deliveries(webhook) if webhook else [],
    }


WEBHOOK = Section("webhook", "notifications/_webhook.html", stored, rank=20)
