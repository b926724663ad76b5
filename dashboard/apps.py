from django.apps import AppConfig
from django.urls import ResolverMatch
from django.utils.translation import gettext_lazy as _

from core.web.navigation import API_TABS, CLIENT, HELP, HOME, PALETTE, SIDEBAR, Entry, on_pages

CLIENT_PAGE = "dashboard:api_page"


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from datasources.settings.samples import SAMPLE_DATA  # its models are not there yet when this module is loaded

        HOME.leads_to("home")
        HELP.leads_to("help_page")
        CLIENT.leads_to(CLIENT_PAGE)
        PALETTE.leads_to("dashboard:palette")
        SAMPLE_DATA.leads_to("dashboard:sample_data")
        SIDEBAR.add(
            Entry(
                key="datasets",
                label=_("Datasets"),
                url_name="home",
                order=10,
                icon="datasets",
                shortcut="g d",
                is_current=_is_about_datasets,
            )
        )
        SIDEBAR.add(
            Entry(
                key="api",
                label=_("API"),
                url_name="teams:tokens",
                order=50,
                icon="key",
                shortcut="g a",
                is_current=on_pages("teams:tokens", "teams:revoke_token", CLIENT_PAGE),
            )
        )
        SIDEBAR.add(
            Entry(
                key="help",
                label=_("Help"),
                url_name="help",
                order=60,
                icon="info",
                shortcut="h",
                is_current=on_pages("help", "help_page"),
            )
        )
        API_TABS.add(Entry(key="client", label=_("Python client"), url_name=CLIENT_PAGE, order=20))


def _is_about_datasets(match: ResolverMatch) -> bool:
    """The list of datasets, and every page under /datasets/, whichever room it belongs to."""
    return match.view_name == "home" or match.route.startswith(("datasets/", "^datasets/"))
