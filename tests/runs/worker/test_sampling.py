"""Selections among the samples of a dataset, through the REST API and the job, with a csv file in a real bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from datasets.models import Dataset
from jobs.models import Job, JobState
from runs.selection.choosing import Chooser
from samples import telling
from samples.models import Embedding, Tag
from samples.queries import initial_tag_of, names_of_tag
from samples.tags import services
from teams.models import User
from tests.conftest import Call, Script
from tests.jobs.helpers import work_off
from tests.runs.worker.whole import OUTPUT, World
from tests.samples.making import grow

pytestmark = pytest.mark.django_db
NAMES = [f"{number}.jpg" for number in range(6)]
# Two by two close to each other, and the last alone and far away.
NUMBERS = {"0.jpg": 0.0, "1.jpg": 0.1, "2.jpg": 1.0, "3.jpg": 1.1, "4.jpg": 9.0}
KEY = ".lightly/embeddings/default_mine.csv"


@pytest.fixture
def embedding(world: World) -> Embedding:
    lines = [f"{name},{number},0,0" for name, number in NUMBERS.items()]
    content = "\n".join(["filenames,embedding_0,embedding_1,labels", *reversed(lines)])
    world.cloud.put(world.bucket, f"{OUTPUT}{KEY}", content.encode())
    grow(world.dataset, NAMES)
    return Embedding.objects.create(dataset=world.dataset, name="default_mine", key=KEY, is_processed=True)


@pytest.fixture
def script(call: Call, alice: User) -> Script:
    return call(alice)


def asked(script: Script, embedding: Embedding, method: str, **told: Any) -> Any:
    path = f"/v1/datasets/{embedding.dataset_id}/embeddings/{embedding.pk}/sampling"
    stop = {key: told.pop(key) for key in ("nSamples", "minDistance") if key in told}
    body = {"newTagName": "picked", "method": method, "config": {"stoppingCondition": stop}, "rowCount": 6}
    return script.post(path, body | told)


def selected(script: Script, embedding: Embedding, method: str, **told: Any) -> Tag:
    """The tag that the job made, as the client finds it."""
    answer = asked(script, embedding, method, **told)
    assert answer.status_code == 200, answer.content
    job_id = answer.json()["jobId"]
    assert script.get(f"/v1/jobs/{job_id}").json()["status"] == "WAITING"
    job = work_off(Job.objects.get(pk=job_id))
    status = script.get(f"/v1/jobs/{job_id}").json()
    assert status["status"] == "FINISHED", job.error
    assert status["result"]["type"] == "SAMPLING"
    return Tag.objects.get(pk=status["result"]["data"])


def by_hand(dataset: Dataset, *names: str) -> Tag:
    return services.create_from_names(dataset, name="by hand", file_names=names, by=None)


def test_coreset_takes_what_is_far_apart(script: Script, embedding: Embedding) -> None:
    tag = selected(script, embedding, "CORESET", nSamples=3, minDistance=-1)
    assert names_of_tag(tag) in (["0.jpg", "3.jpg", "4.jpg"], ["0.jpg", "2.jpg", "4.jpg"])
    assert tag.creator == "SAMPLER_CORESET"
    assert tag.previous_id == tag.query_tag_id == initial_tag_of(embedding.dataset).pk  # type: ignore[union-attr]
    assert tag.changes[0]["changes"] == {"sampler": {"method": "CORESET"}}


def test_distance_alone_ends_it(script: Script, embedding: Embedding) -> None:
    tag = selected(script, embedding, "CORESET", nSamples=-1, minDistance=0.5)
    assert len(names_of_tag(tag)) == 3  # one of each pair, and the lonely one; the sixth has no embedding


def test_preselected_samples_are_in_the_tag_and_count(script: Script, embedding: Embedding) -> None:
    before = by_hand(embedding.dataset, "4.jpg", "0.jpg")
    tag = selected(script, embedding, "CORESET", nSamples=3, preselectedTagId=before.pk)
    assert names_of_tag(tag) == ["0.jpg", "3.jpg", "4.jpg"]
    assert tag.preselected_tag_id == before.pk


def test_scores_of_the_query_tag(script: Script, embedding: Embedding) -> None:
    query = by_hand(embedding.dataset, "1.jpg", "2.jpg", "3.jpg")
    telling.store_scores(query, "uncertainty_margin", [0.1, 0.2, 0.9])
    tag = selected(script, embedding, "ACTIVE_LEARNING", nSamples=2, queryTagId=query.pk)
    assert names_of_tag(tag) == ["2.jpg", "3.jpg"]
    assert tag.previous_id == query.pk


def test_coral_weighs_both(script: Script, embedding: Embedding) -> None:
    everything = initial_tag_of(embedding.dataset)
    assert everything
    telling.store_scores(everything, "a", [0.5, 0.5, 0.4, 0.6, 0.5, 0.5])
    tag = selected(script, embedding, "CORAL", nSamples=3, scoreType="a")
    assert names_of_tag(tag)[-1] == "4.jpg"
    assert "3.jpg" in names_of_tag(tag)


def test_random_needs_no_embedding_and_a_share_is_enough(script: Script, embedding: Embedding) -> None:
    Embedding.objects.filter(pk=embedding.pk).update(is_processed=False, key="gone.csv")
    assert selected(script, embedding, "RANDOM", nSamples=0.5).size == 3


def test_slices_and_other_processes_change_nothing(
    script: Script, embedding: Embedding, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    whole = names_of_tag(selected(script, embedding, "CORESET", nSamples=4))
    real = Chooser.advance
    monkeypatch.setattr(Chooser, "advance", lambda self, seconds: real(self, picks=1))
    answer = asked(script, embedding, "CORESET", nSamples=4, newTagName="in slices")
    job = work_off(Job.objects.get(pk=answer.json()["jobId"]))
    assert job.state == JobState.DONE
    assert names_of_tag(Tag.objects.get(name="in slices")) == whole
    assert not (Path(settings.LIGHTLY_RUNS_DIR) / job.pk).exists()


def test_what_can_not_be_done_is_refused(script: Script, embedding: Embedding) -> None:
    before = by_hand(embedding.dataset, "0.jpg", "1.jpg")
    refused: dict[str, dict[str, Any]] = {
        "TAG_NAME_EXISTS": {"method": "RANDOM", "nSamples": 2, "newTagName": "by hand"},
        "TAG_NO_SCORES_AVAILABLE": {"method": "CORAL", "nSamples": 2},
        "TAG_QUERYTAG_NOT_IN_DATASET": {"method": "RANDOM", "nSamples": 2, "queryTagId": "f" * 24},
        "MALFORMED_REQUEST": {"method": "CORESET", "nSamples": 2, "preselectedTagId": before.pk},
    }
    for code, told in refused.items():
        assert asked(script, embedding, **told).json()["code"] == code
    assert "how many" in asked(script, embedding, "RANDOM", nSamples=-1).json()["error"]
    assert "minDistance" in asked(script, embedding, "RANDOM", nSamples=2, minDistance=1).json()["error"]
    Embedding.objects.filter(pk=embedding.pk).update(is_processed=False)
    assert asked(script, embedding, "CORESET", nSamples=2).json()["code"] == "EMBEDDING_NOT_READY"
    assert not Job.objects.filter(kind="samples.sampling").exists()


def test_a_job_that_fails_says_why(script: Script, embedding: Embedding) -> None:
    answer = asked(script, embedding, "CORESET", nSamples=2)
    embedding.delete()
    path = f"/v1/jobs/{answer.json()['jobId']}"
    work_off(Job.objects.get(pk=answer.json()["jobId"]))
    status = script.get(path).json()
    assert (status["status"], status["error"]) == ("FAILED", "The embedding was deleted.")
    assert "result" not in status
