"""/v1/docker/runs: what became of scheduled runs, and the files that they left."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status

from core.api.errors import ApiError
from datasets.access import dataset_for
from datasets.api.schemas import Error
from runs import artifacts
from runs.access import editable_run_for, own_runs, run_for, run_of_scheduled_for, runs_for, runs_of_teams
from runs.api.answers import Answer, client_errors, log_entry, run_data
from runs.api.schemas import ContentParameters, LogData, PageOfRuns, RunData, SinceLine, Whose
from runs.models import Artifact, Run
from runs.scheduling import services
from samples import queries
from samples.api.schemas import TagData, tag_data
from teams.api.authentication import caller, needs
from teams.models import Scope, User

router = Router(tags=["runs"])
READING = {401: Error, 403: Error, 404: Error}
LINES_AT_ONCE = 1000
# From then on the URL of an artifact opens nothing. The client follows it at once.
URL_SECONDS = 24 * 3600
_SALT = "runs.artifact"


def _whose(user: User, which: Whose) -> QuerySet[Run]:
    if which.get_assets_of_team_inclusive_self:
        return runs_for(user)
    return runs_of_teams(user) if which.get_assets_of_team else own_runs(user)


def _page(request: HttpRequest, rows: QuerySet[Run], which: PageOfRuns) -> list[Answer]:
    """Oldest first: so a page stays what it is while runs are added."""
    ordered = rows.order_by("created_at", "pk").prefetch_related("artifacts")
    end = which.page_offset + which.page_size if which.page_size else None
    return [run_data(request, run) for run in ordered[which.page_offset : end]]


_LIST: dict[str, Any] = {
    "response": {200: list[RunData], 400: Error, **READING},
    "by_alias": True,
    "exclude_unset": True,
}


@router.get("/docker/runs", auth=needs(Scope.READ), **_LIST)
def list_runs(request: HttpRequest, which: Query[PageOfRuns]) -> list[Answer]:
    """Those that you asked for, and those of your datasets, oldest first."""
    return _page(request, _whose(caller(request), which), which)


@router.get("/docker/runs/count", auth=needs(Scope.READ), response={200: str, 400: Error, 401: Error, 403: Error})
def count_runs(request: HttpRequest, which: Query[Whose]) -> str:
    return str(_whose(caller(request), which).count())


@router.get("/docker/runs/query/datasetId/{dataset_id}", auth=needs(Scope.READ), **_LIST)
def list_runs_of_dataset(request: HttpRequest, dataset_id: str, which: Query[PageOfRuns]) -> list[Answer]:
    """All runs of a dataset, oldest first."""
    dataset = dataset_for(caller(request), dataset_id)
    return _page(request, runs_for(caller(request)).filter(dataset=dataset), which)


@router.get(
    "/docker/runs/schedule/{scheduled_id}",
    auth=needs(Scope.READ),
    response={200: RunData, **READING},
    by_alias=True,
    exclude_unset=True,
)
def get_run_of_scheduled(request: HttpRequest, scheduled_id: str) -> Answer:
    """404 until a worker has taken it."""
    return run_data(request, run_of_scheduled_for(caller(request), scheduled_id))


@router.get(
    "/docker/runs/{run_id}",
    auth=needs(Scope.READ),
    response={200: RunData, **READING},
    by_alias=True,
    exclude_unset=True,
)
def get_run(request: HttpRequest, run_id: str) -> Answer:
    """Also of a dataset that was deleted meanwhile."""
    return run_data(request, run_for(caller(request), run_id))


@router.get(
    "/docker/runs/{run_id}/tags",
    auth=needs(Scope.READ),
    response={200: list[TagData], **READING},
    by_alias=True,
    exclude_unset=True,
)
def list_tags_of_run(request: HttpRequest, run_id: str) -> list[Answer]:
    """Newest first."""
    run = run_for(caller(request), run_id)
    if run.dataset is None:
        return []
    count = queries.count_of(run.dataset)
    return [tag_data(tag, count) for tag in queries.tags_of_run(run.pk)]


@router.get(
    "/docker/runs/{run_id}/logs",
    auth=needs(Scope.READ),
    response={200: LogData, 400: Error, **READING},
    by_alias=True,
)
def get_log_of_run(request: HttpRequest, run_id: str, which: Query[SinceLine]) -> Answer:
    """What was written since the line of the cursor, at most a thousand lines at once."""
    run = run_for(caller(request), run_id)
    lines = list(run.lines.filter(pk__gt=which.cursor).order_by("pk")[:LINES_AT_ONCE])
    return {
        "cursor": lines[-1].pk if lines else which.cursor,
        "logs": [log_entry(request, line) for line in lines],
    }


@router.post(
    "/docker/runs/{run_id}/abort",
    auth=needs(Scope.RUNS),
    response={204: None, 409: Error, **READING},
)
def abort_run(request: HttpRequest, run_id: str) -> Status[None]:
    """Stop a run that is under way. Steps that workers are at end first."""
    user = caller(request)
    with client_errors():
        services.abort(editable_run_for(user, run_id), by=user)
    return Status(204, None)


@router.get(
    "/docker/runs/{run_id}/artifacts/{artifact_id}/readurl",
    auth=needs(Scope.READ),
    response={200: str, **READING},
)
def artifact_read_url(request: HttpRequest, run_id: str, artifact_id: str) -> str:
    """A URL of this server that is good for a day."""
    user = caller(request)
    artifact = _artifact_of(run_for(user, run_id), artifact_id)
    address = request.build_absolute_uri(f"/v1/docker/runs/{run_id}/artifacts/{artifact_id}/content")
    return f"{address}?publicToken={signing.dumps([artifact.pk, user.pk], salt=_SALT)}"


def _artifact_of(run: Run, artifact_id: str) -> Artifact:
    artifact = run.artifacts.filter(pk=artifact_id).first()
    if artifact is None:
        raise ApiError(404, "DOCKER_RUN_ARTIFACT_UNKNOWN", "The run has no such artifact.")
    return artifact


@router.get(
    "/docker/runs/{run_id}/artifacts/{artifact_id}/content",
    auth=None,
    response={400: Error, 401: Error, 404: Error},
    openapi_extra={
        "responses": {
            "200": {
                "description": "The file",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
def artifact_content(
    request: HttpRequest, run_id: str, artifact_id: str, which: Query[ContentParameters]
) -> StreamingHttpResponse:
    """The file. Needs no API token: the URL itself carries a token of its own.

    The client writes the bytes to disk as they come, so they are never compressed on the way.
    """
    artifact = _artifact_of(run_for(_bearer(which.public_token, artifact_id), run_id), artifact_id)
    return StreamingHttpResponse(
        artifacts.content(artifact),
        content_type="application/octet-stream",
        headers={
            "Content-Length": str(artifact.size),
            "Content-Disposition": f'attachment; filename="{artifact.file_name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-transform",
        },
    )


def _bearer(token: str, artifact_id: str) -> User:
    """Who asked for the URL. It opens as much as they may see now."""
    try:
        known_id, user_id = signing.loads(token, salt=_SALT, max_age=URL_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        raise ApiError(401, "JWT_INVALID", "This URL is not one of this server, or it is too old.") from None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if known_id != artifact_id or user is None:
        raise ApiError(401, "JWT_INVALID", "This URL is for another file.")
    return user
