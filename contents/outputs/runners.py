"""Jobs that write thumbnails and frames of an Input's files into the Lightly datasource."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from contents.frames import parts as frames
from contents.outputs.words import words_of_frames, words_of_thumbnails
from contents.thumbnails import parts as thumbnails
from contents.thumbnails.tally import Tally
from core.queues import Queue
from jobs.models import Job
from jobs.runners import Cursor, Runner, Slice, Step, register

# What does the work is imported by the workers that do it: web processes know these classes, and stay without decoders.


@register
class WriteThumbnails(Runner):
    kind = thumbnails.KIND
    label = _("Write thumbnails")
    queue = Queue.CONTENTS

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"stage": thumbnails.PLAN}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        return thumbnails.parts_of(cursors[-1]) if cursors[-1]["stage"] == thumbnails.PLAN else []

    def run(self, this: Slice) -> Step:
        from contents.thumbnails import bulk

        return bulk.plan(this) if this.cursor["stage"] == thumbnails.PLAN else bulk.write_some(this)

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return words_of_thumbnails(Tally.sum(cursor.get("tally") for cursor in cursors))


@register
class WriteFrames(Runner):
    kind = frames.KIND
    label = _("Write frames")
    queue = Queue.CONTENTS

    def split(self, job: Job) -> Sequence[Cursor]:
        return frames.parts_of(job)

    def run(self, this: Slice) -> Step:
        from contents.frames import bulk

        return bulk.write_some(this)

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return words_of_frames(Tally.sum(cursor.get("tally") for cursor in cursors))
