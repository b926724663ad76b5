"""The permissions that a run needs, asked for once more before it reads anything: it may have waited for days."""

from __future__ import annotations

from jobs.runners import JobError
from runs import progress
from runs.models import LogLevel
from runs.scheduling import gate
from runs.worker.context import Context


def demand_permissions(context: Context) -> None:
    """Raises JobError with the diagnosis, unless the configuration or the schedule says not to ask."""
    scheduled = context.run.scheduled
    if context.settings.bypass_verify or (scheduled is not None and scheduled.bypasses_gate):
        return
    if found := gate.findings(context.dataset):
        # Each as a whole: the run's message may have to be cut.
        for finding in found:
            progress.log(context.run, str(finding), LogLevel.ERROR)
        raise JobError(gate.words(found), is_final=True)
