from django.apps import AppConfig


class DatasourcesConfig(AppConfig):
    name = "datasources"

    def ready(self) -> None:
        from datasources.alerts.topics import TOPICS
        from datasources.checks.sections import SCHEDULED_CHECKS
        from notifications import topics
        from notifications.preferences import sections

        topics.register(*TOPICS.values())
        sections.register(SCHEDULED_CHECKS)
