"""What was found in a datasource by its listing: an index for each look, its files, and what is to be said of some.

A million rows are usual here. So files and findings have no foreign key that the database checks row by row, and rows
of an index that nobody reads any more are deleted later, bit by bit (contents.index.services.tidy).
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from datasources.models import Datasource
from jobs.models import Job


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
