"""Everything that changes scheduled runs. Pages and the REST API both come through here."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from datasets.models import Dataset, DatasetType
from datasources.models import Trigger
from jobs import services as jobs
from runs import progress
from runs.models import LogLevel, Priority, Run, RunConfig, ScheduledRun, ScheduledState
from runs.scheduling import gate, lifecycle, references
from runs.scheduling.configs import settings_of
from runs.scheduling.errors import NotOpenError, PermissionsMissingError, UnsupportedDatasetError
from teams import audit
from teams.models import AuditAction, User


def schedule(
    *,
    dataset: Dataset,
    config: RunConfig,
    by: User | None,
    priority: Priority = Priority.MID,
    runs_on: Collection[str] = (),
    creator: str = "UNKNOWN",
    trigger: Trigger = Trigger.API,
    checks_references: bool = True,
) -> ScheduledRun:
    """Somebody wishes a run; a worker takes it as soon as one is free. Talks to the clouds, for half a minute at most.

    Raises errors.SchedulingError (which permission, file or tag is missing, and how to fix it), and InvalidConfigError
    for a configuration that an older release accepted.
    """
    settings = settings_of(config)
    if dataset.type == DatasetType.CROPS:
        raise UnsupportedDatasetError(
            gettext("Runs on datasets of crops are not supported yet. Use a dataset of images or videos.")
        )
    found = gate.findings(dataset, by=by, trigger=trigger)
    if found and not settings.bypass_verify:
        raise PermissionsMissingError(_refusal(found), found)
    # Where nothing may be read, nothing can be said of files either.
    if checks_references and not found:
        references.check(dataset, settings, by=by)
    return _store(
        ScheduledRun(
            dataset=dataset,
            config=config,
            priority=priority,
            rank=priority.rank,
            runs_on=sorted(set(runs_on)),
            requested_by=by,
            creator=creator,
            bypasses_gate=settings.bypass_verify,
            warning=gate.words(found) if found else "",
        )
    )


def _refusal(found: list[gate.Finding]) -> str:
    head = gettext("The run was not scheduled.")
    tail = gettext(
        "Grant what is missing and schedule again. To schedule all the same, set bypass_verify in the datasource part"
        " of the worker's configuration."
    )
    return f"{head} {gate.words(found)}\n{tail}"


@transaction.atomic
def _store(scheduled: ScheduledRun) -> ScheduledRun:
    scheduled.save(force_insert=True)
    _record(scheduled, AuditAction.RUN_SCHEDULED, scheduled.requested_by)
    lifecycle.send_pick_up()
    return scheduled


@transaction.atomic
def cancel(scheduled: ScheduledRun, *, by: User | None = None) -> None:
    """Take the wish back. Raises NotOpenError once a worker has taken it: abort the run then."""
    rows = ScheduledRun.objects.filter(pk=scheduled.pk, state=ScheduledState.OPEN)
    if not rows.update(state=ScheduledState.CANCELED, modified_at=timezone.now()):
        scheduled.refresh_from_db(fields=["state"])
        text = gettext("Only a run that still waits for a worker can be cancelled. This one is: %(state)s.")
        raise NotOpenError(text % {"state": scheduled.get_state_display()})
    scheduled.state = ScheduledState.CANCELED
    _record(scheduled, AuditAction.RUN_CANCELLED, by)


@transaction.atomic
def abort(run: Run, *, by: User | None = None) -> None:
    """Stop a run that is under way: the steps that workers are at end first. Raises NotOpenError if it has ended."""
    if run.has_ended or run.job is None or not jobs.cancel(run.job, by=by):
        run.refresh_from_db(fields=["state"])
        words = gettext("It is being stopped already.") if not run.has_ended else gettext("It has ended already.")
        raise NotOpenError(words)
    name = by.get_full_name() if by else gettext("somebody")
    progress.log(run, gettext("%(name)s stops the run.") % {"name": name}, LogLevel.WARNING)


def _record(scheduled: ScheduledRun, action: AuditAction, by: User | None) -> None:
    dataset = scheduled.dataset
    words = f"{dataset.name}, priority {scheduled.priority}"
    if scheduled.runs_on:
        words += f", on {', '.join(scheduled.runs_on)}"
    if scheduled.warning:
        words += ", although permissions are missing"
    audit.record(team=dataset.team, actor=by, action=action, target=words, dataset=dataset)
