"""What each route of the REST API asks of whoever calls it. A route that is not named here fails test_doors.py."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from teams.models import Scope


class Access(Enum):
    """Which person a route is open to, whose token has the route's right."""

    PUBLIC = auto()
    """Whoever asks, without an API token."""
    ANYBODY = auto()
    """Everybody who has a token."""
    SEES = auto()
    """Who sees the dataset: members of its team, and whom it is shared with. Others: 404."""
    EDITS = auto()
    """Its owner, owners and admins of its team, and whom it is shared with. Other members: 403."""
    MANAGES = auto()
    """As EDITS, without those it is shared with: 403 for them too."""
    IN_TEAM = auto()
    """Members of the team. Others: 404."""
    MANAGES_TEAM = auto()
    """Owners and admins of the team. Other members: 403."""
    OWN_IN_TEAM = auto()
    """Who made it, here the team's owner. Other members: 403. Others: 404."""


class Rule(NamedTuple):
    scope: Scope
    """The right that a token needs."""
    access: Access


_LISTS = ("", "predictions/", "metadata/")
_DATASET, _DATASOURCE, _TEAM = (
    "/v1/datasets/{dataset_id}",
    "/v1/datasets/{dataset_id}/datasource",
    "/v1/teams/{team_id}",
)
_CONTENTS = f"{_DATASET}/contents"
_SCHEDULE, _RUN = f"{_DATASET}/docker/worker/schedule", "/v1/docker/runs/{run_id}"
_TAGS = f"{_DATASET}/tags"
_EMBEDDINGS, _PREDICTIONS = f"{_DATASET}/embeddings", f"{_DATASET}/predictions"
_EMBEDDING, _CONFIGURATION = f"{_EMBEDDINGS}/{{embedding_id}}", f"{_DATASET}/configuration/metadata"
_TAG, _SAMPLE = f"{_TAGS}/{{tag_id}}", f"{_DATASET}/samples/{{sample_id}}"
RULES: dict[str, Rule] = {
    "GET /v1/versions/pip/latest": Rule(Scope.READ, Access.PUBLIC),
    "GET /v1/versions/pip/minimum": Rule(Scope.READ, Access.PUBLIC),
    # With a token of its own in the URL.
    f"GET {_DATASOURCE}/readurlRedirect": Rule(Scope.READ, Access.PUBLIC),
    f"HEAD {_DATASOURCE}/readurlRedirect": Rule(Scope.READ, Access.PUBLIC),
    "GET /v1/datasets": Rule(Scope.READ, Access.ANYBODY),
    "POST /v1/datasets": Rule(Scope.DATASOURCES, Access.ANYBODY),
    "GET /v1/datasets/query/name/{dataset_name}": Rule(Scope.READ, Access.ANYBODY),
    f"GET {_DATASET}": Rule(Scope.READ, Access.SEES),
    f"PUT {_DATASET}": Rule(Scope.DATASOURCES, Access.EDITS),
    f"DELETE {_DATASET}": Rule(Scope.DATASOURCES, Access.MANAGES),
    f"GET {_DATASET}/collaboration/access": Rule(Scope.READ, Access.SEES),
    f"POST {_DATASET}/collaboration/access": Rule(Scope.ADMIN, Access.MANAGES),
    f"DELETE {_DATASET}/collaboration/access/{{access_config_id}}": Rule(Scope.ADMIN, Access.MANAGES),
    f"GET {_DATASOURCE}": Rule(Scope.READ, Access.SEES),
    f"PUT {_DATASOURCE}": Rule(Scope.DATASOURCES, Access.EDITS),
    f"GET {_DATASOURCE}/all": Rule(Scope.READ, Access.SEES),
    # Changes no settings, and the client asks before it works with a dataset; but the cloud is asked, and bulbs change.
    f"GET {_DATASOURCE}/verify": Rule(Scope.DATASOURCES, Access.SEES),
    **{f"GET {_DATASOURCE}/{kind}list": Rule(Scope.READ, Access.SEES) for kind in _LISTS},
    **{f"GET {_DATASOURCE}/{kind}list/dnc": Rule(Scope.READ, Access.SEES) for kind in _LISTS},
    **{f"GET {_DATASOURCE}/{kind}/file": Rule(Scope.READ, Access.SEES) for kind in ("predictions", "metadata")},
    f"GET {_DATASOURCE}/embeddings/file": Rule(Scope.READ, Access.SEES),
    f"GET {_DATASOURCE}/fileHEAD": Rule(Scope.READ, Access.SEES),
    # Changes nothing itself, but whoever gets its answer can.
    f"GET {_DATASOURCE}/predictions/writeUrl": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_DATASOURCE}/processedUntilTimestamp": Rule(Scope.READ, Access.SEES),
    f"PUT {_DATASOURCE}/processedUntilTimestamp": Rule(Scope.RUNS, Access.EDITS),
    **{
        f"GET {_CONTENTS}{what}": Rule(Scope.READ, Access.SEES)
        for what in (
            "",
            "/overview",
            "/problems",
            "/files",
            "/thumbnail",
            "/reading",
            "/annotations",
            "/annotations/findings",
        )
    },
    **{
        f"POST {_CONTENTS}{what}": Rule(Scope.RUNS, Access.EDITS)
        for what in (
            "/index",
            "/reading",
            "/reading/pause",
            "/annotations",
        )
    },
    **{
        f"GET {_CONTENTS}{what}": Rule(Scope.READ, Access.SEES)
        for what in (
            "/thumbnails",
            "/frames",
            "/frames/state",
            "/readurl",
            "/file/annotations",
            "/file/video",
            "/file/still",
            "/relevantFilenames",
            "/relevantFilenames/corrected",
        )
    },
    **{
        f"POST {_CONTENTS}{what}": Rule(Scope.RUNS, Access.EDITS)
        for what in (
            "/thumbnails",
            "/thumbnails/cancel",
            "/frames",
            "/frames/cancel",
            "/relevantFilenames",
            "/relevantFilenames/corrected",
        )
    },
    f"GET {_TAGS}": Rule(Scope.READ, Access.SEES),
    f"POST {_TAGS}": Rule(Scope.RUNS, Access.EDITS),
    f"POST {_TAGS}/arithmetics": Rule(Scope.RUNS, Access.EDITS),
    # Answers a mask and changes nothing.
    f"POST {_TAGS}/arithmetics/bitmask": Rule(Scope.READ, Access.SEES),
    f"GET {_TAG}": Rule(Scope.READ, Access.SEES),
    f"PUT {_TAG}": Rule(Scope.RUNS, Access.EDITS),
    f"DELETE {_TAG}": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_TAG}/filenames": Rule(Scope.READ, Access.SEES),
    **{
        f"GET {_TAG}/export/{what}": Rule(Scope.READ, Access.SEES)
        for what in (
            "basic/filenames",
            "basic/filenamesAndReadUrls",
            "LabelStudio/tasks",
            "LabelBox/datarows",
            "LabelBoxV4/datarows",
            "Sama/tasks",
        )
    },
    f"GET {_EMBEDDINGS}": Rule(Scope.READ, Access.SEES),
    # Makes an embedding, whose file whoever gets the answer writes.
    f"GET {_EMBEDDINGS}/writeCSVUrl": Rule(Scope.RUNS, Access.EDITS),
    # With a token of its own in the URL.
    f"PUT {_EMBEDDING}/content": Rule(Scope.RUNS, Access.PUBLIC),
    f"DELETE {_EMBEDDING}": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_EMBEDDING}/readCSVUrl": Rule(Scope.READ, Access.SEES),
    f"PUT {_EMBEDDING}/isProcessed": Rule(Scope.RUNS, Access.EDITS),
    f"POST {_EMBEDDING}/trigger2dEmbeddingsJob": Rule(Scope.RUNS, Access.EDITS),
    f"POST {_EMBEDDING}/sampling": Rule(Scope.RUNS, Access.EDITS),
    # Of a selection among a dataset's samples: who sees that.
    "GET /v1/jobs/{job_id}": Rule(Scope.READ, Access.SEES),
    f"GET {_EMBEDDING}/2d": Rule(Scope.READ, Access.SEES),
    f"POST {_EMBEDDING}/2d": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_EMBEDDING}/2d/{{embedding2d_id}}": Rule(Scope.READ, Access.SEES),
    f"GET {_PREDICTIONS}/tasks": Rule(Scope.READ, Access.SEES),
    f"POST {_PREDICTIONS}/tasks": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_PREDICTIONS}/tasks/{{task_name}}": Rule(Scope.READ, Access.SEES),
    f"GET {_PREDICTIONS}/samples": Rule(Scope.READ, Access.SEES),
    f"GET {_PREDICTIONS}/samples/{{sample_id}}": Rule(Scope.READ, Access.SEES),
    f"POST {_PREDICTIONS}/samples/{{sample_id}}": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_TAG}/scores": Rule(Scope.READ, Access.SEES),
    f"POST {_TAG}/scores": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_TAG}/scores/{{score_id}}": Rule(Scope.READ, Access.SEES),
    f"GET {_CONFIGURATION}": Rule(Scope.READ, Access.SEES),
    f"POST {_CONFIGURATION}": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_CONFIGURATION}/{{configuration_id}}": Rule(Scope.READ, Access.SEES),
    f"PUT {_CONFIGURATION}/{{configuration_id}}": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_DATASET}/mappings": Rule(Scope.READ, Access.SEES),
    f"GET {_DATASET}/samples": Rule(Scope.READ, Access.SEES),
    f"GET {_DATASET}/samples/partial": Rule(Scope.READ, Access.SEES),
    f"GET {_SAMPLE}": Rule(Scope.READ, Access.SEES),
    f"PUT {_SAMPLE}": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_SAMPLE}/readurl": Rule(Scope.READ, Access.SEES),
    # With a token of its own in the URL.
    f"GET {_SAMPLE}/readurlRedirect": Rule(Scope.READ, Access.PUBLIC),
    # Each person has workers and configurations of their own.
    "POST /v1/docker/worker": Rule(Scope.RUNS, Access.ANYBODY),
    "GET /v1/docker/worker": Rule(Scope.READ, Access.ANYBODY),
    "GET /v1/docker/worker/{worker_id}": Rule(Scope.READ, Access.IN_TEAM),
    "DELETE /v1/docker/worker/{worker_id}": Rule(Scope.RUNS, Access.OWN_IN_TEAM),
    **{
        f"POST /v1/docker/worker/config{version}": Rule(Scope.RUNS, Access.ANYBODY)
        for version in ("", "/v2", "/v3", "/vX")
    },
    # Of a run: who sees that.
    **{
        f"GET /v1/docker/worker/config{version}/{{config_id}}": Rule(Scope.READ, Access.SEES)
        for version in ("", "/v2", "/v3", "/vX")
    },
    f"GET {_SCHEDULE}": Rule(Scope.READ, Access.SEES),
    f"POST {_SCHEDULE}": Rule(Scope.RUNS, Access.EDITS),
    f"PUT {_SCHEDULE}/{{scheduled_id}}": Rule(Scope.RUNS, Access.EDITS),
    "GET /v1/docker/runs": Rule(Scope.READ, Access.ANYBODY),
    "GET /v1/docker/runs/count": Rule(Scope.READ, Access.ANYBODY),
    "GET /v1/docker/runs/query/datasetId/{dataset_id}": Rule(Scope.READ, Access.SEES),
    "GET /v1/docker/runs/schedule/{scheduled_id}": Rule(Scope.READ, Access.SEES),
    f"GET {_RUN}": Rule(Scope.READ, Access.SEES),
    f"GET {_RUN}/tags": Rule(Scope.READ, Access.SEES),
    f"GET {_RUN}/logs": Rule(Scope.READ, Access.SEES),
    f"POST {_RUN}/abort": Rule(Scope.RUNS, Access.EDITS),
    f"GET {_RUN}/artifacts/{{artifact_id}}/readurl": Rule(Scope.READ, Access.SEES),
    # With a token of its own in the URL.
    f"GET {_RUN}/artifacts/{{artifact_id}}/content": Rule(Scope.READ, Access.PUBLIC),
    f"GET {_TEAM}": Rule(Scope.READ, Access.IN_TEAM),
    f"GET {_TEAM}/activity": Rule(Scope.ADMIN, Access.MANAGES_TEAM),
    f"GET {_TEAM}/members": Rule(Scope.READ, Access.IN_TEAM),
    f"POST {_TEAM}/members": Rule(Scope.ADMIN, Access.MANAGES_TEAM),
    # Of somebody else: whoever names themselves in DELETE leaves the team, which every member may.
    f"PUT {_TEAM}/members/{{user_id}}": Rule(Scope.ADMIN, Access.MANAGES_TEAM),
    f"DELETE {_TEAM}/members/{{user_id}}": Rule(Scope.ADMIN, Access.MANAGES_TEAM),
    f"GET {_TEAM}/serviceaccounts": Rule(Scope.READ, Access.IN_TEAM),
    f"POST {_TEAM}/serviceaccounts/{{service_account_id}}/token": Rule(Scope.ADMIN, Access.MANAGES_TEAM),
}
