"""What selections ask for besides the pictures: predictions, metadata, own embeddings, the datapool, other tags."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from jobs.models import JobState
from runs import artifacts
from runs.models import Run, RunState
from runs.worker import preparing
from samples.models import Embedding, Sample, Tag
from tests.e2e.client.running import run as run_client
from tests.runs.worker.whole import DIVERSE, OUTPUT, World, colours, selection, tag_names

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

SCHEMA = {"task_type": "object-detection", "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "bus"}]}
UNSURE = {
    "input": {"type": "SCORES", "task": "boxes", "score": "uncertainty_margin"},
    "strategy": {"type": "WEIGHTS"},
}
SUNNY = {
    "input": {"type": "METADATA", "key": "scene.weather"},
    "strategy": {"type": "BALANCE", "target": {"sun": 0.75, "rain": 0.25}, "strength": 0.01},
}
CARS = {
    "input": {"type": "PREDICTIONS", "task": "boxes", "name": "CATEGORY_COUNT", "categories": ["car"]},
    "strategy": {"type": "THRESHOLD", "threshold": 2, "operation": "BIGGER_EQUAL"},
}
MIXED = {
    "input": {"type": "PREDICTIONS", "task": "boxes", "name": "CLASS_DISTRIBUTION"},
    "strategy": {"type": "BALANCE", "distribution": "UNIFORM", "strength": 0.01},
}


def box(category: int, share: float) -> dict[str, Any]:
    probabilities = [share, 1 - share] if category == 1 else [1 - share, share]
    return {"category_id": category, "bbox": [0, 0, 4, 4], "score": share, "probabilities": probabilities}


def side_files(names: list[str]) -> dict[str, bytes]:
    """Image n has n cars and a bus, the less sure the larger n; every third has sun."""
    files: dict[str, Any] = {
        "predictions/tasks.json": ["boxes"],
        "predictions/boxes/schema.json": SCHEMA,
        "metadata/schema.json": [
            {"name": "Weather", "path": "scene.weather", "defaultValue": "fog", "valueDataType": "CATEGORICAL_STRING"}
        ],
    }
    for number, name in enumerate(names):
        stem = name.removesuffix(".jpg")
        boxes = [box(1, 0.95 - 0.04 * number)] * number + [box(2, 0.95)]
        files[f"predictions/boxes/{stem}.json"] = {"file_name": name, "predictions": boxes}
        weather = {"weather": "sun" if number % 3 == 0 else "rain"}
        files[f"metadata/{stem}.json"] = {"file_name": name, "type": "image", "metadata": {"scene": weather}}
    return {f".lightly/{name}": json.dumps(value).encode() for name, value in files.items()}


def report_of(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b"".join(artifacts.content(run.artifacts.get(file_name="report_v2.json"))))
    return found


def lines(run: Run) -> list[str]:
    return list(run.lines.values_list("text", flat=True))


def test_predictions_and_metadata(world: World) -> None:
    files = colours(9)
    names = sorted(files)
    told = side_files(names)
    missing, broken = names[7].removesuffix(".jpg"), names[8].removesuffix(".jpg")
    del told[f".lightly/predictions/boxes/{missing}.json"]
    told[f".lightly/predictions/boxes/{broken}.json"] = b"{broken"
    world.put(files)
    world.put(told, OUTPUT)
    run = world.run(selection(2, UNSURE, CARS, SUNNY, MIXED))
    assert run.state == RunState.COMPLETED, run.message
    # At least two cars have the images 2 to 6. Of these, 6 is the least sure.
    assert set(tag_names(run)) < set(names[2:7])
    first = run.picks.get(is_chosen=True, place=1)
    assert first.file_name == names[6]
    assert [each["type"] for each in run.goals] == ["WEIGHTS", "THRESHOLD", "BALANCE", "BALANCE"]
    weather = {share["name"]: share["asked"] for share in run.goals[2]["shares"]}
    assert (weather["sun"], weather["rain"]) == (0.75, 0.25)
    assert any("1 file with predictions of the task boxes is missing" in line for line in lines(run))
    assert any("1 file with predictions of the task boxes is broken" in line for line in lines(run))
    sample = Sample.objects.get(file_name=names[6])
    assert sample.custom_meta_data == {"scene": {"weather": "sun"}}
    report = report_of(run)
    task = report["predictionTaskInformation"]["boxes"]
    assert task["categoryDistribution"]["input"]["counts"] == {"car": sum(range(7)), "bus": 7}
    weather = report["datasetAnalysis"]["metadataInformation"]["customCategorical"]["scene.weather"]
    assert weather["input"]["counts"] == {"rain": 6, "sun": 3}
    demand_that_the_client_takes(report)


def demand_that_the_client_takes(report: dict[str, Any]) -> None:
    """The official client's own strict model, which refuses a key too many and a value of another type."""
    code = (
        "import sys\n"
        "from lightly.openapi_generated.swagger_client.models.report_v2 import ReportV2\n"
        "print(ReportV2.from_json(sys.stdin.read()).general_information.dataset_information.dataset_sizes.n_selected)\n"
    )
    done = run_client("1.5.26", "-c", code, given=report, directory=Path.home())
    assert done.code == 0, done.errors
    assert int(done.output) == report["generalInformation"]["datasetInformation"]["datasetSizes"]["nSelected"]


