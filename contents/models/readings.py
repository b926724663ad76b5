"""What was found inside the files of a datasource. As many rows as in an index, and kept in the same way."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contents.models.indexes import FileKind
from datasources.models import Datasource


class InsideProblem(models.IntegerChoices):
    """What may be wrong inside a file, once it was opened. FileFacts.problems has the bit 1 << (number - 200) of each.

    The names are those of contents.media.problems.MediaProblem. The numbers are in the database and stay as they are.
    """

    OTHER_CONTENT = 201, _("No image or video inside")
    WRONG_EXTENSION = 202, _("Extension of another format")
    TRUNCATED = 203, _("File that breaks off")
    CORRUPT = 204, _("Damaged file")
    TOO_MANY_PIXELS = 205, _("Too many pixels")
    DEEP = 206, _("More than 8 bits a channel")
    CMYK = 207, _("Colours for print (CMYK)")
    ANIMATED = 208, _("Several pictures in one file")
    ALPHA = 209, _("Transparency")
    ROTATED = 210, _("Stored rotated")
    NO_VIDEO = 211, _("Video without pictures")
    FRAME_COUNT = 212, _("Wrong number of frames in the header")
    VARIABLE_RATE = 213, _("Variable frame rate")
    SLOW_START = 214, _("Table of contents at the end")
    UNPLAYABLE = 215, _("Video that browsers don't play")
    TIMED_OUT = 216, _("Takes too long to read")


class ReadState(models.IntegerChoices):
    """Whether a file could be opened. The numbers are in the database and stay as they are."""

    READ = 1, _("Read")
    HEADER = 2, _("Only its header was read, because it is very large")
    MISSING = 3, _("It was not there any more")
    CHANGED = 4, _("It had changed since the listing")
    DENIED = 5, _("The storage did not let us read it")
    ARCHIVED = 6, _("It is archived")


class Reading(models.Model):
    """What was found inside the images and videos of a datasource, whatever index listed them.

    `files` and `bytes` were opened, or could not be; `totals` is what contents.reading.totals.ReadTotals keeps of them.
    Facts stay when an index is replaced, but for files that changed or are gone. When the datasource leads to another
    place, a new reading begins. Without a datasource it is nobody's any more, and deleted soon.
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.OneToOneField(Datasource, on_delete=models.SET_NULL, null=True, related_name="reading")
    provider = models.CharField(max_length=32)
    path = models.TextField()
    files = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    totals = models.JSONField(default=dict)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"reading {self.pk} of {self.datasource_id}"


class FileFacts(models.Model):
    """What is inside a file of this name, size and version. What is not known is 0 or empty.

    `width` and `height` in stored pixels; `rotation` in degrees clockwise, `orientation` as in EXIF; `pixels` is the
    mode of an image, the pixel format of a video.
    """

    id = models.BigAutoField(primary_key=True)
    reading = models.ForeignKey(
        Reading, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    key = models.TextField()
    size = models.BigIntegerField()
    modified = models.BigIntegerField()
    version = models.CharField(max_length=128)
    kind = models.SmallIntegerField(choices=FileKind.choices)
    state = models.SmallIntegerField(choices=ReadState.choices)
    format = models.CharField(max_length=16)
    codec = models.CharField(max_length=32)
    pixels = models.CharField(max_length=32)
    width = models.IntegerField()
    height = models.IntegerField()
    bits = models.SmallIntegerField()
    orientation = models.SmallIntegerField()
    rotation = models.SmallIntegerField()
    seconds = models.FloatField()
    rate = models.FloatField()
    frames = models.BigIntegerField()
    problems = models.IntegerField()  # bits, see InsideProblem

    class Meta:
        db_table = "contents_facts"
        constraints: ClassVar = [models.UniqueConstraint(fields=["reading", "key"], name="facts_by_key")]

    def __str__(self) -> str:
        return self.key


class InsideFinding(models.Model):
    """That a problem was found inside one file. `detail` says in English what was seen, as `PNG` or `90°`."""

    id = models.BigAutoField(primary_key=True)
    reading = models.ForeignKey(
        Reading, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    what = models.SmallIntegerField(choices=InsideProblem.choices)
    key = models.TextField()
    size = models.BigIntegerField()
    modified = models.BigIntegerField()
    detail = models.CharField(max_length=200)

    class Meta:
        db_table = "contents_inside"
        constraints: ClassVar = [models.UniqueConstraint(fields=["reading", "what", "key"], name="inside_by_key")]

    def __str__(self) -> str:
        return f"{self.what}: {self.key}"
