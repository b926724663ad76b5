"""What each version of the official client sends as a run's configuration, and what we read in it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from runs.configuration import InvalidConfigError, RunSettings, parse
from runs.pages.snippets import snippet
from runs.selection.config import (
    Balance,
    CategoryCount,
    ClassDistribution,
    Distribution,
    Diversity,
    Metadata,
    Operation,
    Query,
    Random,
    Scores,
    Selection,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)
from tests.e2e.client.running import run

SCRIPT = Path(__file__).with_name("scripts") / "run_configs.py"
VERSIONS = {"v2": "V2", "v3": "V3", "vx": "V4"}
DATASET = "a" * 24


def sent(version: str, home: Path, *arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """What this version's client sends for each: path and body."""
    answers: list[dict[str, Any]] = run(version, str(SCRIPT), given={"arguments": arguments}, directory=home).answer
    return answers


def understood(answer: dict[str, Any]) -> RunSettings:
    return parse(VERSIONS[answer["path"]], answer["body"]["config"])


def selection(source: dict[str, Any], strategy: dict[str, Any]) -> dict[str, Any]:
    return {"selection_config": {"n_samples": 9, "strategies": [{"input": source, "strategy": strategy}]}}


EMBEDDINGS = {"type": "EMBEDDINGS"}
CLASSES = {"type": "PREDICTIONS", "task": "boxes", "name": "CLASS_DISTRIBUTION"}
COUNT = {"type": "PREDICTIONS", "task": "boxes", "name": "CATEGORY_COUNT", "categories": ["car"]}
# All versions can send these.
OLD: list[tuple[dict[str, Any], dict[str, Any], Strategy]] = [
    (EMBEDDINGS, {"type": "DIVERSITY", "stopping_condition_minimum_distance": 0.1}, Diversity(1, 0.1)),
    (EMBEDDINGS | {"dataset_id": DATASET, "tag_name": "mistakes"}, {"type": "SIMILARITY"},
     Similarity(Query(DATASET, "mistakes"))),
    ({"type": "SCORES", "task": "boxes", "score": "object_frequency"}, {"type": "WEIGHTS"},
     Weights(Scores("boxes", "object_frequency"))),
    ({"type": "METADATA", "key": "lightly.sharpness"}, {"type": "THRESHOLD", "threshold": 20, "operation": "BIGGER"},
     Threshold(Metadata("lightly.sharpness"), Operation.BIGGER, 20)),
    (CLASSES, {"type": "BALANCE", "target": {"car": 0.3, "big_bus": 0.2}},
     Balance(ClassDistribution("boxes"), Distribution.TARGET, (("big_bus", 0.2), ("car", 0.3)))),
    (COUNT, {"type": "THRESHOLD", "threshold": 2, "operation": "SMALLER_EQUAL"},
     Threshold(CategoryCount("boxes", ("car",)), Operation.SMALLER_EQUAL, 2)),
    ({"type": "RANDOM", "random_seed": 42}, {"type": "WEIGHTS"}, Weights(Random(42))),
]  # fmt: skip
NEW: list[tuple[dict[str, Any], dict[str, Any], Strategy]] = [
    (EMBEDDINGS, {"type": "TYPICALITY", "num_nearest_neighbors": 20, "stopping_condition_minimum_typicality": 0.5},
     Typicality(20, 1, 0.5)),
    (EMBEDDINGS, {"type": "DIVERSITY", "strength": 2.5}, Diversity(2.5)),
    (CLASSES, {"type": "BALANCE", "distribution": "UNIFORM"},
     Balance(ClassDistribution("boxes"), Distribution.UNIFORM)),
    (COUNT, {"type": "WEIGHTS", "target_range": {"min_sum": 5, "max_sum": 8}},
     Weights(CategoryCount("boxes", ("car",)), range_from=5, range_to=8)),
    (COUNT, {"type": "WEIGHTS", "stopping_condition_max_sum": 7},
     Weights(CategoryCount("boxes", ("car",)), maximum_sum=7)),
]  # fmt: skip