@pytest.mark.parametrize("kind", ["missing", "broken"])
def test_a_task_without_any_usable_file_ends_the_run(world: World, kind: str) -> None:
    files = colours(3)
    told = side_files(sorted(files))
    for name in [each for each in told if "boxes/" in each and "schema" not in each]:
        del told[name]
        if kind == "broken":
            told[name] = b"[]"
    world.put(files)
    world.put(told, OUTPUT)
    run = world.run(selection(2, UNSURE))
    assert run.state == RunState.FAILED
    assert "No file with predictions of the task boxes can be used" in run.message
    assert world.left() == []
    assert not Sample.objects.exists()


def test_metadata_comes_along_without_being_asked_for(world: World) -> None:
    files = colours(3)
    world.put(files)
    world.put(side_files(sorted(files)), OUTPUT)
    run = world.run(selection(3))
    assert run.state == RunState.COMPLETED, run.message
    assert [each.custom_meta_data for each in Sample.objects.order_by("position")] == [
        {"scene": {"weather": weather}} for weather in ("sun", "rain", "rain")
    ]


def test_own_embeddings(world: World) -> None:
    files = colours(4)
    names = sorted(files)
    vectors = ["1,0", "0.9,0.1", "0,1"]
    rows = [f"{name},{vector},0" for name, vector in zip(names, vectors, strict=False)]
    csv = "\n".join(["filenames,embedding_0,embedding_1,labels", *rows])
    world.put(files)
    world.put({".lightly/embeddings/own.csv": csv.encode()}, OUTPUT)
    run = world.run(selection(2, embeddings="own.csv"))
    assert run.state == RunState.COMPLETED, run.message
    assert tag_names(run) == [names[0], names[2]]
    assert any("1 sample has no embedding" in line for line in lines(run))
    assert Embedding.objects.get().model == "own.csv"


def test_the_datapool_grows(world: World) -> None:
    files = colours(12)
    world.put(files)
    first = world.run(selection(3))
    assert first.state == RunState.COMPLETED, first.message
    refused = world.run(selection(3))
    assert refused.state == RunState.ABORTED
    assert "use_datapool" in refused.message
    second = world.run(selection(4, useDatapool=True))
    assert second.state == RunState.COMPLETED, second.message
    assert (second.sizes["nPreselectedDatapool"], second.sizes["nSelectedWithDatapool"]) == (3, 7)
    assert second.sizes["nInput"] == 9
    assert not set(tag_names(first)) & set(tag_names(second))
    assert (
        list(Sample.objects.order_by("position").values_list("run_id", flat=True)) == [first.pk] * 3 + [second.pk] * 4
    )
    assert Tag.objects.get(name="initial-tag").size == 7
    newest = Embedding.objects.order_by("-created_at")[0]
    assert newest.rows == 7
    # The three that are there count: no sample of the second run is nearer to them than to be the farthest.
    smallest = second.goals[0]["figures"]["smallest_distance"]
    assert smallest > 0
    demand_that_the_client_takes(report_of(second))


