from importlib import import_module

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import topics
        from notifications.preferences.sections import register
        from notifications.webhooks.sections import WEBHOOK

        import_module("notifications.receivers")  # connects them
        topics.register(topics.MEMBERSHIP)
        register(WEBHOOK)
