"""Whole runs in this process, slice by slice, against a real storage server."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pytest_django import Settings

from clouds import parse_config
from clouds.pool import STORES
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from jobs import services, tasks
from jobs.models import OPEN_STATES, Job, JobShard, ShardState
from runs.models import Run
from runs.runners import RUN_KIND
from runs.worker.choosing import selecting
from runs.worker.embedding import models
from samples.models import Tag
from samples.queries import names_of_tag
from tests.contents.media.making import encoded
from tests.contents.support import READING, connect
from tests.runs.making import run_of
from tests.runs.worker.embedding.networks import write_mean_network
from tests.servers import WORKING_RIGHTS, Cloud, Config, Right

INPUT, OUTPUT = "in/", "out/"
RIGHTS = WORKING_RIGHTS | {Right.DELETE}
DIVERSE = {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY"}}
# A whole job of these tests has fewer slices.
MOST_ROUNDS = 400


def selection(count: int, *strategies: dict[str, Any], **docker: Any) -> dict[str, Any]:
    """The content of a V4 configuration."""
    content: dict[str, Any] = {
        "workerType": "FULL",
        "selection": {"nSamples": count, "strategies": list(strategies) or [DIVERSE]},
    }
    return content | {"docker": {"datasource": {"processAll": True, "bypassVerify": True}} | docker}


@dataclass
class World:
    """A dataset with an Input and a Lightly datasource in one bucket."""

    cloud: Cloud
    bucket: str
    dataset: Dataset

    def put(self, files: Mapping[str, bytes], prefix: str = INPUT) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: self.cloud.put(self.bucket, prefix + name, files[name]), files))

    def left(self) -> list[str]:
        """What runs keep while they work, if anything is left of it."""
        return [key for key in self.cloud.keys(self.bucket) if key.startswith(f"{OUTPUT}.lightly/runs/")]

    def lead(self, purpose: Purpose, config: Config) -> None:
        """A datasource that is there already leads here from now on."""
        datasource = self.dataset.datasources.get(purpose=purpose)
        datasource.set_config(parse_config(config, configured_endpoints()))
        datasource.revision += 1
        datasource.save()

    def run(self, content: dict[str, Any], **how: Any) -> Run:
        """A run from its beginning to its end."""
        return ended(begun(self.dataset, content), **how)


@pytest.fixture
def world(
    dataset: Dataset,
    clouds: dict[str, Cloud],
    endpoints: None,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> World:
    """On the provider that a test names as this fixture's parameter, else on S3."""
    settings.LIGHTLY_RUNS_DIR = tmp_path / "runs"
    cloud = clouds[getattr(request, "param", "S3")]
    bucket = cloud.make_bucket()
    connect(dataset, Purpose.INPUT, cloud.grant(bucket, INPUT, READING))
    connect(dataset, Purpose.LIGHTLY, cloud.grant(bucket, OUTPUT, RIGHTS))
    return World(cloud, bucket, dataset)


@pytest.fixture(autouse=True)
def quick_network(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Three numbers a picture: the mean of each colour."""
    folder = tmp_path_factory.getbasetemp() / "networks"
    folder.mkdir(exist_ok=True)
    path = folder / "means.onnx"
    if not path.exists():
        write_mean_network(path)
    settings.LIGHTLY_EMBEDDING_MODEL = path
    models._chosen.cache_clear()
    selecting.forget()
    yield
    STORES.close()


def begun(dataset: Dataset, content: dict[str, Any]) -> Run:
    run = run_of(dataset, content)
    stamp = f"20261128_19h00m{Run.objects.count():02}s"
    run.job, _ = services.start(
        RUN_KIND, title="Run", subject=dataset.pk, dataset=dataset, team=dataset.team, arguments={"run": run.pk}
    )
    run.stamp = stamp
    run.save(update_fields=["job", "stamp"])
    return run


def ended(run: Run, *, seed: int | None = None, before: Callable[[str], None] | None = None) -> Run:
    """As workers do it until nothing is left. `seed`: in a shuffled order. `before`: called with each shard's id."""
    assert run.job
    chance = random.Random(seed)
    for _ in range(MOST_ROUNDS):
        jobs = Job.objects.filter(arguments__run=run.pk, state__in=OPEN_STATES)
        shards = JobShard.objects.filter(job__in=jobs, state=ShardState.QUEUED)
        waiting = list(shards.order_by("job", "number").values_list("pk", flat=True))
        if not waiting:
            run.refresh_from_db()
            return run
        if seed is not None:
            chance.shuffle(waiting)
        if before:
            before(waiting[0])
        tasks.run_slice(waiting[0])
    raise AssertionError(f"{run} does not end")


def tag_names(run: Run) -> list[str]:
    return names_of_tag(Tag.objects.get(pk=run.tag_id))


def colours(count: int, size: tuple[int, int] = (32, 24)) -> dict[str, bytes]:
    """JPEGs of one colour each, with a little noise: no two are alike."""
    chance = np.random.default_rng(7)
    found = {}
    for number in range(count):
        colour = chance.integers(0, 256, 3)
        noise = chance.integers(-3, 4, (size[1], size[0], 3))
        pixels = np.clip(colour + noise, 0, 255).astype(np.uint8)
        found[f"dir{number % 3}/{number:03}.jpg"] = encoded(Image.fromarray(pixels), "JPEG", quality=92)
    return found
