"""/v1/datasets/{id}/docker/worker/schedule: runs that wait for a worker."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from core.api import places
from core.api.lanes import VERIFYING
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.schemas import Created, Error
from runs.access import config_for, scheduled_run_of
from runs.api.answers import Answer, client_errors, scheduled_data
from runs.api.schemas import HowToSchedule, ScheduleCreate, ScheduledData, WhichScheduled
from runs.models import ScheduledRun, ScheduledState
from runs.scheduling import services
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["runs"])
READING = {401: Error, 403: Error, 404: Error}
_SCHEDULE = "/datasets/{dataset_id}/docker/worker/schedule"


@router.post(
    _SCHEDULE,
    auth=needs(Scope.RUNS, lane=VERIFYING),
    response={201: Created, 400: Error, 422: Error, 503: Error, **READING},
    by_alias=True,
)
def schedule_run(
    request: HttpRequest, dataset_id: str, payload: ScheduleCreate, which: Query[HowToSchedule]
) -> Status[Answer]:
    """Refused as long as a permission is missing that the run needs, with its cause and its fix.

    Also if the configuration names files, tasks, categories or metadata that are not in the datasource.
    """
    user = caller(request)
    dataset = editable_dataset_for(user, dataset_id)
    config = config_for(user, payload.config_id)
    places.enter(request, VERIFYING, person=user.pk, dataset_id=dataset.pk, team=dataset.team_id)
    with client_errors():
        scheduled = services.schedule(
            dataset=dataset,
            config=config,
            by=user,
            priority=payload.priority,
            runs_on=payload.runs_on,
            creator=payload.creator,
            checks_references=not which.disable_config_validation,
        )
    return Status(201, {"id": scheduled.pk})


@router.get(
    _SCHEDULE,
    auth=needs(Scope.READ),
    response={200: list[ScheduledData], 400: Error, **READING},
    by_alias=True,
    exclude_unset=True,
)
def list_scheduled_runs(request: HttpRequest, dataset_id: str, which: Query[WhichScheduled]) -> list[Answer]:
    """Those that wait or are under way, oldest first; with `state` or `states` those."""
    dataset = dataset_for(caller(request), dataset_id)
    wanted = {*which.states, *([which.state] if which.state else [])}
    rows = ScheduledRun.objects.filter(dataset=dataset).order_by("created_at", "pk")
    rows = rows.filter(state__in=wanted or [ScheduledState.OPEN, ScheduledState.LOCKED])
    return [scheduled_data(scheduled) for scheduled in rows]


@router.put(
    f"{_SCHEDULE}/{{scheduled_id}}",
    auth=needs(Scope.RUNS),
    response={204: None, 409: Error, **READING},
)
def cancel_scheduled_run(request: HttpRequest, dataset_id: str, scheduled_id: str) -> Status[None]:
    """Cancel it, which is possible until a worker takes it."""
    user = caller(request)
    dataset = editable_dataset_for(user, dataset_id)
    with client_errors():
        services.cancel(scheduled_run_of(dataset, scheduled_id), by=user)
    return Status(204, None)
