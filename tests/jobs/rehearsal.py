"""A kind of job for tests: each shard counts up, slice by slice, and its result depends on every slice having counted
once and in order.

A slice's effect is a row of a table without any constraint, so one that is written twice would be there twice.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Sequence
from typing import Any

from django.db import connection

from core.queues import Queue
from jobs.models import Job
from jobs.runners import Cursor, JobError, Runner, Slice, Step, register

# Put together, so that no line of this file has it.
SECRET = "-".join(["planted", "secret"])
TABLE = "CREATE TABLE rehearsal (job varchar(24), shard integer, number integer)"


class _Rehearsal(Runner):
    """`arguments`: `shards`, `slices` of each, `seconds` for each slice, `trouble`: what happens in number 3."""

    label = "Rehearsal"

    @property
    def slice_seconds(self) -> float:
        return 1.0

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"number": 0, "digest": ""} for _ in range(job.arguments.get("shards", 1))]

    def run(self, this: Slice) -> Step:
        arguments, number = this.job.arguments, this.cursor["number"]
        time.sleep(arguments.get("seconds", 0))
        if number == 3:
            _trouble(arguments.get("trouble", ""))
        return Step(
            cursor={"number": number + 1, "digest": digest_after(this.cursor["digest"], this.shard, number)},
            is_last=number + 1 == arguments["slices"],
            done=1,
            message=f"slice {number}",
            store=lambda: _write(this.job.pk, this.shard, number),
        )

    def summary(self, job: Job, cursors: Sequence[Cursor]) -> str | None:
        return " ".join(cursor["digest"][:8] for cursor in cursors)


@register
class Rehearsal(_Rehearsal):
    kind = "tests.rehearsal"
    queue = Queue.PATIENT


@register
class ProcessRehearsal(_Rehearsal):
    kind = "tests.process_rehearsal"
    queue = Queue.CONTENTS


@register
class LabelledRehearsal(_Rehearsal):
    kind = "tests.labelled_rehearsal"
    queue = Queue.RUNS


def digest_after(before: str, shard: int, number: int) -> str:
    return hashlib.sha256(f"{before}/{shard}/{number}".encode()).hexdigest()


def result_of(shards: int, slices: int) -> str:
    """What the job says at its end if every slice counted once and in order."""
    digests = [""] * shards
    for shard in range(shards):
        for number in range(slices):
            digests[shard] = digest_after(digests[shard], shard, number)
    return " ".join(digest[:8] for digest in digests)


def effects(job_id: str) -> list[tuple[int, int]]:
    """Shard and number of each effect that is there, sorted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT shard, number FROM rehearsal WHERE job = %s ORDER BY shard, number", [job_id])
        return [(int(shard), int(number)) for shard, number in cursor.fetchall()]


def _write(job_id: str, shard: int, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO rehearsal VALUES (%s, %s, %s)", [job_id, shard, number])


def _trouble(kind: str) -> None:
    actions: dict[str, Any] = {
        "": lambda: None,
        "error": lambda: _raise(JobError("The file is broken.")),
        "final": lambda: _raise(JobError("Nothing will help.", is_final=True)),
        "surprise": lambda: _raise(RuntimeError(SECRET)),
        "death": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "memory": lambda: bytearray(3 * 1024**3),
        "forever": lambda: time.sleep(3600),
    }
    actions[kind]()


def _raise(error: Exception) -> None:
    raise error
