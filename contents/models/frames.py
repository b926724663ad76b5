"""Frames of videos that were written into the Lightly datasource."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from datasources.models import Datasource


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
