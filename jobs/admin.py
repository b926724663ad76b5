"""For looking only: what a job does is its runner's business, and its page has the button that cancels it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from jobs.models import Job
from jobs.runners import kinds
from teams.admin.base import LookOnlyAdmin, row_link


class KindFilter(admin.SimpleListFilter):
    """By the kinds that this release knows: to ask the table which it has would read all of it."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(LookOnlyAdmin):
    title = "Jobs"
    goes_with_its_parent = True
    list_display = ("created_at", "kind", "title", "state", "done", "total", "requested_by", "finished_at")
    list_filter = ("state", "queue", KindFilter)
    list_select_related = ("requested_by",)
    search_fields = ("title", "requested_by__email", "id__exact")
    search_help_text = "Title, id, or the e-mail address of the person who started it"
    ordering = ("-pk",)  # as they were made
    fields = (
        "kind", "title", "the_team", "the_dataset", "requested_by", "queue", "state", "done", "total", "message",
        "error", "created_at", "started_at", "finished_at", "shards", "log",
    )  # fmt: skip
    readonly_fields = ("the_team", "the_dataset", "shards", "log")

    @admin.display(description="team")
    def the_team(self, job: Job) -> Any:
        return row_link(job.team)

    @admin.display(description="dataset")
    def the_dataset(self, job: Job) -> Any:
        return row_link(job.dataset)

    @admin.display(description="shards")
    def shards(self, job: Job) -> str:
        counts: dict[str, int] = {}
        for state in job.shards.values_list("state", flat=True):
            counts[state] = counts.get(state, 0) + 1
        return ", ".join(f"{count} {state.lower()}" for state, count in sorted(counts.items())) or "-"

    @admin.display(description="log")
    def log(self, job: Job) -> str:
        lines = [(f"{date_format(line.at)}, {line.at:%H:%M:%S}", line.text) for line in job.lines.order_by("-pk")[:100]]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} UTC: {}</li>", lines)) if lines else "-"
