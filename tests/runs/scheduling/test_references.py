"""What a configuration names must be in the datasource before a run is scheduled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datasets.models import Dataset
from datasources.models import Purpose
from runs.configuration import RunSettings, parse
from runs.scheduling import references
from runs.scheduling.errors import ReferencesError
from runs.scheduling.references import INVALID_FILES, NOT_COMPATIBLE
from samples import growing
from samples.growing import NewSample
from samples.models import SampleType
from teams.models import User
from tests.contents.support import connect
from tests.servers import WORKING_RIGHTS, Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]

SCHEMA = {"task_type": "object-detection", "categories": [{"id": 0, "name": "car"}, {"id": 1, "name": "bus"}]}
LABELS = {"task_type": "classification", "categories": [{"id": 0, "name": "day"}]}
METADATA = [
    {"name": "Weather", "path": "weather.kind", "defaultValue": "", "valueDataType": "CATEGORICAL_STRING"},
    {"name": "Speed", "path": "speed", "defaultValue": 0, "valueDataType": "NUMERIC_FLOAT"},
]
FILES: dict[str, Any] = {
    "predictions/tasks.json": ["boxes", "daylight", "broken"],
    "predictions/boxes/schema.json": SCHEMA,
    "predictions/daylight/schema.json": LABELS,
    "predictions/broken/schema.json": {"task_type": "boxes", "categories": [{"id": 0, "name": "x"}]},
    "metadata/schema.json": METADATA,
}
TEXTS = {
    "good.txt": "street/1.jpg\nstreet/2.jpg\n",
    "bad.txt": "../street/1.jpg\n",
    "embeddings/own.csv": "filenames,embedding_0,embedding_1,labels\na.jpg,1,2,0\n",
    "embeddings/odd.csv": "name,x,y\na.jpg,1,2\n",
}


@pytest.fixture(scope="module")
def bucket(clouds: dict[str, Cloud]) -> str:
    cloud = clouds["S3"]
    name = cloud.make_bucket()
    for path, content in FILES.items():
        cloud.put(name, f"li/.lightly/{path}", json.dumps(content).encode())
    for path, text in TEXTS.items():
        cloud.put(name, f"li/.lightly/{path}", text.encode())
    cloud.put(name, "bare/x.txt", b"x")
    return name


@pytest.fixture
def connected(clouds: dict[str, Cloud], bucket: str, dataset: Dataset) -> Dataset:
    connect(dataset, Purpose.LIGHTLY, clouds["S3"].grant(bucket, "li/", WORKING_RIGHTS))
    return dataset


def settings(*strategies: tuple[dict[str, Any], dict[str, Any]], **docker: Any) -> RunSettings:
    content: dict[str, Any] = {"workerType": "FULL", "docker": docker}
    if strategies:
        listed = [{"input": source, "strategy": strategy} for source, strategy in strategies]
        content["selection"] = {"nSamples": 2, "strategies": listed}
    return parse("V4", content)


def score(task: str, name: str = "uncertainty_entropy") -> tuple[dict[str, Any], dict[str, Any]]:
    return {"type": "SCORES", "task": task, "score": name}, {"type": "WEIGHTS"}


def metadata(key: str, strategy: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"type": "METADATA", "key": key}, strategy


def classes(task: str, **strategy: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    source = {"type": "PREDICTIONS", "task": task, "name": "CLASS_DISTRIBUTION"}
    return source, {"type": "BALANCE", "distribution": "UNIFORM", **strategy}


def count(task: str, *categories: str) -> tuple[dict[str, Any], dict[str, Any]]:
    source = {"type": "PREDICTIONS", "task": task, "name": "CATEGORY_COUNT", "categories": list(categories)}
    return source, {"type": "WEIGHTS"}


def similar(dataset: str, tag: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"type": "EMBEDDINGS", "datasetId": dataset, "tagName": tag}, {"type": "SIMILARITY"}


UNIFORM = {"type": "BALANCE", "distribution": "UNIFORM"}
WEIGHTS = {"type": "WEIGHTS"}


def test_all_is_there(connected: Dataset, alice: User) -> None:
    everything = settings(
        score("boxes", "object_frequency"),
        score("daylight"),
        classes("boxes", distribution="TARGET", target={"car": 0.5, "bus": 0.5}),
        count("boxes", "car"),
        metadata("weather.kind", UNIFORM),
        metadata("speed", WEIGHTS),
        metadata("lightly.sharpness", WEIGHTS),
        relevantFilenamesFile="good.txt",
        embeddings="own.csv",
    )
    references.check(connected, everything, by=alice)


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        (settings(score("boxen")), NOT_COMPATIBLE, ["tasks.json", "no task boxen", "Is boxes meant?"]),
        (settings(count("boxes", "cars")), NOT_COMPATIBLE, ["boxes/schema.json", "no category cars", "Is car meant?"]),
        (settings(classes("boxes", distribution="TARGET", target={"van": 0.5})), NOT_COMPATIBLE, ["category van"]),
        (settings(score("daylight", "object_frequency")), NOT_COMPATIBLE, ["classification", "object_frequency"]),
        (settings(metadata("wether.kind", UNIFORM)), NOT_COMPATIBLE, ["wether.kind", "Is weather.kind meant?"]),
        (settings(metadata("weather.kind", WEIGHTS)), NOT_COMPATIBLE, ["WEIGHTS", "CATEGORICAL_STRING"]),
        (settings(metadata("speed", UNIFORM)), NOT_COMPATIBLE, ["BALANCE", "NUMERIC_FLOAT"]),
        (settings(score("broken")), INVALID_FILES, ["broken/schema.json", "object-detection"]),
        (settings(relevantFilenamesFile="nowhere.txt"), INVALID_FILES, ["nowhere.txt", "does not exist"]),
        (settings(relevantFilenamesFile="bad.txt"), INVALID_FILES, ["bad.txt"]),
        (settings(embeddings="nowhere.csv"), INVALID_FILES, ["embeddings/nowhere.csv", "does not exist"]),
        (settings(embeddings="odd.csv"), INVALID_FILES, ["odd.csv", "filenames,embedding_0"]),
        (settings(similar("f" * 24, "mistakes")), NOT_COMPATIBLE, ["no dataset", "f" * 24]),
    ],
)
def test_what_is_missing(connected: Dataset, alice: User, wanted: RunSettings, code: str, said: list[str]) -> None:
    with pytest.raises(ReferencesError) as refused:
        references.check(connected, wanted, by=alice)
    assert refused.value.code == code
    (problem,) = refused.value.problems
    for words in said:
        assert words in problem
    assert problem in refused.value.text


def test_everything_that_is_wrong_is_said_at_once(connected: Dataset, alice: User) -> None:
    wanted = settings(score("boxen"), metadata("nothing", WEIGHTS), embeddings="nowhere.csv")
    with pytest.raises(ReferencesError) as refused:
        references.check(connected, wanted, by=alice)
    assert len(refused.value.problems) == 3
    assert refused.value.code == INVALID_FILES
    assert len(refused.value.text.splitlines()) == 4


def test_a_bucket_without_annotations(clouds: dict[str, Cloud], bucket: str, dataset: Dataset, alice: User) -> None:
    connect(dataset, Purpose.LIGHTLY, clouds["S3"].grant(bucket, "bare/", WORKING_RIGHTS))
    with pytest.raises(ReferencesError) as refused:
        references.check(dataset, settings(score("boxes"), metadata("speed", WEIGHTS)), by=alice)
    assert [problem.split("/.lightly/")[1] for problem in refused.value.problems] == [
        "predictions/tasks.json: this file does not exist.",
        "metadata/schema.json: this file does not exist.",
    ]


def test_a_storage_that_refuses(clouds: dict[str, Cloud], bucket: str, dataset: Dataset, alice: User) -> None:
    connect(dataset, Purpose.LIGHTLY, clouds["S3"].grant(bucket, "li/", set()))
    with pytest.raises(ReferencesError) as refused:
        references.check(dataset, settings(score("boxes")), by=alice)
    (problem,) = refused.value.problems
    assert "Lightly s3://" in problem


def test_a_tag_to_resemble(connected: Dataset, alice: User, charlie: User) -> None:
    growing.add(
        connected, [NewSample("a.jpg", SampleType.IMAGE)], run_id="1" * 24, tag_name="mistakes", creator="USER_WORKER"
    )
    references.check(connected, settings(similar(connected.pk, "mistakes")), by=alice)
    with pytest.raises(ReferencesError, match="no tag named mistake") as refused:
        references.check(connected, settings(similar(connected.pk, "mistake")), by=alice)
    assert "Is mistakes meant?" in refused.value.text
    with pytest.raises(ReferencesError, match="not shared with you"):
        references.check(connected, settings(similar(connected.pk, "mistakes")), by=charlie)