@pytest.mark.parametrize(("version", "strategies"), [("1.3.3", OLD), ("1.4.5", OLD), ("1.5.26", OLD + NEW)])
def test_every_selection_is_understood(version: str, strategies: list[Any], tmp_path: Path) -> None:
    answers = sent(version, tmp_path, *(selection(source, strategy) for source, strategy, _ in strategies))
    assert [understood(answer).selection for answer in answers] == [
        Selection((expected,), count=9) for _, _, expected in strategies
    ]


EVERYWHERE = {
    "worker_config": {
        "checkpoint": "",
        "corruptness_check": {"corruption_threshold": 0.3},
        "datasource": {"process_all": True, "bypass_verify": True, "enable_datapool_update": False},
        "embeddings": "embeddings.csv",
        "enable_training": False,
        "normalize_embeddings": False,
        "output_image_format": "jpg",
        "pretagging": False,
        "pretagging_upload": False,
        "relevant_filenames_file": "subset.txt",
        "selected_sequence_length": 1,
        "upload_report": False,
    },
    "lightly_config": {
        "loader": {"batch_size": 16, "shuffle": True, "num_workers": -1, "drop_last": True},
        "model": {"name": "resnet-18", "out_dim": 128, "num_ftrs": 32, "width": 1},
        "trainer": {"gpus": 1, "max_epochs": 100, "precision": 32},
        "criterion": {"temperature": 0.5},
        "optimizer": {"lr": 1, "weight_decay": 0.00001},
        "collate": {
            "input_size": 64,
            "cj_prob": 0.8,
            "cj_bright": 0.7,
            "cj_contrast": 0.7,
            "cj_sat": 0.7,
            "cj_hue": 0.2,
            "min_scale": 0.15,
            "random_gray_scale": 0.2,
            "gaussian_blur": 0.5,
            "kernel_size": 0.1,
            "sigmas": [0.2, 2],
            "vf_prob": 0,
            "hf_prob": 0.5,
            "rr_prob": 0,
        },
    },
}
READ = RunSettings(
    process_all=True,
    bypass_verify=True,
    enable_datapool_update=False,
    normalize_embeddings=False,
    upload_report=False,
    relevant_filenames_file="subset.txt",
    embeddings_file="embeddings.csv",
    output_image_format="jpg",
    corruption_threshold=0.3,
)


@pytest.mark.parametrize("version", ["1.3.3", "1.4.5", "1.5.26"])
def test_every_option_that_all_versions_have(version: str, tmp_path: Path) -> None:
    nothing, empty, everything, pretagging = sent(
        version, tmp_path, {}, {"worker_config": {}}, EVERYWHERE, {"worker_config": {"pretagging": True}}
    )
    assert understood(nothing) == understood(empty) == RunSettings()
    read = understood(everything)
    assert {**vars(read), "notes": ()} == vars(READ)
    assert {"lightly.model.numFtrs", "lightly.collate.sigmas", "docker.pretaggingUpload"} <= set(read.ignored)
    with pytest.raises(InvalidConfigError, match=r"pretagging.*not supported yet"):
        understood(pretagging)


def test_the_old_way_to_choose(tmp_path: Path) -> None:
    """Only 1.3.3 knows it."""
    share, number, random, unset, objects = sent(
        "1.3.3",
        tmp_path,
        {"worker_config": {"method": "coreset", "stopping_condition": {"n_samples": 0.3, "min_distance": -1}}},
        {"worker_config": {"stopping_condition": {"n_samples": 50, "min_distance": 0.2}}},
        {"worker_config": {"method": "random", "stopping_condition": {"n_samples": 50}}},
        {"worker_config": {"method": "coreset", "stopping_condition": {"n_samples": -1, "min_distance": -1}}},
        {"worker_config": {"object_level": {"task_name": "boxes", "crop_dataset_name": "crops", "padding": 0.1}}},
    )
    assert understood(share).selection == Selection((Diversity(),), proportion=0.3)
    assert understood(number).selection == Selection((Diversity(1, 0.2),), count=50)
    assert understood(random).selection == Selection((Weights(Random()),), count=50)
    assert understood(unset).selection == Selection((Diversity(),))
    with pytest.raises(InvalidConfigError, match="Selecting objects is not supported yet"):
        understood(objects)


