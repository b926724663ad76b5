"""What the REST API answers, as the client that asks can take it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest

from core.api.client_version import LAST_LENIENT, client_version
from core.api.errors import ApiError
from core.version import platform_version
from datasets.api.schemas import milliseconds
from runs.configuration import InvalidConfigError
from runs.models import ArtifactType, ComputeWorker, ConfigVersion, LogLevel, Run, RunConfig, RunLogLine, ScheduledRun
from runs.scheduling.errors import NotOpenError, SchedulingError, UnstorableConfigError

Answer = dict[str, Any]

# 1.4.5 is the oldest that is known to have all states; 1.3.3 raises ValueError for these, in any call with the run.
FIRST_WITH_ALL_STATES = (1, 4, 5)
_NEW_STATES = frozenset({"LOADING_DATASET", "LOADING_METADATA", "LOADING_PREDICTION", "COMPUTING_METADATA"})
# The same of these artifacts in 1.4.5.
FIRST_WITH_ALL_ARTIFACTS = (1, 5, 0)
_NEW_ARTIFACTS = frozenset({ArtifactType.REPORT_V2_JSON, ArtifactType.RELEVANT_FILENAMES})
NOBODY = "0" * 24


@contextmanager
def client_errors() -> Iterator[None]:
    """What can't be scheduled, as an error of the client's: with all lines of its explanation."""
    try:
        yield
    except InvalidConfigError as error:
        raise ApiError(400, "DOCKER_WORKER_CONFIG_INVALID", f"The configuration is not valid.\n{error}") from None
    except UnstorableConfigError as error:
        raise ApiError(400, error.code, error.text) from None
    except NotOpenError as error:
        raise ApiError(409, error.code, error.text) from None
    except SchedulingError as error:
        raise ApiError(422, error.code, error.text) from None


def worker_data(worker: ComputeWorker) -> Answer:
    data = {
        "id": worker.pk,
        "userId": worker.owner_id or "",
        "name": worker.name,
        "workerType": "FULL",
        "state": worker.state,
        "createdAt": milliseconds(worker.created_at),
        "lastModifiedAt": milliseconds(worker.seen_at or worker.modified_at),
        "labels": [str(label) for label in worker.labels],
        "isDefault": worker.owner_id is None,
    }
    return data | ({"dockerVersion": worker.version} if worker.version else {})


def config_data(config: RunConfig) -> Answer:
    return {
        "id": config.pk,
        "version": "V0" if config.version == ConfigVersion.PLAIN else config.version,
        "config": config.content,
        "createdAt": milliseconds(config.created_at),
    }


def scheduled_data(scheduled: ScheduledRun) -> Answer:
    data = {
        "id": scheduled.pk,
        "datasetId": scheduled.dataset_id,
        "configId": scheduled.config_id,
        "priority": scheduled.priority,
        "runsOn": scheduled.runs_on,
        "state": scheduled.state,
        "createdAt": milliseconds(scheduled.created_at),
        "lastModifiedAt": milliseconds(scheduled.modified_at),
    }
    return data | ({"userId": scheduled.requested_by_id} if scheduled.requested_by_id else {})


def run_data(request: HttpRequest, run: Run) -> Answer:
    """Needs `artifacts` prefetched. A deleted dataset's id stays: the client compares it."""
    version = client_version(request)
    shown = [
        artifact
        for artifact in run.artifacts.all()
        if version is None or version >= FIRST_WITH_ALL_ARTIFACTS or artifact.type not in _NEW_ARTIFACTS
    ]
    return {
        "id": run.pk,
        "userId": run.requested_by_id or NOBODY,
        "dockerVersion": (run.worker.version if run.worker else "") or platform_version(),
        "state": shown_state(request, run.state),
        "datasetId": run.dataset_key,
        "configId": run.config_id,
        "scheduledId": run.scheduled_key,
        "createdAt": milliseconds(run.created_at),
        "lastModifiedAt": milliseconds(run.modified_at),
        "message": f"{run.message}{_warning_of(run)}",
        "artifacts": [
            {
                "id": artifact.pk,
                "type": artifact.type,
                "fileName": artifact.file_name,
                "createdAt": milliseconds(artifact.created_at),
            }
            for artifact in sorted(shown, key=lambda each: (each.created_at, each.pk))
        ],
    }


def _warning_of(run: Run) -> str:
    """Of a run that was scheduled although permissions were missing: all of its messages say so until it ends."""
    if run.has_ended or run.scheduled is None or not run.scheduled.warning:
        return ""
    return " (Permissions are missing: bypass_verify is set. The run's log says which.)"


def shown_state(request: HttpRequest, state: str) -> str:
    version = client_version(request)
    is_old = version is not None and version < FIRST_WITH_ALL_STATES
    return "INITIALIZING" if is_old and state in _NEW_STATES else state


def log_entry(request: HttpRequest, line: RunLogLine) -> Answer:
    version = client_version(request)
    is_old = version is not None and version <= LAST_LENIENT
    level = "WARN" if is_old and line.level == LogLevel.WARNING else line.level
    return {
        "ts": milliseconds(line.at),
        "level": level,
        "msg": line.text,
        "state": shown_state(request, line.state),
    }
