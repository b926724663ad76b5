from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.web.navigation import SIDEBAR, Entry, signed_in


def _draw(embedding: Any, by: Any) -> None:
    """Models are there only once all apps are."""
    from runs import plots

    plots.start(embedding, by)


class RunsConfig(AppConfig):
    name = "runs"

    def ready(self) -> None:
        from datasets import pages
        from notifications import topics
        from runs.scheduling.topics import TOPICS
        from samples import embeddings
        from samples.pages import links

        embeddings.on_written(_draw)
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
