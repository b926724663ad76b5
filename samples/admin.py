"""For looking only: runs and people's tags make these rows, and the masks of tags count on their order."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from datasets.models import Dataset
from samples.models import Sample, Tag
from teams.admin.base import LookOnlyAdmin, chosen, row_link


@admin.register(Sample)
class SampleAdmin(LookOnlyAdmin):
    title = "Samples"
    goes_with_its_parent = True
    list_display = ("file_name", "dataset", "position", "type", "run_id", "created_at")
    list_filter = ("type", chosen("dataset", Dataset))
    list_select_related = ("dataset",)
    # Whole values, for which there are indices: a dataset has up to millions of samples.
    search_fields = ("id__exact", "dataset__id__exact")
    search_help_text = "Id of the sample or of the dataset"
    ordering = ("-pk",)
    fields = (
        "the_dataset", "file_name", "position", "type", "thumb_name", "run_id", "meta_data", "created_at",
        "modified_at",
    )  # fmt: skip
    readonly_fields = ("the_dataset",)

    @admin.display(description="dataset")
    def the_dataset(self, sample: Sample) -> Any:
        return row_link(sample.dataset)


@admin.register(Tag)
class TagAdmin(LookOnlyAdmin):
    title = "Tags"
    goes_with_its_parent = True
    list_display = ("name", "dataset", "size", "previous", "creator", "created_by", "created_at")
    list_filter = (chosen("dataset", Dataset),)
    list_select_related = ("dataset", "previous", "created_by")
    search_fields = ("name", "id__exact", "dataset__id__exact", "run_id__exact")
    search_help_text = "Name, id, or the id of the dataset or the run"
    ordering = ("-pk",)
    fields = (
        "the_dataset", "name", "size", "the_previous", "run_id", "creator", "created_by", "created_at", "modified_at",
    )  # fmt: skip
    readonly_fields = ("the_dataset", "the_previous")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Without masks, which no page shows: one has a bit for each sample."""
        return super().get_queryset(request).defer("bits", "changes", "previous__bits", "previous__changes")

    @admin.display(description="dataset")
    def the_dataset(self, tag: Tag) -> Any:
        return row_link(tag.dataset)

    @admin.display(description="follows")
    def the_previous(self, tag: Tag) -> Any:
        return row_link(tag.previous)
