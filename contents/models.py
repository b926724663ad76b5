"""What was found in a datasource: an index for each look at it, its files, and what is to be said of some of them.

A million rows are usual here. So files and findings have no foreign key that the database checks row by row, and rows
of an index that nobody reads any more are deleted later, bit by bit (contents.index.services.tidy).
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from datasources.models import Datasource
from jobs.models import Job
from teams.models import Team


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


class Depth(models.TextChoices):
    """What happens by itself once an Input datasource is green for the first time."""

    NEVER = "NEVER", _("Nothing: people start it")
    LISTING = "LISTING", _("List all names, sizes and dates; no file is read")
    SAMPLE = "SAMPLE", _("List them, then open a sample of the images and videos")


SAMPLE_FILES = 200
MOST_SAMPLE_FILES = 10_000


class TeamIndexing(models.Model):
    """What a team has chosen. Teams without a row have the default. `sample`: how many files a sample has."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True, related_name="+")
    depth = models.CharField(max_length=16, choices=Depth.choices, default=Depth.LISTING)
    sample = models.PositiveIntegerField(default=SAMPLE_FILES)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.depth}"


class CountedVideo(models.Model):
    """How many frames a video of an Input has, by which their names are padded.

    `datasource` is the Input, `key` relative to it, `version` differs when the file does. `place` stands for the path
    of the Lightly datasource (contents.frames.storing.place_of). `counted` says what the number of frames rests on
    (contents.media.videos.Counted).
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.ForeignKey(Datasource, on_delete=models.CASCADE, db_index=False, related_name="+")
    place = models.CharField(max_length=16)
    key = models.TextField()
    version = models.CharField(max_length=200)
    frames = models.BigIntegerField()
    counted = models.CharField(max_length=16)
    width = models.IntegerField()
    height = models.IntegerField()

    class Meta:
        db_table = "contents_video"
        constraints: ClassVar = [models.UniqueConstraint(fields=["datasource", "place", "key"], name="videos_by_key")]

    def __str__(self) -> str:
        return self.key


class WrittenFrame(models.Model):
    """A frame that lies in the Lightly datasource. `name` is relative to `.lightly/frames/`, `number` counts from 0.

    `datasource` and `place` are those of the video, so that a list by name takes one index.
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.ForeignKey(Datasource, on_delete=models.CASCADE, db_index=False, related_name="+")
    place = models.CharField(max_length=16)
    name = models.TextField()
    video = models.ForeignKey(CountedVideo, on_delete=models.CASCADE, related_name="written")
    number = models.BigIntegerField()
    size = models.BigIntegerField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "contents_frame"
        constraints: ClassVar = [models.UniqueConstraint(fields=["datasource", "place", "name"], name="frames_by_name")]

    def __str__(self) -> str:
        return self.name
