"""What was found in a datasource: an index for each look at it, its files, and what is to be said of some of them.

A million rows are usual here. So files and findings have no foreign key that the database checks row by row, and rows
of an index that nobody reads any more are deleted later, bit by bit (contents.index.services.tidy).
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import HexIdModel
from datasets.models import Dataset
from datasources.models import Datasource
from jobs.models import Job
from teams.models import Team, User


class FileKind(models.IntegerChoices):
    """The numbers are in the database and stay as they are."""

    IMAGE = 1, _("Images")
    VIDEO = 2, _("Videos")
    PREDICTION = 3, _("Predictions")
    METADATA = 4, _("Metadata")
    LIGHTLY = 5, _("Other files of Lightly")
    OTHER = 9, _("Other files")


class Change(models.IntegerChoices):
    """How a file stands to the index before."""

    SAME = 0, _("Unchanged")
    NEW = 1, _("New")
    CHANGED = 2, _("Changed")


class Problem(models.IntegerChoices):
    """What may be wrong with a file, as far as a listing tells. IndexedFile.problems has the bit 1 << number of each.

    The numbers are in the database and stay as they are.
    """

    ZERO_BYTES = 1, _("Empty file")
    TINY = 2, _("Very small file")
    HUGE = 3, _("Very large file")
    UNSUPPORTED = 4, _("Unsupported file type")
    NO_EXTENSION = 5, _("No file extension")
    UPPER_CASE = 6, _("Extension in capital letters")
    HIDDEN = 7, _("Hidden or temporary file")
    CONTROL = 8, _("Invisible characters in the name")
    PATH = 9, _("Name that is no path")
    BLANK = 10, _("Blank at an edge of the name")
    LONG = 11, _("Very long name")
    NOT_NFC = 12, _("Name in decomposed Unicode")
    TWIN = 13, _("Names that look the same")
    SAME_CONTENT = 14, _("Same content")
    ARCHIVED = 15, _("Archived")


class Topic(models.IntegerChoices):
    """What a finding says: a problem, or what has changed since the index before."""

    NEW = 101, _("New")
    CHANGED = 102, _("Changed")
    GONE = 103, _("Gone")


class IndexState(models.TextChoices):
    BUILDING = "BUILDING", _("Being built")
    CURRENT = "CURRENT", _("Current")
    OLD = "OLD", _("Replaced")


class Index(models.Model):
    """One look at all names of a datasource. It is read from the moment it is complete, until the next one is.

    `provider` and `path` say what was looked at, whatever the datasource leads to by now. `totals` is what
    contents.index.totals.Totals keeps. Without a datasource it is nobody's any more, and deleted soon.
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.ForeignKey(Datasource, on_delete=models.SET_NULL, null=True, related_name="indexes")
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="contents_index")
    revision = models.PositiveIntegerField()
    provider = models.CharField(max_length=32)
    path = models.TextField()
    state = models.CharField(max_length=16, choices=IndexState.choices, default=IndexState.BUILDING)
    # The one it is compared with; `base_seen_at` stays when that is deleted. None: this is the first look.
    base_id = models.BigIntegerField(null=True)
    base_seen_at = models.DateTimeField(null=True)
    # Up to which moment (Unix seconds) raw samples were processed when this index was begun.
    processed_until = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)
    files = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    totals = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["datasource"], condition=models.Q(state="CURRENT"), name="one_current_index_per_datasource"
            ),
        ]

    def __str__(self) -> str:
        return f"index {self.pk} of {self.datasource_id}"


class IndexedFile(models.Model):
    """A file. `key` is relative to the datasource's root; its column is ordered by bytes of UTF-8 in every database.

    `content` and `twin` are hashes (0: none): equal ones mean the same content, or names that look the same.
    """

    id = models.BigAutoField(primary_key=True)
    index = models.ForeignKey(Index, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    key = models.TextField()
    size = models.BigIntegerField()
    modified = models.BigIntegerField()  # Unix seconds
    version = models.CharField(max_length=128)  # ETag or generation
    storage_class = models.CharField(max_length=32)
    archived = models.BooleanField()
    kind = models.SmallIntegerField(choices=FileKind.choices)
    extension = models.CharField(max_length=16)  # in small letters
    change = models.SmallIntegerField(choices=Change.choices)
    problems = models.IntegerField()  # bits, see Problem
    content = models.BigIntegerField()
    twin = models.BigIntegerField()

    class Meta:
        db_table = "contents_file"
        constraints: ClassVar = [models.UniqueConstraint(fields=["index", "key"], name="files_by_key")]

    def __str__(self) -> str:
        return self.key


class Finding(models.Model):
    """That a problem or a topic is true of one file. `group`: files with the same number belong together; 0: alone."""

    id = models.BigAutoField(primary_key=True)
    index = models.ForeignKey(Index, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    what = models.SmallIntegerField()
    key = models.TextField()
    size = models.BigIntegerField()
    modified = models.BigIntegerField()
    group = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["index", "what", "key"], name="findings_by_key")]

    def __str__(self) -> str:
        return f"{self.what}: {self.key}"


class Depth(models.TextChoices):
    """What happens by itself once an Input datasource is green for the first time."""

    NEVER = "NEVER", _("Nothing: people start it")
    LISTING = "LISTING", _("List all names, sizes and dates; no file is read")


class TeamIndexing(models.Model):
    """What a team has chosen. Teams without a row have the default."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True, related_name="+")
    depth = models.CharField(max_length=16, choices=Depth.choices, default=Depth.LISTING)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.depth}"


class Reading(models.TextChoices):
    """How many files of each task, and of the metadata, a check of annotations opens. It looks at all names."""

    SAMPLE = "SAMPLE", _("A sample")
    ALL = "ALL", _("All files")


class AnnotationReport(models.Model):
    """What a check of a dataset's predictions and metadata came to. It is read from the moment it is complete, until
    the next one is.

    `datasource` is the one with the annotations; without it the report is nobody's, and deleted soon. `input_index`
    and `lightly_index` are the listings that names were looked up in, and when those were complete. `summary` is what
    contents.annotation_reports.summing makes of it.
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.ForeignKey(Datasource, on_delete=models.SET_NULL, null=True, related_name="annotation_reports")
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="annotation_report")
    state = models.CharField(max_length=16, choices=IndexState.choices, default=IndexState.BUILDING)
    reading = models.CharField(max_length=16, choices=Reading.choices, default=Reading.SAMPLE)
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
