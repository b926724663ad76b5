from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from core.web.navigation import SIDEBAR, Entry, signed_in


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        SIDEBAR.add(
            Entry(
                key="jobs",
                label=_("Jobs"),
                url_name="jobs:jobs",
                order=35,
                icon="jobs",
                shortcut="g j",
                is_shown=signed_in,
                is_current=lambda match: match.app_name == "jobs",
            )
        )
        # Where an app has jobs, its `runners` module registers them.
        autodiscover_modules("runners")
