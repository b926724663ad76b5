"""Every key of a run's configuration, once right and once for each way to be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.configuration import InvalidConfigError, RunSettings, parse
from runs.configuration.settings import InputExpiration
from runs.selection.config import Diversity, Query, Random, Scores, Selection, Weights
from runs.selection.parsing.problems import Problem

DIVERSITY = {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY"}}
SELECTION = {"nSamples": 5, "strategies": [DIVERSITY]}
VERSIONS = ["PLAIN", "V2", "V3", "V4"]


def docker(**keys: Any) -> dict[str, Any]:
    return {"workerType": "FULL", "docker": keys}


def lightly(**keys: Any) -> dict[str, Any]:
    return {"workerType": "FULL", "lightly": keys}


def problems(content: Any, version: str = "V4") -> list[Problem]:
    with pytest.raises(InvalidConfigError) as caught:
        parse(version, content)
    assert str(caught.value).count("\n") == len(caught.value.problems) - 1, "one line for each"
    return caught.value.problems


def pointers(content: Any, version: str = "V4") -> list[str]:
    return [problem.pointer for problem in problems(content, version)]


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_given(version: str) -> None:
    expected = RunSettings()
    assert parse(version, {"workerType": "FULL"}) == expected
    assert parse(version, {}) == expected
    assert parse(version, {"workerType": "FULL", "docker": {}, "lightly": {}, "selection": None}) == expected
    assert expected.selection is None
    assert (expected.ignored, expected.tasks, expected.query, expected.needs_embeddings) == ([], (), None, False)


def test_a_version_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="V5"):
        parse("V5", {})


RIGHT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"datasource": {"processAll": True}}, {"process_all": True}),
    ({"datasource": {"bypassVerify": True}}, {"bypass_verify": True}),
    ({"datasource": {"enableDatapoolUpdate": False}}, {"enable_datapool_update": False}),
    ({"useDatapool": True}, {"use_datapool": True}),
    ({"normalizeEmbeddings": False}, {"normalize_embeddings": False}),
    ({"uploadReport": False}, {"upload_report": False}),
    ({"relevantFilenamesFile": "lists/subset.txt"}, {"relevant_filenames_file": "lists/subset.txt"}),
    ({"relevantFilenamesFile": ""}, {"relevant_filenames_file": ""}),
    ({"embeddings": "mine.csv"}, {"embeddings_file": "mine.csv"}),
    ({"outputImageFormat": "JPEG"}, {"output_image_format": "jpg"}),
    ({"outputImageFormat": "png"}, {"output_image_format": "png"}),
    ({"corruptnessCheck": {"corruptionThreshold": 1}}, {"corruption_threshold": 1.0}),
    ({"corruptnessCheck": {}}, {}),
    ({"checkpoint": "", "enableTraining": False, "selectedSequenceLength": 1, "useDatapool": None}, {}),
]


@pytest.mark.parametrize(("keys", "expected"), RIGHT)
def test_options_of_workers(keys: dict[str, Any], expected: dict[str, Any]) -> None:
    assert parse("V4", docker(**keys)) == RunSettings(**expected)


def test_expiration_is_read() -> None:
    keys = {"inputExpiration": {"minDaysToExpiration": 7.5, "handlingStrategy": "ABORT"}}
    read = parse("V4", docker(datasource=keys))
    assert read.input_expiration == InputExpiration(7.5, aborts=True)
    assert read.ignored == []


WRONG: list[tuple[Any, str]] = [
    (docker(datasource={"processAll": "yes"}), "/docker/datasource/processAll"),
    (docker(datasource=[]), "/docker/datasource"),
    (docker(datasource={"process_all": True}), "/docker/datasource/process_all"),
    (docker(datasource={"inputExpiration": {"handlingStrategy": "SKIP"}}),
     "/docker/datasource/inputExpiration/minDaysToExpiration"),
    (docker(datasource={"inputExpiration": {"minDaysToExpiration": 1, "handlingStrategy": "WAIT"}}),
     "/docker/datasource/inputExpiration/handlingStrategy"),
    (docker(useDatapool=1), "/docker/useDatapool"),
    (docker(relevantFilenamesFile=3), "/docker/relevantFilenamesFile"),
    (docker(relevantFilenamesFile="/subset.txt"), "/docker/relevantFilenamesFile"),
    (docker(relevantFilenamesFile="../subset.txt"), "/docker/relevantFilenamesFile"),
    (docker(relevantFilenamesFile="a\nb"), "/docker/relevantFilenamesFile"),
    (docker(embeddings="a" * 1025), "/docker/embeddings"),
    (docker(embeddings="a\\b"), "/docker/embeddings"),
    (docker(outputImageFormat="gif"), "/docker/outputImageFormat"),
    (docker(corruptnessCheck={"corruptionThreshold": 1.1}), "/docker/corruptnessCheck/corruptionThreshold"),
    (docker(corruptnessCheck={"threshold": 1}), "/docker/corruptnessCheck/threshold"),
    (docker(numProcesses=-2), "/docker/numProcesses"),
    (docker(numThreads="4"), "/docker/numThreads"),
    (docker(cacheSize=0.5), "/docker/cacheSize"),
    (docker(shutdownWhenJobFinished="no"), "/docker/shutdownWhenJobFinished"),
    (docker(checkpointRunId="abc"), "/docker/checkpointRunId"),
    (docker(selectedSequenceLength=0), "/docker/selectedSequenceLength"),
    (docker(crops={"enableUploadForTasks": "boxes"}), "/docker/crops/enableUploadForTasks"),
    (docker(training={"task": ""}), "/docker/training/task"),
    (docker(method="coreset"), "/docker/method"),
    (docker(enableCorruptnessCheck=True), "/docker/enableCorruptnessCheck"),
    (docker(useDataPool=True), "/docker/useDataPool"),
    (lightly(seed=1.5), "/lightly/seed"),
    (lightly(loader={"batchSize": 0}), "/lightly/loader/batchSize"),
    (lightly(loader={"shuffle": 1}), "/lightly/loader/shuffle"),
    (lightly(model={"name": "resnet-19"}), "/lightly/model/name"),
    (lightly(trainer={"precision": 8}), "/lightly/trainer/precision"),
    (lightly(trainer={"precision": True}), "/lightly/trainer/precision"),
    (lightly(criterion={"temperature": 0}), "/lightly/criterion/temperature"),
    (lightly(optimizer={"weightDecay": 2}), "/lightly/optimizer/weightDecay"),
    (lightly(collate={"sigmas": [0, 1]}), "/lightly/collate/sigmas"),
    (lightly(collate={"rrDegrees": [1]}), "/lightly/collate/rrDegrees"),
    (lightly(collate={"cjProb": -0.1}), "/lightly/collate/cjProb"),
    (lightly(models={}), "/lightly/models"),
    (lightly() | {"lightly": 3}, "/lightly"),
    ({"docker": "x"}, "/docker"),
    ({"workerType": "HALF"}, "/workerType"),
    ({"workertype": "FULL"}, "/workertype"),
    ({"selection": 3}, "/selection"),
    ({"selection": {"strategies": [DIVERSITY]}}, "/selection/nSamples"),
    ({"selection": SELECTION | {"proportionSamples": 0.5}}, "/selection/proportionSamples"),
    ([], ""),
]  # fmt: skip


@pytest.mark.parametrize(("content", "pointer"), WRONG)
def test_every_mistake_has_its_place(content: Any, pointer: str) -> None:
    assert pointers(content) == [pointer]


UNSUPPORTED: list[tuple[str, dict[str, Any], str]] = [
    ("V4", docker(checkpoint="/models/checkpoint.ckpt"), "/docker/checkpoint"),
    ("V4", docker(checkpointRunId="a" * 24), "/docker/checkpointRunId"),
    ("V4", docker(enableTraining=True), "/docker/enableTraining"),
    ("V4", docker(pretagging=True), "/docker/pretagging"),
    ("V4", docker(crops={"enableUpload": True}), "/docker/crops"),
    ("V4", docker(crops={"enableUploadForTasks": ["boxes"]}), "/docker/crops"),
    ("V4", docker(selectedSequenceLength=5), "/docker/selectedSequenceLength"),
    ("V2", docker(objectLevel={"taskName": "boxes"}), "/docker/objectLevel/taskName"),
    ("PLAIN", docker(enable_corruptness_check=False), "/docker/enableCorruptnessCheck"),
    ("PLAIN", docker(removeExactDuplicates=False), "/docker/removeExactDuplicates"),
    ("V4", {"selection": SELECTION | {"lightlyPathRegex": "a"}}, "/selection/lightlyPathRegex"),
    ("V4", {"selection": SELECTION | {"autoTasks": [{"type": "TILING"}]}}, "/selection/autoTasks"),
]


@pytest.mark.parametrize(("version", "content", "pointer"), UNSUPPORTED)
def test_what_is_not_supported_yet_says_so(version: str, content: Any, pointer: str) -> None:
    (problem,) = problems(content, version)
    assert problem.pointer == pointer
    assert problem.unsupported
    assert "is not supported yet" in str(problem)


def test_all_mistakes_at_once() -> None:
    content = {
        "docker": {"useDatapol": True, "outputImageFormat": "gif"},
        "lightly": {"seed": "1"},
        "selection": {"strategies": [{"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSE"}}]},
    }
    found = problems(content)
    assert [problem.pointer for problem in found] == [
        *("/docker/outputImageFormat", "/docker/useDatapol", "/lightly/seed"),
        *("/selection/nSamples", "/selection/strategies/0/strategy/type"),
    ]
    assert "Did you mean useDatapool?" in found[1].fix


KEYS_BY_VERSION = [
    ("V2", docker(useDatapool=True), "/docker/useDatapool"),
    ("V3", docker(useDatapool=True), "/docker/useDatapool"),
    ("V2", docker(numProcesses=2), "/docker/numProcesses"),
    ("V3", docker(cacheSize=2), "/docker/cacheSize"),
    ("V3", docker(crops={}), "/docker/crops"),
    ("V3", docker(stoppingCondition={}), "/docker/stoppingCondition"),
    ("V2", docker(datasource={"inputExpiration": {}}), "/docker/datasource/inputExpiration"),
    ("V2", lightly(seed=1), "/lightly/seed"),
    ("V2", lightly(checkpointCallback={}), "/lightly/checkpointCallback"),
    ("V2", lightly(collate={"rrDegrees": [1, 2]}), "/lightly/collate/rrDegrees"),
]


@pytest.mark.parametrize(("version", "content", "pointer"), KEYS_BY_VERSION)
def test_keys_of_other_versions_are_unknown(version: str, content: Any, pointer: str) -> None:
    assert pointers(content, version) == [pointer]


def test_every_key_that_changes_nothing_is_named() -> None:
    content = docker(
        numProcesses=-1,
        numThreads=2,
        cacheSize=10,
        shutdownWhenJobFinished=True,
        pretaggingUpload=False,
        training={"taskName": ""},
        crops={"enableUpload": False},
    ) | {"lightly": {"loader": {"batchSize": 4}, "model": {"numFtrs": 32}, "collate": {"rrDegrees": [-1, 1]}}}
    read = parse("V4", content)
    assert {**vars(read), "notes": ()} == vars(RunSettings())
    assert sorted(read.ignored) == [
        *("docker.cacheSize", "docker.crops", "docker.numProcesses", "docker.numThreads", "docker.pretaggingUpload"),
        *("docker.shutdownWhenJobFinished", "docker.training"),
        *("lightly.collate.rrDegrees", "lightly.loader.batchSize", "lightly.model.numFtrs"),
    ]
    assert all(str(note).endswith(".") for note in read.notes)


CHOSEN: list[tuple[dict[str, Any], Selection | None]] = [
    ({"method": "coreset"}, Selection((Diversity(),))),
    ({"method": "random"}, Selection((Weights(Random()),))),
    ({"stoppingCondition": {"nSamples": 1}}, Selection((Diversity(),), proportion=1.0)),
    ({"stoppingCondition": {"nSamples": 2.0, "minDistance": 0}}, Selection((Diversity(1, 0.0),), count=2)),
    ({"stoppingCondition": {"nSamples": -1, "minDistance": 0.5}}, Selection((Diversity(1, 0.5),))),
    ({}, None),
]


@pytest.mark.parametrize(("keys", "expected"), CHOSEN)
@pytest.mark.parametrize("version", ["V2", "PLAIN"])
def test_the_old_way_to_choose(version: str, keys: dict[str, Any], expected: Selection | None) -> None:
    assert parse(version, docker(**keys)).selection == expected


CHOSEN_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"method": "farthest"}, "/docker/method"),
    ({"stoppingCondition": {"nSamples": 1.5}}, "/docker/stoppingCondition/nSamples"),
    ({"stoppingCondition": {"nSamples": 0}}, "/docker/stoppingCondition/nSamples"),
    ({"stoppingCondition": {"nSamples": -0.5}}, "/docker/stoppingCondition/nSamples"),
    ({"stoppingCondition": {"minDistance": -0.5}}, "/docker/stoppingCondition/minDistance"),
    ({"stoppingCondition": {"minDistance": 3}}, "/docker/stoppingCondition/minDistance"),
    ({"stoppingCondition": {"distance": 3}}, "/docker/stoppingCondition/distance"),
    ({"method": "random", "stoppingCondition": {"minDistance": 1}}, "/docker/stoppingCondition/minDistance"),
]


@pytest.mark.parametrize(("keys", "pointer"), CHOSEN_WRONG)
def test_mistakes_in_the_old_way_to_choose(keys: dict[str, Any], pointer: str) -> None:
    assert pointers(docker(**keys), "V2") == [pointer]


def test_the_old_way_beside_a_selection() -> None:
    unset = {"nSamples": -1, "minDistance": -1}
    read = parse("V2", docker(method="coreset", stoppingCondition=unset) | {"selection": SELECTION})
    assert read.selection == Selection((Diversity(),), count=5)
    assert read.ignored == ["docker.method"]
    both = docker(stoppingCondition={"nSamples": 4}) | {"selection": SELECTION}
    assert pointers(both, "V2") == ["/docker/stoppingCondition"]


def test_the_plain_configuration_takes_both_spellings() -> None:
    content = {
        "docker": {"datasource": {"process_all": True}, "useDatapool": True, "enable_corruptness_check": True},
        "lightly": {"model": {"num_ftrs": 64}},
    }
    read = parse("PLAIN", content)
    assert read.process_all
    assert read.use_datapool
    assert read.ignored == ["lightly.model.numFtrs"]
    twice = docker(use_datapool=True, useDatapool=False)
    assert pointers(twice, "PLAIN") == ["/docker/useDatapool"]


def test_embeddings_that_are_not_scaled_have_other_distances() -> None:
    far = {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY", "stopping_condition_minimum_distance": 3}}
    content = {"selection": {"nSamples": 5, "strategies": [far]}}
    assert pointers(content) == ["/selection/strategies/0/strategy/stopping_condition_minimum_distance"]
    assert parse("V4", content | docker(normalizeEmbeddings=False)).selection == Selection((Diversity(1, 3),), count=5)


def test_what_a_selection_needs() -> None:
    score = {"type": "SCORES", "task": "boxes", "score": "uncertainty_entropy"}
    count = {"type": "PREDICTIONS", "name": "CATEGORY_COUNT", "task": "animals"}
    query = {"type": "EMBEDDINGS", "datasetId": "a" * 24, "tagName": "mistakes"}
    weights = {"type": "WEIGHTS"}
    entries = [
        {"input": score, "strategy": weights},
        {"input": count, "strategy": weights},
        {"input": {"type": "METADATA", "key": "weather.temperature"}, "strategy": weights},
        {"input": {"type": "METADATA", "key": "lightly.snr"}, "strategy": weights},
    ]
    read = parse("V3", {"selection": {"proportionSamples": 0.5, "strategies": entries}})
    assert read.tasks == ("animals", "boxes")
    assert read.scores == (Scores("boxes", "uncertainty_entropy"),)
    assert read.score_names == ("uncertainty_entropy",)
    assert read.metadata_keys == ("lightly.snr", "weather.temperature")
    assert read.custom_metadata_keys == ("weather.temperature",)
    assert not read.needs_embeddings
    similar = {"input": query, "strategy": {"type": "SIMILARITY"}}
    read = parse("V3", {"selection": {"nSamples": 5, "strategies": [similar]}})
    assert read.query == Query("a" * 24, "mistakes")
    assert read.needs_embeddings


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["datasource", "processAll", "loader", "crops", "training", "x"]), inner)
    ),
    max_leaves=10,
)
_PLACES = ["docker", "lightly", "selection", "workerType"]
_DOCKER = [
    *("datasource", "crops", "training", "objectLevel", "stoppingCondition", "method", "corruptnessCheck"),
    *("embeddings", "numThreads", "checkpointRunId", "outputImageFormat", "useDatapool"),
]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(VERSIONS), st.sampled_from(_PLACES), st.sampled_from(_DOCKER), _JSON)
def test_nonsense_is_a_problem_and_never_an_error(version: str, place: str, key: str, nonsense: Any) -> None:
    for content in ({place: nonsense}, docker(**{key: nonsense})):
        found = _settings_or_problems(version, content)
        assert found
        assert json.dumps([str(each) for each in found]) if isinstance(found, list) else found.seed is not None


def _settings_or_problems(version: str, content: Any) -> RunSettings | list[Problem]:
    try:
        return parse(version, content)
    except InvalidConfigError as error:
        return error.problems