def test_what_came_with_the_newest_version(tmp_path: Path) -> None:
    options, crops, training, tiling = sent(
        "1.5.26",
        tmp_path,
        {
            "worker_config": {
                "use_datapool": True,
                "num_processes": -1,
                "num_threads": 4,
                "cache_size": 0,
                "shutdown_when_job_finished": True,
                "datasource": {"input_expiration": {"min_days_to_expiration": 7, "handling_strategy": "SKIP"}},
                "crops": {"enable_upload": False},
            },
            "lightly_config": {"seed": 7, "checkpoint_callback": {"save_last": True}},
        },
        {"worker_config": {"crops": {"enable_upload_for_tasks": ["boxes"]}}},
        {"worker_config": {"enable_training": True, "training": {"task_name": "boxes"}}},
        {
            "selection_config": {
                "n_samples": 9,
                "strategies": [{"input": EMBEDDINGS, "strategy": {"type": "DIVERSITY"}}],
                "auto_tasks": [{"type": "TILING", "name": "tiles", "num_rows": 2, "num_cols": 2}],
            }
        },
    )
    read = understood(options)
    assert read.use_datapool
    assert read.seed == 7
    assert read.input_expiration
    assert (read.input_expiration.min_days, read.input_expiration.aborts) == (7, False)
    assert read.ignored == [
        *("docker.numProcesses", "docker.numThreads", "docker.cacheSize", "docker.shutdownWhenJobFinished"),
        *("docker.crops", "lightly.checkpointCallback.saveLast"),
    ]
    for refused in (crops, training, tiling):
        with pytest.raises(InvalidConfigError, match="not supported yet"):
            understood(refused)


def test_the_script_that_a_runs_page_offers(tmp_path: Path) -> None:
    """What the client sends for it means the same as the configuration that it was made of."""
    strategies = [
        {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "TYPICALITY", "numNearestNeighbors": 5, "strength": 2}},
        {"input": {"type": "EMBEDDINGS"},
         "strategy": {"type": "DIVERSITY", "stopping_condition_minimum_distance": 0.1}},
        {"input": {"type": "PREDICTIONS", "name": "CLASS_DISTRIBUTION", "task": "boxes", "categories": ["bigBus"]},
         "strategy": {"type": "BALANCE", "target": {"bigBus": 0.5}}},
        {"input": {"type": "METADATA", "key": "lightly.sizeInBytes"},
         "strategy": {"type": "WEIGHTS", "targetRange": {"minSum": 1, "maxSum": 5}}},
    ]  # fmt: skip
    content = {
        "workerType": "FULL",
        "docker": {"useDatapool": True, "datasource": {"processAll": True}, "relevantFilenamesFile": 'a "b".txt'},
        "lightly": {"seed": 7},
        "selection": {"proportionSamples": 0.25, "strategies": strategies, "autoTasks": []},
    }
    script = snippet(content, "a" * 24, {"priority": "HIGH", "runs_on": ["gpu"]})
    (call,) = (
        node
        for node in ast.walk(ast.parse(script))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "schedule_compute_worker_run"
    )
    arguments = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    assert (arguments.pop("priority"), arguments.pop("runs_on")) == ("HIGH", ["gpu"])
    (answer,) = sent("1.5.26", tmp_path, arguments)
    assert understood(answer) == parse("V4", content)
