"""/v1/docker/worker: the registry of compute workers, and their configurations."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from core.api.errors import ApiError
from datasets.api.schemas import Created, Error
from runs.access import (
    config_for,
    own_worker_for,
    own_workers,
    worker_for,
    workers_for,
    workers_of_teams,
)
from runs.api.answers import Answer, client_errors, config_data, worker_data
from runs.api.schemas import (
    ConfigCreate,
    ConfigData,
    ForWhom,
    VersionedConfigCreate,
    Whose,
    WorkerCreate,
    WorkerData,
)
from runs.models import ConfigVersion, RunConfig
from runs.scheduling import configs, registry
from teams.api.authentication import caller, needs
from teams.models import Scope, User

router = Router(tags=["workers"])
READING = {401: Error, 403: Error, 404: Error}
STORING = {201: Created, 400: Error, 401: Error, 403: Error}


@router.post("/docker/worker", auth=needs(Scope.RUNS), response=STORING, by_alias=True)
def register_worker(request: HttpRequest, payload: WorkerCreate, which: Query[ForWhom]) -> Status[Answer]:
    """A worker that you are going to start with `WORKER_ID=…`. Who has one of this name gets its id again."""
    user = caller(request)
    if which.for_user_id not in ("", user.pk):
        raise ApiError(403, "FORBIDDEN", "forUserId: workers can be registered for nobody but yourself.")
    worker = registry.register(owner=user, name=payload.name, labels=payload.labels, creator=payload.creator)
    return Status(201, {"id": worker.pk})


@router.get(
    "/docker/worker",
    auth=needs(Scope.READ),
    response={200: list[WorkerData], 400: Error, 401: Error, 403: Error},
    by_alias=True,
    exclude_unset=True,
)
def list_workers(request: HttpRequest, which: Query[Whose]) -> list[Answer]:
    """Your own, and those that this server's operator has started."""
    user = caller(request)
    if which.get_assets_of_team_inclusive_self:
        found = workers_for(user)
    else:
        found = workers_of_teams(user) if which.get_assets_of_team else own_workers(user)
    return [worker_data(worker) for worker in found.order_by("created_at", "pk")]


def _stored(user: User, version: ConfigVersion, payload: ConfigCreate) -> Status[Answer]:
    with client_errors():
        config = configs.store(version=version, content=payload.config, by=user, creator=payload.creator)
    return Status(201, {"id": config.pk})


@router.post("/docker/worker/config", auth=needs(Scope.RUNS), response=STORING, by_alias=True)
def create_config(request: HttpRequest, payload: ConfigCreate) -> Status[Answer]:
    """Of the oldest clients, whose keys are in snake case."""
    return _stored(caller(request), ConfigVersion.PLAIN, payload)


@router.post("/docker/worker/config/v2", auth=needs(Scope.RUNS), response=STORING, by_alias=True)
def create_config_v2(request: HttpRequest, payload: ConfigCreate) -> Status[Answer]:
    """Of the client 1.3."""
    return _stored(caller(request), ConfigVersion.V2, payload)


@router.post("/docker/worker/config/v3", auth=needs(Scope.RUNS), response=STORING, by_alias=True)
def create_config_v3(request: HttpRequest, payload: ConfigCreate) -> Status[Answer]:
    """Of the client 1.4."""
    return _stored(caller(request), ConfigVersion.V3, payload)


@router.post("/docker/worker/config/vX", auth=needs(Scope.RUNS), response=STORING, by_alias=True)
def create_config_vx(request: HttpRequest, payload: VersionedConfigCreate) -> Status[Answer]:
    """Of the client 1.5. What is wrong is said at once, with a line for each mistake."""
    return _stored(caller(request), ConfigVersion(payload.version), payload)


def _config_of(user: User, config_id: str, version: ConfigVersion | None) -> RunConfig:
    config = config_for(user, config_id)
    if version is not None and config.version != version:
        words = f"This configuration is of version {config.version}: read it from config/vX."
        raise ApiError(400, "DOCKER_WORKER_CONFIG_INVALID", words)
    return config


def _read_config(path: str, version: ConfigVersion | None, name: str, summary: str) -> None:
    def view(request: HttpRequest, config_id: str) -> Answer:
        return config_data(_config_of(caller(request), config_id, version))

    router.add_api_operation(
        path,
        ["GET"],
        view,
        auth=needs(Scope.READ),
        response={200: ConfigData, 400: Error, **READING},
        operation_id=name,
        summary=summary,
        by_alias=True,
    )


_read_config("/docker/worker/config/v2/{config_id}", ConfigVersion.V2, "get_config_v2", "A configuration of version 2")
_read_config("/docker/worker/config/v3/{config_id}", ConfigVersion.V3, "get_config_v3", "A configuration of version 3")
_read_config("/docker/worker/config/vX/{config_id}", None, "get_config_vx", "A configuration of any version")
_read_config(
    "/docker/worker/config/{config_id}", ConfigVersion.PLAIN, "get_config", "A configuration of the oldest clients"
)


# After the configurations: else their paths would be ids of workers.


@router.get(
    "/docker/worker/{worker_id}",
    auth=needs(Scope.READ),
    response={200: WorkerData, **READING},
    by_alias=True,
    exclude_unset=True,
)
def get_worker(request: HttpRequest, worker_id: str) -> Answer:
    return worker_data(worker_for(caller(request), worker_id))


@router.delete("/docker/worker/{worker_id}", auth=needs(Scope.RUNS), response={204: None, **READING})
def delete_worker(request: HttpRequest, worker_id: str) -> Status[None]:
    """What it is doing is done by other workers."""
    registry.unregister(own_worker_for(caller(request), worker_id))
    return Status(204, None)
