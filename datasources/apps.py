from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasourcesConfig(AppConfig):
    name = "datasources"

    def ready(self) -> None:
        from datasets import pages
        from datasources.settings import overview

        pages.add_tab(pages.Tab("settings", _("Settings"), "datasources:settings", ("input",), place=100))
        pages.add_section(pages.Section("datasources/_overview.html", overview.section))
