"""A dataset with everything an operation may ask for."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from clouds import parse_config
from core.queues import Queue
from datasets.models import Dataset
from datasets.services import share_dataset
from datasources import services, tasks
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from jobs.models import Job
from runs import artifacts
from runs.models import ArtifactType, Run, ScheduledRun
from runs.runners import SAMPLING_KIND
from runs.scheduling import registry
from samples.models import Embedding
from teams.models import User
from teams.service_accounts import services as service_accounts
from tests.conftest import person
from tests.contents.annotation_reports.support import made_report, spoilt
from tests.contents.index.memory import made_index
from tests.runs.making import run_of
from tests.samples.making import grow
from tests.servers import WORKING_RIGHTS, Cloud, Config


@pytest.fixture(scope="package")
def configs(clouds: dict[str, Cloud]) -> dict[Purpose, Config]:
    """Working datasources with files in them. Only the listings' own tests look at what is in there."""
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    for key in ("input/a b.jpg", "lightly/.lightly/metadata/a b.json", "lightly/.lightly/predictions/task/a b.json"):
        cloud.put(bucket, key, b"{}")
    return {
        Purpose.INPUT: cloud.grant(bucket, "input/", WORKING_RIGHTS),
        Purpose.LIGHTLY: cloud.grant(bucket, "lightly/", WORKING_RIGHTS),
    }


@pytest.fixture
def ready(
    alice: User,
    dataset: Dataset,
    configs: dict[Purpose, Config],
    cloud_environment: dict[str, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Dataset:
    """Alice's, shared, with both datasources."""
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    settings.LIGHTLY_S3_ENDPOINT_URL = cloud_environment["LIGHTLY_S3_ENDPOINT_URL"]
    for purpose, config in configs.items():
        parsed = parse_config(config, configured_endpoints())
        services.save(dataset=dataset, purpose=purpose, config=parsed, thumb_suffix="", by=alice)
    indexes = {
        datasource.purpose: made_index(datasource, ["a b.jpg", "b.JPG", "c.heic"])
        for datasource in dataset.datasources.all()
    }
    made_report(indexes[Purpose.INPUT], indexes[Purpose.LIGHTLY], spoilt().report())
    share_dataset(dataset=dataset, emails=["friend@example.com"])
    grow(dataset, ["a b.jpg", "b.JPG"])
    return dataset


@pytest.fixture
def known(ready: Dataset, alice: User) -> dict[str, str]:
    """What paths may name: things of alice's team."""
    account = service_accounts.create(team=ready.team, name="nightly-training", by=alice)
    colleague = person("dana@example.com", ready.team)
    tag = ready.tags.exclude(previous=None).get()
    sample = ready.samples.earliest("position")
    embedding = Embedding.objects.create(dataset=ready, name="default", key=".lightly/embeddings/default.csv")
    return {
        "dataset_id": ready.pk,
        "embedding_id": embedding.pk,
        "job_id": Job.objects.create(kind=SAMPLING_KIND, queue=Queue.RUNS, title="Select", dataset=ready).pk,
        "tag_id": tag.pk,
        "sample_id": sample.pk,
        "team_id": ready.team_id,
        "user_id": colleague.pk,
        "service_account_id": account.pk,
        **known_runs(ready, alice),
    }


def known_runs(dataset: Dataset, owner: User) -> dict[str, str]:
    """A run with a file, another one that waits, and a worker."""
    run = run_of(dataset)
    made = artifacts.add(run, ArtifactType.LOG, "log.txt", b"a line")
    waiting = ScheduledRun.objects.create(dataset=dataset, config=run.config)
    Run.objects.filter(pk=run.pk).update(scheduled_key=waiting.pk)
    worker = registry.register(owner=owner, name="gpu box", labels=["gpu"])
    return {
        "run_id": run.pk,
        "artifact_id": made.pk,
        "scheduled_id": waiting.pk,
        "config_id": run.config_id,
        "worker_id": worker.pk,
    }
