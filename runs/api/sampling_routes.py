"""Selections among a dataset's samples, and how far they are: what `selection()` of the official clients calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from core.api.errors import ApiError
from datasets.access import editable_dataset_for
from datasets.api.schemas import Error, milliseconds
from datasets.models import Dataset
from jobs.models import Job, JobState
from runs import sampling
from runs.access import sampling_for
from samples.api.embedding_routes import embedding_or_404
from samples.api.schemas import LONGEST, Body, Id, TagName
from samples.api.tag_routes import as_api_error
from samples.models import Tag
from samples.tags.errors import TagError
from samples.tags.services import tag_of
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["samplings"])
Answer = dict[str, Any]
READING = {401: Error, 403: Error, 404: Error}
Number = Annotated[float, Field(le=1_000_000_000, allow_inf_nan=False)]
_STATES = {
    JobState.QUEUED: "WAITING",
    JobState.RUNNING: "RUNNING",
    JobState.CANCELLING: "RUNNING",
    JobState.CANCELLED: "FAILED",
    JobState.DONE: "FINISHED",
    JobState.FAILED: "FAILED",
}
# The client sleeps so long before it asks again.
_SECONDS = 1


class StoppingCondition(Body):
    n_samples: Number | None = Field(
        None, alias="nSamples", description="with those of the preselected tag; below 1: a share of the query tag"
    )
    min_distance: Number | None = Field(None, alias="minDistance")


class SamplingConfig(Body):
    stopping_condition: StoppingCondition | None = Field(None, alias="stoppingCondition")


class Sampling(Body):
    new_tag_name: TagName = Field(alias="newTagName")
    method: Literal["ACTIVE_LEARNING", "CORAL", "CORESET", "RANDOM"]
    config: SamplingConfig
    preselected_tag_id: Id | None = Field(None, alias="preselectedTagId")
    query_tag_id: Id | None = Field(None, alias="queryTagId", description="left out: all samples")
    score_type: str | None = Field(None, alias="scoreType", min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$")
    row_count: float | None = Field(None, alias="rowCount", description="ignored")


class JobCreated(Body):
    job_id: str = Field(alias="jobId")


class JobResult(Body):
    type: str
    data: str


class JobStatus(Body):
    id: str
    dataset_id: str = Field(alias="datasetId")
    status: Literal["UNKNOWN", "WAITING", "RUNNING", "FAILED", "FINISHED"]
    wait_time_till_next_poll: int = Field(alias="waitTimeTillNextPoll", description="seconds")
    created_at: int = Field(alias="createdAt", description="milliseconds")
    finished_at: int | None = Field(None, alias="finishedAt", description="milliseconds")
    error: str | None = None
    result: JobResult | None = Field(None, description="its data is the id of the new tag")


@router.post(
    "/datasets/{dataset_id}/embeddings/{embedding_id}/sampling",
    auth=needs(Scope.RUNS),
    response={200: JobCreated, 400: Error, 409: Error, **READING},
    by_alias=True,
)
def trigger_sampling(request: HttpRequest, dataset_id: str, embedding_id: str, payload: Sampling) -> Answer:
    """Select among the samples that the dataset has: by scores (ACTIVE_LEARNING), by distance (CORESET), by both
    (CORAL) or by lot (RANDOM). A worker of the queue `runs` makes a tag with the preselected samples and the new ones.
    """
    user = caller(request)
    dataset = editable_dataset_for(user, dataset_id)
    embedding = embedding_or_404(dataset, embedding_id)
    stop = payload.config.stopping_condition or StoppingCondition.model_validate({})
    wish = sampling.Wish(
        name=payload.new_tag_name,
        method=sampling.Method(payload.method),
        samples=stop.n_samples or 0,
        minimum_distance=stop.min_distance or 0,
        query=_tag(dataset, payload.query_tag_id, "TAG_QUERYTAG_NOT_IN_DATASET"),
        preselected=_tag(dataset, payload.preselected_tag_id, "TAG_PRESELECTEDTAG_NOT_IN_DATASET"),
        score_type=payload.score_type or "",
    )
    try:
        job = sampling.begin(dataset, embedding, wish, by=user)
    except TagError as error:
        raise as_api_error(error) from None
    except sampling.SamplingError as error:
        raise ApiError(error.status, error.code, error.words) from None
    return {"jobId": job.pk}


def _tag(dataset: Dataset, tag_id: str | None, code: str) -> Tag | None:
    if tag_id is None:
        return None
    tag = tag_of(dataset, tag_id)
    if tag is None:
        raise ApiError(404, code, f"The dataset has no tag {tag_id}.")
    return tag


@router.get(
    "/jobs/{job_id}",
    auth=needs(Scope.READ),
    response={200: JobStatus, **READING},
    by_alias=True,
    exclude_unset=True,
    tags=["jobs"],
)
def get_job(request: HttpRequest, job_id: str) -> Answer:
    """How far a selection among a dataset's samples is. Ended ones are kept for 30 days."""
    return _status(sampling_for(caller(request), job_id))


def _status(job: Job) -> Answer:
    state = JobState(job.state)
    told: Answer = {
        "id": job.pk,
        "datasetId": job.dataset_id,
        "status": _STATES[state],
        "waitTimeTillNextPoll": _SECONDS,
        "createdAt": milliseconds(job.created_at),
    }
    if job.finished_at:
        told["finishedAt"] = milliseconds(job.finished_at)
    if state is JobState.DONE:
        told["result"] = {"type": "SAMPLING", "data": job.arguments["tag"]}
    elif state in {JobState.FAILED, JobState.CANCELLED}:
        told["error"] = job.error or str(state.label)
    return told
