from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    name = "datasets"

    def ready(self) -> None:
        from datasets import pages

        pages.add_tab(pages.Tab("overview", _("Overview"), "datasets:overview", place=0))
