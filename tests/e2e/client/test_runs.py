"""The official client, in three versions, from a worker's registration to the artifacts of a finished run."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest
import requests
from PIL import Image

from tests.e2e.client.conftest import OfficialClient
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS, Cloud

COUNT, CHOSEN = 8, 3
EMBEDDINGS: dict[str, Any] = {"type": "EMBEDDINGS"}
CLASSES = {"type": "PREDICTIONS", "task": "boxes", "name": "CLASS_DISTRIBUTION"}
OBJECTS = {"type": "PREDICTIONS", "task": "boxes", "name": "CATEGORY_COUNT"}
Strategy = tuple[dict[str, Any], dict[str, Any]]
# All versions can send these.
OLD: list[Strategy] = [
    (EMBEDDINGS, {"type": "DIVERSITY", "stopping_condition_minimum_distance": 0.001}),
    ({"type": "SCORES", "task": "boxes", "score": "object_frequency"}, {"type": "WEIGHTS"}),
    ({"type": "METADATA", "key": "lightly.sharpness"}, {"type": "THRESHOLD", "threshold": -1, "operation": "BIGGER"}),
    ({"type": "METADATA", "key": "weather.kind"}, {"type": "BALANCE", "target": {"sun": 0.5, "rain": 0.5}}),
    (CLASSES, {"type": "BALANCE", "target": {"car": 0.3, "bus": 0.2}}),
    (OBJECTS, {"type": "THRESHOLD", "threshold": 0, "operation": "BIGGER_EQUAL"}),
    ({"type": "RANDOM", "random_seed": 42}, {"type": "WEIGHTS"}),
]
NEW: list[Strategy] = [
    (EMBEDDINGS, {"type": "TYPICALITY", "num_nearest_neighbors": 3}),
    (EMBEDDINGS, {"type": "DIVERSITY", "strength": 2.5}),
    (CLASSES, {"type": "BALANCE", "distribution": "UNIFORM"}),
    (OBJECTS, {"type": "WEIGHTS", "target_range": {"min_sum": 1, "max_sum": 8}}),
    (OBJECTS, {"type": "WEIGHTS", "stopping_condition_max_sum": 7}),
]
ROUTES = [
    ("1.3.3", "S3"),
    ("1.4.5", "AZURE"),
    ("1.5.26", "S3"),
    ("1.5.26", "GCS"),
    ("1.5.26", "OBS"),
    ("1.5.26", "S3Compatible"),
]


def selection(*strategies: Strategy) -> dict[str, Any]:
    return {
        "n_samples": CHOSEN,
        "strategies": [{"input": source, "strategy": strategy} for source, strategy in strategies],
    }


def picture(number: int) -> bytes:
    """Noise: each is its own."""
    image = Image.frombytes("RGB", (48, 32), random.Random(number).randbytes(48 * 32 * 3))
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def filled(cloud: Cloud) -> tuple[str, dict[str, Any]]:
    """A bucket with pictures, their predictions and metadata, and one file that is none; and keys to it."""
    bucket = cloud.make_bucket()
    cloud.put(bucket, "in/broken.png", b"no picture")
    lightly = "li/.lightly"
    schema = {"task_type": "object-detection", "categories": [{"id": 0, "name": "car"}, {"id": 1, "name": "bus"}]}
    weather = [{"name": "Weather", "path": "weather.kind", "defaultValue": "?", "valueDataType": "CATEGORICAL_STRING"}]
    documents: dict[str, Any] = {
        "predictions/tasks.json": ["boxes"],
        "predictions/boxes/schema.json": schema,
        "metadata/schema.json": weather,
    }
    for number in range(COUNT):
        cloud.put(bucket, f"in/street {number}.png", picture(number))
        box = {"category_id": number % 2, "bbox": [1, 1, 9, 9], "score": 0.9 - number / 20}
        documents[f"predictions/boxes/street {number}.json"] = {"predictions": [box]}
        kind = "sun" if number % 2 else "rain"
        documents[f"metadata/street {number}.json"] = {"type": "image", "metadata": {"weather": {"kind": kind}}}
    for name, content in documents.items():
        cloud.put(bucket, f"{lightly}/{name}", json.dumps(content).encode())
    # With the right to delete: a run leaves nothing of its own work behind.
    rights = {"input": WORKING_RIGHTS, "lightly": ALL_RIGHTS}
    return bucket, {each: cloud.grant(bucket, f"{each[:2]}/", some) for each, some in rights.items()}


@pytest.mark.parametrize(("version", "provider"), ROUTES)
def test_from_a_worker_to_the_artifacts(
    official: OfficialClient, provider: str, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    bucket, grants = filled(clouds[provider])
    dataset = stack.backstage.dataset(name.replace("-", " "), person, **grants)
    kinds = OLD + (NEW if official.version == "1.5.26" else [])
    told = official.script(
        "run_selections.py",
        dataset_id=dataset,
        selections=[selection(kind) for kind in kinds],
        impossible=selection(({"type": "SCORES", "task": "boxen", "score": "object_frequency"}, {"type": "WEIGHTS"})),
        worker={"datasource": {"process_all": True}},
        selection=selection(OLD[0], OLD[1], OLD[2], OLD[4]),
    )
    check_workers(told, official.version)
    assert told["waiting"] == [[True, "OPEN", ["nobody-has-this"]]] * len(kinds)
    assert told["info"] == "OPEN"
    status, body = told["refused"]
    assert (status, body["code"]) == (422, "DOCKER_WORKER_CONFIG_NOT_COMPATIBLE_WITH_DATASOURCE")
    assert "boxen" in body["error"]
    assert "boxes" in body["error"]  # what was meant
    check_run(told, dataset, official.version)
    assert [key for key in clouds[provider].keys(bucket) if key.startswith("li/.lightly/runs/")] == []
    cancel(stack, official, dataset, len(kinds))


def check_workers(told: dict[str, Any], version: str) -> None:
    assert (told["same"], told["registered"], told["removed"]) == (True, True, True)
    if version != "1.3.3":
        assert told["workers"]["Default"] == ["OFFLINE", []]
        assert told["workers"]["default"][0] in {"IDLE", "BUSY"}  # that of `make run`


def check_run(told: dict[str, Any], dataset: str, version: str) -> None:
    assert told["ended_well"], told["seen"]
    run, state, of, _ = told["run"]
    assert (state, of, told["by_id"]) == ("COMPLETED", dataset, run)
    assert told["runs"][0] == [run]
    assert run in told["runs"][1]
    assert told["seen"][-1][0] == "COMPLETED"
    assert len(told["tags"]) == 1
    assert len(set(told["selected"])) == CHOSEN
    assert set(told["selected"]) <= {f"street {number}.png" for number in range(COUNT)}
    assert list(told["corrupt"]["corrupt_samples"]) == ["broken.png"]
    assert told["no_checkpoint"] == "ArtifactNotExist"
    assert {"log.txt", "corruptness_check_information.json"} <= set(told["artifacts"])
    assert all(told["artifacts"].values())
    if version == "1.5.26":
        sizes = told["report"]["generalInformation"]["datasetInformation"]["datasetSizes"]
        assert sizes["nSelected"] == CHOSEN
        assert sizes["nCorrupt"] == 1
        assert "REPORT_V2_JSON" in told["types"]
    else:
        assert not set(told["types"]) & {"REPORT_V2_JSON", "RELEVANT_FILENAMES"}


def cancel(stack: Stack, official: OfficialClient, dataset: str, count: int) -> None:
    """As no method of the client does."""
    path = f"{stack.url}/v1/datasets/{dataset}/docker/worker/schedule"
    bearer = {"Authorization": f"Bearer {official.environment['LIGHTLY_TOKEN']}"}
    waiting = requests.get(path, headers=bearer, timeout=30).json()
    assert len(waiting) == count
    for each in waiting:
        assert requests.put(f"{path}/{each['id']}", headers=bearer, timeout=30).status_code == 204
    assert requests.get(path, headers=bearer, timeout=30).json() == []
