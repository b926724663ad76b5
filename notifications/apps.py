from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core import rotation
from core.web.navigation import ACCOUNT, SIDEBAR, Entry, signed_in


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import topics
        from notifications.models import Webhook
        from notifications.preferences.sections import register
        from notifications.webhooks.sections import WEBHOOK

        import_module("notifications.receivers")  # connects them
        topics.register(topics.MEMBERSHIP)
        register(WEBHOOK)
        rotation.register(
            rotation.SealedTable(
                "Webhooks",
                Webhook.objects.all,
                lambda webhook: rotation.renewed_columns(webhook, "sealed_url", "sealed_secret"),
            )
        )

        SIDEBAR.add(
            Entry(
                key="inbox",
                label=_("Inbox"),
                url_name="notifications:inbox",
                order=20,
                icon="bell",
                shortcut="g i",
                badge="notifications/_bell.html",
                is_shown=signed_in,
            )
        )
        ACCOUNT.add(
            Entry(
                key="notifications",
                label=_("Notifications"),
                url_name="notifications:notification_settings",
                order=10,
                icon="bell",
            )
        )
