"""The job of a run, and the one that removes what a run left behind that did not end well.

Light: processes that only start jobs import this too. What a worker does is in runs.worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from core.queues import Queue
from jobs.models import Job, JobState
from jobs.runners import Cursor, Runner, Slice, Step, register

RUN_KIND, TIDY_KIND, PLOT_KIND, SAMPLING_KIND = "runs.run", "runs.tidy", "runs.plot", "samples.sampling"


@register
class ExecuteRun(Runner):
    """All of a run, from the permissions to the report. `arguments["run"]` is its id."""

    kind = RUN_KIND
    label = _("Select samples")
    queue = Queue.RUNS

    def split(self, job: Job) -> Sequence[Cursor]:
        return [{"stage": "prepare", "listed": False}]

    def follow(self, job: Job, cursors: Sequence[Cursor]) -> Sequence[Cursor]:
        from runs.worker import stages

        return stages.following(cursors)

    def run(self, this: Slice) -> Step:
        from runs.worker import stages

        return stages.do(this)

    def ended(self, job: Job) -> None:
        from runs.scheduling import lifecycle

        lifecycle.ended(job)
        if job.state != JobState.DONE:
            begin_tidying(job)


@register
class TidyRun(Runner):
    """Removes what a run kept in the Lightly datasource while it worked."""

    kind = TIDY_KIND
    label = _("Tidy up after a run")
    queue = Queue.RUNS

    def run(self, this: Slice) -> Step:
        from runs.worker import tidying

        return tidying.tidy_after(this)


def begin_tidying(job: Job) -> None:
    """Of a run whose job has ended before its last stage."""
    from jobs import services

    services.start(
        TIDY_KIND,
        title=job.title,
        subject=job.arguments["run"],
        team=job.team,
        dataset=job.dataset,
        by=job.requested_by,
        arguments=job.arguments,
    )


@register
class PlotEmbedding(Runner):
    """Makes the picture of an embedding that a script uploaded. `arguments["embedding"]` is its id."""

    kind = PLOT_KIND
    label = _("Draw an embedding")
    queue = Queue.RUNS

    def run(self, this: Slice) -> Step:
        from runs.worker import plotting

        return plotting.plot(this)


@register
class SelectAmongSamples(Runner):
    """Makes a tag of the samples that a script selects among those of a dataset, see runs.sampling."""

    kind = SAMPLING_KIND
    label = _("Select among samples")
    queue = Queue.RUNS

    def run(self, this: Slice) -> Step:
        from runs.worker.choosing import sampling

        return sampling.sample_some(this)
