from django.apps import AppConfig


class ContentsConfig(AppConfig):
    name = "contents"

    def ready(self) -> None:
        from contents.index.services import start_after_check
        from datasources.checks import followers

        followers.add(start_after_check)
