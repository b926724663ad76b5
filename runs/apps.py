from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "runs"

    def ready(self) -> None:
        from notifications import topics
        from runs.scheduling.topics import TOPICS

        topics.register(*TOPICS)
