"""Which images and videos have which predictions and metadata, so that they can be found by them."""

from typing import ClassVar

from django.db import models

from contents.models.reports import AnnotationReport


class FileLabel(models.Model):
    """That a check of annotations found a category, or a value of the metadata, in the files of one image or video.

    `label` is contents.labels.naming.label_of it; `key` is the name in the Input datasource.
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(
        AnnotationReport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    label = models.BigIntegerField()
    key = models.TextField()

    class Meta:
        db_table = "contents_label"
        constraints: ClassVar = [models.UniqueConstraint(fields=["report", "label", "key"], name="labels_by_key")]

    def __str__(self) -> str:
        return f"{self.label}: {self.key}"
