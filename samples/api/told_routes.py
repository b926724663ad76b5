"""What scripts tell of samples: predictions, scores, and which custom metadata there is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Body as InBody
from ninja import Query, Router, Status
from pydantic import Field, field_validator

from core.api.errors import ApiError
from core.api.parameters import Flag, Parameters
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.schemas import Created, Error, milliseconds
from samples import queries, telling
from samples.api import answers
from samples.api.sample_routes import sample_or_404
from samples.api.schemas import LONGEST, Body, Page
from samples.api.tag_routes import tag_or_404
from samples.models import MetadataConfig, PredictionTask, TagScore
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["predictions"])
Answer = dict[str, Any]
READING = {401: Error, 403: Error, 404: Error}
WRITING = {400: Error, 413: Error, **READING}
TaskName = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"^[a-zA-Z0-9_+=,.@:\/-]+$")]
Label = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Edge = Annotated[list[int], Field(max_length=2)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]
MOST_CATEGORIES, MOST_SINGLETONS, MOST_NUMBERS = 10_000, 10_000, 2_000_000
_TYPES = Literal[
    "CLASSIFICATION",
    "OBJECT_DETECTION",
    "SEMANTIC_SEGMENTATION",
    "INSTANCE_SEGMENTATION",
    "KEYPOINT_DETECTION",
]


class Timestamp(Parameters):
    """Accepted and ignored: there is one version of each task, the newest."""

    prediction_uuid_timestamp: int = Field(-1, alias="predictionUUIDTimestamp")


class Category(Body):
    id: int = Field(ge=0)
    name: Label
    keypoint_names: list[Label] | None = Field(None, alias="keypointNames", max_length=MOST_CATEGORIES)
    keypoint_skeleton: list[Edge] | None = Field(None, alias="keypointSkeleton", max_length=MOST_CATEGORIES)


class TaskSchema(Body):
    name: TaskName
    type: _TYPES
    categories: list[Category] = Field(max_length=MOST_CATEGORIES)

    @field_validator("categories")
    @classmethod
    def _unique(cls, categories: list[Category]) -> list[Category]:
        if len({category.id for category in categories}) < len(categories):
            raise ValueError("two categories have the same id")
        return categories


class Singleton(Body):
    """A classification, a box, a segment or keypoints of a sample."""

    type: _TYPES
    task_name: TaskName = Field(alias="taskName")
    category_id: int = Field(alias="categoryId", ge=0)
    score: Share
    bbox: list[Positive] | None = Field(None, min_length=4, max_length=4)
    segmentation: list[int] | None = Field(None, max_length=MOST_NUMBERS)
    keypoints: list[Positive] | None = Field(None, max_length=MOST_NUMBERS)
    probabilities: list[Share] | None = Field(None, max_length=MOST_CATEGORIES)


Singletons = Annotated[list[Singleton], Field(max_length=MOST_SINGLETONS)]


class Predictions(Page):
    task_name: str = Field("", alias="taskName", max_length=LONGEST, pattern=r"^[^\x00]*$")
    lean: Flag = None


class Score(Body):
    score_type: TaskName = Field(alias="scoreType")
    scores: list[Number] = Field(min_length=1, max_length=MOST_NUMBERS)


class ConfigEntry(Body):
    name: Label
    path: Label
    default_value: Any = Field(None, alias="defaultValue")
    value_data_type: Literal[
        "NUMERIC_INT",
        "NUMERIC_FLOAT",
        "CATEGORICAL_STRING",
        "CATEGORICAL_INT",
        "CATEGORICAL_BOOLEAN",
        "CATEGORICAL_DATETIME",
        "CATEGORICAL_TIMESTAMP",
        "OTHER_STRING",
    ] = Field(alias="valueDataType")


class ConfigSet(Body):
    name: Label
    configs: list[ConfigEntry] = Field(max_length=1_000)


@router.post(
    "/datasets/{dataset_id}/predictions/tasks",
    auth=needs(Scope.RUNS),
    response={201: Created, **WRITING},
    by_alias=True,
)
def put_task(request: HttpRequest, dataset_id: str, payload: TaskSchema, which: Query[Timestamp]) -> Status[Answer]:
    """A task and its categories. One of the same name is replaced."""
    dataset = editable_dataset_for(caller(request), dataset_id)
    schema = payload.model_dump(by_alias=True, exclude_none=True)
    return Status(201, {"id": telling.store_task(dataset, name=payload.name, schema=schema).pk})


@router.get(
    "/datasets/{dataset_id}/predictions/tasks", auth=needs(Scope.READ), response={200: Answer, 400: Error, **READING}
)
def list_tasks(request: HttpRequest, dataset_id: str, which: Query[Timestamp]) -> Answer:
    dataset = dataset_for(caller(request), dataset_id)
    schemas = PredictionTask.objects.filter(dataset=dataset).order_by("name").values_list("schema", flat=True)
    return {"predictionUUIDTimestamp": 0, "schemas": list(schemas)}


@router.get(
    "/datasets/{dataset_id}/predictions/tasks/{path:task_name}",
    auth=needs(Scope.READ),
    response={200: Answer, 400: Error, **READING},
)
def get_task(request: HttpRequest, dataset_id: str, task_name: str, which: Query[Timestamp]) -> Answer:
    dataset = dataset_for(caller(request), dataset_id)
    task = PredictionTask.objects.filter(dataset=dataset, name=task_name).first()
    if task is None:
        raise ApiError(404, "PREDICTION_TASK_SCHEMA_UNKNOWN", "The dataset has no such task.")
    found: Answer = task.schema
    return found


@router.get(
    "/datasets/{dataset_id}/predictions/samples",
    auth=needs(Scope.READ),
    response={200: list[list[Answer]], 400: Error, **READING},
)
def list_predictions(request: HttpRequest, dataset_id: str, which: Query[Predictions]) -> HttpResponseBase:
    """A list for each sample, in the order of the masks."""
    dataset = dataset_for(caller(request), dataset_id)
    positions = which.of(queries.count_of(dataset))
    return answers.json_list(telling.predictions_at(dataset, positions, task_name=which.task_name))


@router.post(
    "/datasets/{dataset_id}/predictions/samples/{sample_id}",
    auth=needs(Scope.RUNS),
    response={201: Created, **WRITING},
    by_alias=True,
)
def put_predictions(
    request: HttpRequest, dataset_id: str, sample_id: str, payload: InBody[Singletons], which: Query[Timestamp]
) -> Status[Answer]:
    """What the tasks in the list say of the sample. What they said before is replaced."""
    sample = sample_or_404(editable_dataset_for(caller(request), dataset_id), sample_id)
    telling.store_predictions(sample, [one.model_dump(by_alias=True, exclude_none=True) for one in payload])
    return Status(201, {"id": sample.pk})


@router.get(
    "/datasets/{dataset_id}/predictions/samples/{sample_id}",
    auth=needs(Scope.READ),
    response={200: list[Answer], 400: Error, **READING},
)
def get_predictions(request: HttpRequest, dataset_id: str, sample_id: str, which: Query[Timestamp]) -> list[Answer]:
    sample = sample_or_404(dataset_for(caller(request), dataset_id), sample_id)
    return telling.predictions_of(sample)


@router.post(
    "/datasets/{dataset_id}/tags/{tag_id}/scores",
    auth=needs(Scope.RUNS),
    response={201: Created, **WRITING},
    by_alias=True,
    tags=["scores"],
)
def put_scores(request: HttpRequest, dataset_id: str, tag_id: str, payload: Score) -> Status[Answer]:
    """A number for each sample of the tag, in their order. Those of the same type are replaced."""
    tag = tag_or_404(editable_dataset_for(caller(request), dataset_id), tag_id)
    if len(payload.scores) != tag.size:
        words = f"There are {len(payload.scores):,} scores, but the tag has {tag.size:,} samples."
        raise ApiError(400, "SCORES_CANNOT_BE_SET", words)
    return Status(201, {"id": telling.store_scores(tag, payload.score_type, payload.scores).pk})


@router.get(
    "/datasets/{dataset_id}/tags/{tag_id}/scores",
    auth=needs(Scope.READ),
    response={200: list[Answer], **READING},
    tags=["scores"],
)
def list_scores(request: HttpRequest, dataset_id: str, tag_id: str) -> list[Answer]:
    tag = tag_or_404(dataset_for(caller(request), dataset_id), tag_id)
    return [_score(score) for score in tag.scores.defer("scores").order_by("score_type")]


@router.get(
    "/datasets/{dataset_id}/tags/{tag_id}/scores/{score_id}",
    auth=needs(Scope.READ),
    response={200: Answer, **READING},
    tags=["scores"],
)
def get_scores(request: HttpRequest, dataset_id: str, tag_id: str, score_id: str) -> Answer:
    tag = tag_or_404(dataset_for(caller(request), dataset_id), tag_id)
    score = tag.scores.filter(pk=score_id).first()
    if score is None:
        raise ApiError(404, "SCORE_UNKNOWN", "The tag has no such scores.")
    return _score(score) | {"scores": score.scores}


def _score(score: TagScore) -> Answer:
    created = milliseconds(score.created_at)
    return {"id": score.pk, "tagId": score.tag_id, "scoreType": score.score_type, "createdAt": created}


@router.post(
    "/datasets/{dataset_id}/configuration/metadata",
    auth=needs(Scope.RUNS),
    response={201: Created, **WRITING},
    by_alias=True,
    tags=["metadata"],
)
def create_metadata_config(request: HttpRequest, dataset_id: str, payload: ConfigSet) -> Status[Answer]:
    """Which custom metadata there is, and of what type."""
    dataset = editable_dataset_for(caller(request), dataset_id)
    return Status(201, {"id": telling.store_config(dataset, payload.name, _entries(payload)).pk})


@router.get(
    "/datasets/{dataset_id}/configuration/metadata",
    auth=needs(Scope.READ),
    response={200: list[Answer], **READING},
    tags=["metadata"],
)
def list_metadata_configs(request: HttpRequest, dataset_id: str) -> list[Answer]:
    dataset = dataset_for(caller(request), dataset_id)
    return [_config(config) for config in dataset.metadata_configs.order_by("-created_at", "-pk")]


@router.get(
    "/datasets/{dataset_id}/configuration/metadata/{configuration_id}",
    auth=needs(Scope.READ),
    response={200: Answer, **READING},
    tags=["metadata"],
)
def get_metadata_config(request: HttpRequest, dataset_id: str, configuration_id: str) -> Answer:
    return _config(_config_or_404(dataset_for(caller(request), dataset_id).pk, configuration_id))


@router.put(
    "/datasets/{dataset_id}/configuration/metadata/{configuration_id}",
    auth=needs(Scope.RUNS),
    response={204: None, **WRITING},
    tags=["metadata"],
)
def put_metadata_config(
    request: HttpRequest, dataset_id: str, configuration_id: str, payload: ConfigSet
) -> Status[None]:
    config = _config_or_404(editable_dataset_for(caller(request), dataset_id).pk, configuration_id)
    telling.change_config(config, payload.name, _entries(payload))
    return Status(204, None)


def _entries(payload: ConfigSet) -> list[Answer]:
    return [entry.model_dump(by_alias=True) for entry in payload.configs]


def _config_or_404(dataset_id: str, configuration_id: str) -> MetadataConfig:
    config = MetadataConfig.objects.filter(dataset=dataset_id, pk=configuration_id).first()
    if config is None:
        raise ApiError(404, "METADATA_CONFIGURATION_UNKNOWN", "The dataset has no such configuration.")
    return config


def _config(config: MetadataConfig) -> Answer:
    return {
        "id": config.pk,
        "name": config.name,
        "configs": config.configs,
        "createdAt": milliseconds(config.created_at),
        "lastModifiedAt": milliseconds(config.modified_at),
    }
