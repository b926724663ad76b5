"""The last stage: removes what the run kept in the Lightly datasource while it worked.

A run needs no right to delete. Where there is none, it empties the files, for which the right to overwrite is enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from clouds.permissions import Permission
from core.threads import ContextPool
from jobs.models import Job, JobShard, ShardState
from jobs.runners import Cursor, JobError, Slice, Step
from runs import progress
from runs.models import LogLevel
from runs.places import embeddings_name
from runs.worker import disk
from runs.worker.context import Context, context_of
from runs.worker.outputs.embeddings import unfinished
from runs.worker.scratch import THREADS, Scratch, paths_of

TIDY = "tidy"
SPARE_SECONDS = 15.0
# Files that are removed before the clock is looked at.
AT_ONCE = 60
# After so long it is looked again whether the steps of a run that was stopped, which may still write, have ended.
WAIT_SECONDS = 20.0
# A storage that is busy is left alone for so long, then a little longer each time. Nobody waits for what is removed.
MOST_TRIES = 5
PAUSE_SECONDS = 5.0


def begin(cursor: Cursor) -> Cursor:
    return {"stage": TIDY, "paths": cursor["paths"]}


def tidy_some(this: Slice) -> Step:
    """Of a run that went well. What can't be removed is told, and is no failure."""
    context = context_of(this.job, paths_of(this.cursor))
    disk.remove(context.disk)
    try:
        is_done = _remove_some(this, context)
    except JobError as error:
        tries = this.cursor.get("tries", 0) + 1
        if not error.is_final and tries < MOST_TRIES:
            return Step(this.cursor | {"tries": tries}, is_last=False, pause=PAUSE_SECONDS * tries)
        progress.log(context.run, _sentence(context, error), LogLevel.WARNING)
        is_done = True
    return Step(this.cursor, is_last=is_done)


def tidy_after(this: Slice) -> Step:
    """Of a run that ended otherwise. Raises JobError."""
    try:
        context = context_of(this.job)
    except JobError:
        return Step(this.cursor, is_last=True)  # there is no datasource any more, or no run
    disk.remove(context.disk)
    left = _seconds_until_quiet(context.run.job)
    if left > 0:
        return Step(this.cursor, is_last=False, pause=min(left, WAIT_SECONDS))
    _drop_uploads(context)
    return Step(this.cursor, is_last=_remove_some(this, context))


def _drop_uploads(context: Context) -> None:
    """Files that were being written in parts. Where it is not permitted, the bucket's own rules have to remove them."""
    key = embeddings_name(context.run.stamp)
    cursors = JobShard.objects.filter(job=context.run.job).values_list("cursor", flat=True)
    for upload in unfinished(list(cursors)):
        try:
            with context.opened_target(Permission.OVERWRITE, key) as store:
                store.drop_parts(context.target.prefix + key, upload)
        except JobError:
            words = gettext("Parts of the unfinished file %(name)s may be left in the Lightly datasource.")
            progress.log(context.run, words % {"name": key}, LogLevel.WARNING)


def _seconds_until_quiet(job: Job | None) -> float:
    """Until no step of this job can be under way any more."""
    leases = JobShard.objects.filter(job=job, state=ShardState.RUNNING).values_list("leased_until", flat=True)
    now = timezone.now()
    return max(((until - now).total_seconds() for until in leases if until is not None), default=0.0)


def _remove_some(this: Slice, context: Context) -> bool:
    """Whether there is nothing left to do. Raises JobError."""
    scratch = Scratch(context)
    names = scratch.names_below("")

    def remove(name: str) -> bool:
        with context.opened_target(Permission.OVERWRITE, scratch.folder + name) as store:
            return scratch.remove(store, name)

    with ContextPool(THREADS) as pool:
        for at in range(0, len(names), AT_ONCE):
            if at and this.seconds_left < SPARE_SECONDS:
                return False
            if not all(pool.map(remove, names[at : at + AT_ONCE])):
                return _empty(this, context, names[at:])
    return True


def _empty(this: Slice, context: Context, names: Sequence[str]) -> bool:
    """In place of removing them: for that, the right to overwrite is enough."""
    scratch, emptied = Scratch(context), 0
    # What there is no time for keeps its content: nobody waits for it.
    while emptied < len(names) and (not emptied or this.seconds_left >= SPARE_SECONDS / 2):
        some = names[emptied : emptied + AT_ONCE]
        scratch.write_many([(name, b"") for name in some])
        emptied += len(some)
    told = _not_deleted(scratch.folder, len(names), is_emptied=emptied == len(names))
    progress.log(context.run, told, LogLevel.WARNING)
    return True


def _not_deleted(where: str, files: int, *, is_emptied: bool) -> str:
    if not is_emptied:
        return gettext(
            "The credentials of the Lightly datasource may not delete files, so %(files)s files that the run worked"
            " with stay in %(where)s. Remove that folder."
        ) % {"files": f"{files:,}", "where": where}
    return ngettext(
        "The credentials of the Lightly datasource may not delete files, so %(files)s file that the run worked with"
        " stays in %(where)s, without content. Remove that folder when you like.",
        "The credentials of the Lightly datasource may not delete files, so %(files)s files that the run worked with"
        " stay in %(where)s, without content. Remove that folder when you like.",
        files,
    ) % {"files": f"{files:,}", "where": where}


def _sentence(context: Context, error: JobError) -> str:
    where = Scratch(context).folder
    return gettext("What the run worked with is left in %(where)s. Remove that folder. %(reason)s") % {
        "where": where,
        "reason": error.sentence,
    }
