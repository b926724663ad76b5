"""Whole runs by one worker and by two, each with one process, on a storage that is 20 ms away.

A real installation: Redis, scheduler, workers, SQLite. `python -m bench.workers SECONDS` makes nothing but embeddings
for so long, and prints how many in a second: what two processes make more than one is all that two workers can gain.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django
import numpy as np

from bench import indexing
from bench.measuring import Effort, Measured, at_least
from bench.storage import PREFIX, WARM_IMAGES, WARM_PREFIX
from core.queues import Queue
from runs.worker.embedding.models import default_network
from runs.worker.embedding.network import BATCH, Network
from tests.servers.process import eventually

if TYPE_CHECKING:
    from tests.jobs.installation import Installation

LATENCY_MILLISECONDS = 20
BARE_SECONDS, QUICK_BARE_SECONDS = 4.0, 0.5
# Of one run.
PATIENCE = 1200
_BEGIN = """
import json, sys
from tests.jobs.worker_app import app
from bench.indexing import fields
from datasets.services import create_dataset
from datasources.models import Purpose
from teams.models import User
from teams.services import create_user
from tests.contents.support import connect
from tests.runs.worker.whole import begun, selection
name, prefix, wanted = json.loads(sys.argv[1])
owner = User.objects.filter(email="runs@example.com").first() or create_user(email="runs@example.com")
dataset = create_dataset(name=name, owner=owner)
connect(dataset, Purpose.INPUT, fields(prefix))
connect(dataset, Purpose.LIGHTLY, fields(f"out-{name}/"))
print(begun(dataset, selection(wanted)).job.pk)
"""

Stages = dict[str, float]
"""Seconds of each stage of a run."""


def ratio(effort: Effort) -> Measured:
    """Images in a second, from the first slice to the last. Both runs have warm workers."""
    with installation(effort.images) as installed:
        one = _run(installed, "one worker", effort.images)
        two = _run(installed, "two workers", effort.images)
    single, pair = (sum(found.values()) for found in (one, two))
    rest_of_one, rest_of_two = (sum(found.values()) - found["EMBEDDING"] for found in (one, two))
    note = (
        f"Two bare networks at once do {_machine(effort):.2f} x of one. Reading, embedding: {one['EMBEDDING']:.1f} s,"
        f" then {two['EMBEDDING']:.1f} s; all other stages: {rest_of_one:.1f} s, then {rest_of_two:.1f} s"
    )
    what, images = f"run of {effort.images:,} images, two workers", effort.images
    return Measured(what, images / pair, images / single, "one worker", at_least(1.7), unit="/s", note=note)


def _machine(effort: Effort) -> float:
    seconds = QUICK_BARE_SECONDS if effort.is_quick else BARE_SECONDS
    return sum(_bare(seconds, 2)) / _bare(seconds, 1)[0]


def _bare(seconds: float, count: int) -> list[float]:
    command = [sys.executable, "-m", "bench.workers", str(seconds)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return [float(process.communicate()[0]) for process in processes]


def main() -> None:
    seconds = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        network = Network(default_network(Path(folder)), "default", threads=1)
        pictures = list(np.random.default_rng(0).integers(0, 256, (BATCH, 224, 224, 3), dtype=np.uint8))
        network.vectors(pictures)
        count, began = 0, time.monotonic()
        while time.monotonic() < began + seconds:
            count += len(network.vectors(pictures))
    print(count / (time.monotonic() - began))


@contextmanager
def storage(images: int, milliseconds: float) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.storage", str(images), str(milliseconds)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.communicate()


@contextmanager
def installation(images: int) -> Iterator[Installation]:
    django.setup()
    from tests.jobs.installation import Installation

    with tempfile.TemporaryDirectory() as directory, storage(images, LATENCY_MILLISECONDS) as port:
        made = Installation(Path(directory) / "stack")
        made.stack.environ |= indexing.environment(port)
        try:
            made.start()
            yield made
        finally:
            made.stack.stop()


def _run(installed: Installation, name: str, images: int) -> Stages:
    """With one more worker than before."""
    installed.start_worker(Queue.RUNS, concurrency=1)
    _stages(installed, f"{name} warm", WARM_PREFIX, WARM_IMAGES)
    return _stages(installed, name, PREFIX, images)


def _stages(installed: Installation, name: str, prefix: str, images: int) -> Stages:
    job = installed._run(_BEGIN, json.dumps([name, prefix, max(5, images // 50)]))
    ended = {"DONE", "FAILED", "CANCELLED"}
    assert eventually(lambda: installed.job(job)["state"] in ended, PATIENCE), installed.logs()
    assert installed.job(job)["state"] == "DONE", (installed.job(job), installed.logs())
    ((stages,),) = installed.query("SELECT stages FROM runs_run WHERE job_id = ?", job)
    return {each["state"]: _seconds(each["begun"], each["ended"]) for each in json.loads(stages) if each["ended"]}


def _seconds(begun: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()


if __name__ == "__main__":
    main()
