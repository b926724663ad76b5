from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasourcesConfig(AppConfig):
    name = "datasources"

    def ready(self) -> None:
        from core import rotation
        from datasets import pages
        from datasources.alerts.topics import TOPICS
        from datasources.checks.sections import SCHEDULED_CHECKS
        from datasources.models import Datasource, columns_under_newest_key
        from datasources.settings import overview
        from notifications import topics
        from notifications.preferences import sections

        rotation.register(rotation.SealedTable("Datasources", Datasource.objects.all, columns_under_newest_key))
        topics.register(*TOPICS.values())
        sections.register(SCHEDULED_CHECKS)
        pages.add_tab(pages.Tab("settings", _("Settings"), "datasources:settings", ("input",), order=100))
        pages.add_section(pages.Section("datasources/_overview.html", overview.section))
        pages.CONNECT.leads_to("datasources:settings")
