"""For looking only: runs are scheduled, cancelled and aborted on the pages of their datasets."""

from typing import Any

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from runs.models import ComputeWorker, Run, ScheduledRun
from teams.admin.base import LookOnlyAdmin, row_link


@admin.register(ComputeWorker)
class ComputeWorkerAdmin(LookOnlyAdmin):
    title = "Compute workers"
    goes_with_its_parent = True
    list_display = ("name", "state", "the_labels", "owner", "host", "version", "seen_at")
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("name", "host", "owner__email", "id__exact")
    search_help_text = "Name, machine, id, or the e-mail address of the person who registered it"
    ordering = ("-pk",)
    fields = (
        "name", "owner", "state", "the_labels", "host", "version", "creator", "seen_at", "created_at", "led",
    )  # fmt: skip
    readonly_fields = ("the_labels", "led")

    @admin.display(description="labels")
    def the_labels(self, worker: ComputeWorker) -> str:
        return ", ".join(str(label) for label in worker.labels) or "-"

    @admin.display(description="runs that it led last")
    def led(self, worker: ComputeWorker) -> Any:
        runs = worker.runs.select_related("team").order_by("-pk")[:20]
        return format_html_join("", "{}<br>", ((row_link(run),) for run in runs)) or "-"


@admin.register(ScheduledRun)
class ScheduledRunAdmin(LookOnlyAdmin):
    title = "Scheduled runs"
    goes_with_its_parent = True
    list_display = ("created_at", "dataset", "state", "priority", "labels_needed", "worker", "requested_by")
    list_filter = ("state", "priority")
    list_select_related = ("dataset", "worker", "requested_by")
    search_fields = ("dataset__name", "requested_by__email", "id__exact", "dataset__id__exact")
    search_help_text = "Name or id of the dataset, id, or the e-mail address of the person who asked for it"
    ordering = ("-pk",)
    fields = (
        "the_dataset", "state", "priority", "labels_needed", "worker", "requested_by", "creator", "bypasses_gate",
        "warning", "created_at", "modified_at",
    )  # fmt: skip
    readonly_fields = ("the_dataset", "labels_needed")

    @admin.display(description="dataset")
    def the_dataset(self, scheduled: ScheduledRun) -> Any:
        return row_link(scheduled.dataset)

    @admin.display(description="labels")
    def labels_needed(self, scheduled: ScheduledRun) -> str:
        return ", ".join(str(label) for label in scheduled.runs_on) or "-"


@admin.register(Run)
class RunAdmin(LookOnlyAdmin):
    title = "Runs"
    goes_with_its_parent = True
    list_display = ("created_at", "dataset_name", "state", "message", "worker", "requested_by", "finished_at")
    list_filter = ("state",)
    list_select_related = ("worker", "requested_by")
    search_fields = ("dataset_name", "requested_by__email", "id__exact", "dataset_key__exact", "scheduled_key__exact")
    search_help_text = "Name or id of the dataset, id, or the e-mail address of the person who asked for it"
    ordering = ("-pk",)
    fields = (
        "the_team", "the_dataset", "dataset_name", "state", "message", "worker", "the_job", "requested_by", "stamp",
        "created_at", "finished_at", "log",
    )  # fmt: skip
    readonly_fields = ("the_team", "the_dataset", "the_job", "log")

    @admin.display(description="team")
    def the_team(self, run: Run) -> Any:
        return row_link(run.team)

    @admin.display(description="dataset")
    def the_dataset(self, run: Run) -> Any:
        return row_link(run.dataset)

    @admin.display(description="job")
    def the_job(self, run: Run) -> Any:
        return row_link(run.job)

    @admin.display(description="log")
    def log(self, run: Run) -> Any:
        lines = [(f"{date_format(line.at)}, {line.at:%H:%M:%S}", line.text) for line in run.lines.order_by("-pk")[:100]]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} UTC: {}</li>", lines)) if lines else "-"
