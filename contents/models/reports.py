"""What was found in the predictions, metadata and relevant filenames files of a dataset."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contents.models.indexes import IndexState
from core.ids import HexIdModel
from datasets.models import Dataset
from datasources.models import Datasource
from jobs.models import Job
from teams.models import User


class ReportDepth(models.TextChoices):
    """How many files of each task, and of the metadata, a check of annotations opens. It looks at all names."""

    SAMPLE = "SAMPLE", _("A sample")
    ALL = "ALL", _("All files")


class AnnotationReport(models.Model):
    """What a check of a dataset's predictions and metadata came to. It is read from the moment it is complete, until
    the next one is.

    `datasource` is the one with the annotations; without it the report is nobody's, and deleted soon. `input_index`
    and `lightly_index` are the listings that names were looked up in, and when those were complete. `summary` is what
    contents.annotation_reports.finishing makes of it.
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.ForeignKey(Datasource, on_delete=models.SET_NULL, null=True, related_name="annotation_reports")
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="annotation_report")
    state = models.CharField(max_length=16, choices=IndexState.choices, default=IndexState.BUILDING)
    reading = models.CharField(max_length=16, choices=ReportDepth.choices, default=ReportDepth.SAMPLE)
    input_index = models.BigIntegerField()
    input_seen_at = models.DateTimeField()
    lightly_index = models.BigIntegerField()
    lightly_seen_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)
    files = models.BigIntegerField(default=0)
    read = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    warnings = models.BigIntegerField(default=0)
    hints = models.BigIntegerField(default=0)
    summary = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["datasource"], condition=models.Q(state="CURRENT"), name="one_annotation_report_per_datasource"
            ),
        ]

    def __str__(self) -> str:
        return f"annotation report {self.pk} of {self.datasource_id}"


class AnnotationPart(models.Model):
    """What one shard of a check has found so far, as JSON. Deleted when the report is complete."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(
        AnnotationReport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    number = models.PositiveIntegerField()
    data = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["report", "number"], name="annotation_parts")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.report_id}"


class AnnotationFinding(models.Model):
    """A mistake that a report lists. Numbers are from 1 on: errors first, then by rule, path and line.

    `severity` is the place in contents.annotations.rules.Severity. `task` is empty where it belongs to none.
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(
        AnnotationReport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    number = models.PositiveIntegerField()
    severity = models.SmallIntegerField()
    rule = models.CharField(max_length=64)
    task = models.CharField(max_length=200)
    path = models.TextField()
    pointer = models.TextField()
    line = models.BigIntegerField()
    column = models.BigIntegerField()
    found = models.TextField()
    expected = models.TextField()
    fix = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["report", "number"], name="annotation_findings")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.path}"


class RelevantTest(HexIdModel):
    """What one person wanted to know of one relevant filenames file: the newest test of theirs in a dataset is kept.

    `path` is below the root of the Lightly datasource, empty for a text that was pasted: `text` has that, in UTF-8.
    `corrected` is compressed with zlib.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="relevant_tests")
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="relevant_test")
    path = models.TextField(blank=True, default="")
    text = models.BinaryField(default=bytes)
    input_index = models.BigIntegerField()
    input_seen_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    completed_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)
    corrected = models.BinaryField(default=bytes)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "asked_by"], name="one_relevant_test_per_person_and_dataset")
        ]

    def __str__(self) -> str:
        return f"test of {self.path or 'a pasted text'}"
