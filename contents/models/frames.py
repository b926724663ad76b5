"""Frames of videos that were written into the Lightly datasource."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from datasources.models import Datasource


class CountedVideo(models.Model):
    """How many frames a video of an Input has, by which their names are padded.

    `datasource` is the Input, `key` relative to it, `version` differs when the file does, `place` is the path of the
    Lightly datasource that the frames were written to. `counted` says what the number rests on
    (contents.media.videos.Counted).
    """

    id = models.BigAutoField(primary_key=True)
    datasource = models.ForeignKey(Datasource, on_delete=models.CASCADE, related_name="+")
    place = models.TextField()
    key = models.TextField()
    version = models.CharField(max_length=200)
    frames = models.BigIntegerField()
    counted = models.CharField(max_length=16)
    width = models.IntegerField()
    height = models.IntegerField()

    class Meta:
        db_table = "contents_video"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["datasource", "place", "key"], name="videos_by_key"),
        ]

    def __str__(self) -> str:
        return self.key


class WrittenFrame(models.Model):
    """A frame that lies in the Lightly datasource. `number` counts from 0; `format` is png or jpg."""

    id = models.BigAutoField(primary_key=True)
    video = models.ForeignKey(CountedVideo, on_delete=models.CASCADE, db_index=False, related_name="written")
    number = models.BigIntegerField()
    format = models.CharField(max_length=4)
    size = models.BigIntegerField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "contents_frame"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["video", "number", "format"], name="frames_by_number"),
        ]

    def __str__(self) -> str:
        return f"frame {self.number} of {self.video_id}"
