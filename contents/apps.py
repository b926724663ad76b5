from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentsConfig(AppConfig):
    name = "contents"

    def ready(self) -> None:
        from contents.index.services import start_after_check
        from contents.overview.sections import INDEXING
        from datasets import pages
        from datasources import followers
        from notifications.preferences import sections

        followers.add(start_after_check)
        sections.register(INDEXING)
        pages.add_tab(pages.Tab("contents", _("Contents"), "contents:contents", ("input",), order=10))
