from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.web.navigation import HEALTH, SIDEBAR, Entry


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        HEALTH.leads_to("monitoring:health")
        SIDEBAR.add(
            Entry(
                key="health",
                label=_("Health"),
                url_name="monitoring:health",
                order=30,
                icon="pulse",
                shortcut="g h",
                is_shown=_manages_any,
            )
        )


def _manages_any(request: HttpRequest) -> bool:
    from teams.requests import teams_of  # the models it needs are not there yet when this module is loaded

    teams = teams_of(request)
    return teams is not None and teams.manages
