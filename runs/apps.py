from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.web.navigation import SIDEBAR, Entry, signed_in


class RunsConfig(AppConfig):
    name = "runs"

    def ready(self) -> None:
        from datasets import pages
        from notifications import topics
        from runs.scheduling.topics import TOPICS
        from samples.pages import links

        links.RUN.leads_to("runs:run")
        links.NEW_RUN.leads_to("runs:new")
        topics.register(*TOPICS)
        pages.add_tab(pages.Tab("runs", _("Runs"), "runs:dataset", order=30))
        SIDEBAR.add(
            Entry(
                key="runs",
                label=_("Runs"),
                url_name="runs:runs",
                order=15,
                icon="runs",
                shortcut="g r",
                is_shown=signed_in,
                # The pages of one dataset's runs are among the dataset's.
                is_current=lambda match: match.view_name in {"runs:runs", "runs:list"},
            )
        )