def test_predictions_of_the_datapool_count(world: World) -> None:
    """A balance of what is there and what comes: two with cars are held, so two with buses are wanted."""
    files = colours(8)
    names = sorted(files)
    boxes = {name: 1 if number < 5 else 2 for number, name in enumerate(names)}  # the last three have buses
    told: dict[str, Any] = {"tasks.json": ["boxes"], "boxes/schema.json": SCHEMA}
    for name, category in boxes.items():
        found = {"file_name": name, "predictions": [box(category, 0.9)]}
        told[f"boxes/{name.removesuffix('.jpg')}.json"] = found
    world.put({f".lightly/predictions/{name}": json.dumps(value).encode() for name, value in told.items()}, OUTPUT)
    world.put({name: files[name] for name in names[:2]})
    assert world.run(selection(2)).sizes["nSelected"] == 2
    world.put(files)
    run = world.run(selection(2, MIXED, useDatapool=True))
    assert run.state == RunState.COMPLETED, run.message
    assert {boxes[name] for name in tag_names(run)} == {2}
    counts = report_of(run)["predictionTaskInformation"]["boxes"]["categoryDistribution"]
    assert counts["selectedWithDatapool"]["counts"] == {"car": 2, "bus": 2}
    assert not [line for line in lines(run) if "count as unknown" in line]


def test_only_new_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "now", lambda: int(time.time()) + 60)  # the files are old by then
    world.put(colours(4))
    once = selection(2, datasource={"processAll": False, "bypassVerify": True}, useDatapool=True)
    first = world.run(once)
    assert first.state == RunState.COMPLETED, first.message
    world.dataset.refresh_from_db()
    assert world.dataset.processed_until > 1_700_000_000
    again = world.run(once)
    assert again.state == RunState.COMPLETED, again.message
    assert (again.sizes["nInput"], again.sizes["nSelected"]) == (0, 0)
    assert again.tag_id == ""


def test_similar_to_a_tag(world: World) -> None:
    files = colours(8)
    world.put(files)
    first = world.run(selection(1))
    (wanted,) = tag_names(first)
    tag = Tag.objects.get(pk=first.tag_id)
    similar = {
        "input": {"type": "EMBEDDINGS", "datasetId": world.dataset.pk, "tagName": tag.name},
        "strategy": {"type": "SIMILARITY"},
    }
    second = world.run(selection(2, similar, useDatapool=True))
    assert second.state == RunState.COMPLETED, second.message
    assert wanted not in tag_names(second)
    values = [pick.said[0]["value"] for pick in second.picks.filter(is_chosen=True).order_by("place")]
    rest = [pick.said[0]["value"] for pick in second.picks.filter(is_chosen=False)]
    assert values == sorted(values)
    assert max(values) <= min(rest)


def test_relevant_filenames(world: World) -> None:
    files = colours(9)
    world.put(files)
    world.put({".lightly/subset.txt": b"dir1/*\n"}, OUTPUT)
    run = world.run(selection(9, relevantFilenamesFile="subset.txt"))
    assert run.state == RunState.COMPLETED, run.message
    assert tag_names(run) == sorted(name for name in files if name.startswith("dir1/"))
    assert "9 were wanted. All samples that could be chosen are chosen." in run.message
    world.dataset.refresh_from_db()
    assert world.dataset.processed_until == 0


@pytest.mark.parametrize(
    ("docker", "words"),
    [
        ({"relevantFilenamesFile": "gone.txt"}, "There is no file .lightly/gone.txt"),
        ({"embeddings": "gone.csv"}, "There is no file .lightly/embeddings/gone.csv"),
    ],
)
def test_files_that_are_missing(world: World, docker: dict[str, Any], words: str) -> None:
    world.put(colours(2))
    run = world.run(selection(1, **docker))
    assert (run.state, run.job and run.job.state) == (RunState.FAILED, JobState.FAILED)
    assert words in run.message
    assert world.left() == []


def test_without_a_selection_all_are_taken(world: World) -> None:
    files = colours(5)
    world.put(files)
    content = selection(1)
    del content["selection"]
    run = world.run(content)
    assert run.state == RunState.COMPLETED, run.message
    assert tag_names(run) == sorted(files)


def test_nothing_is_added_if_the_datapool_is_not_updated(world: World) -> None:
    world.put(colours(4))
    docker = {"datasource": {"processAll": True, "bypassVerify": True, "enableDatapoolUpdate": False}}
    run = world.run(selection(2, DIVERSE, **docker))
    assert run.state == RunState.COMPLETED, run.message
    assert (run.tag_id, Sample.objects.count(), Embedding.objects.count()) == ("", 0, 0)
    assert run.artifacts.filter(file_name="report_v2.json").exists()
