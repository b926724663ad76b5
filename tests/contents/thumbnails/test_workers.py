"""Thumbnails written by a real worker that is killed outright: all of them are there, and none is counted twice."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clouds import open_store, parse_config
from clouds.config import Endpoints
from clouds.store import CallLimit
from core.queues import Queue
from tests.contents.media.making import jpeg
from tests.contents.support import READING
from tests.jobs.installation import Installation
from tests.servers import WORKING_RIGHTS, Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(600)

IMAGES = 450
_CONNECT = """
import json, sys
from tests.jobs.worker_app import app
from clouds import parse_config
from contents.index.services import start
from datasets.services import create_dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose
from teams.services import create_user
from tests.contents.support import connect, green
dataset = create_dataset(name="killed", owner=create_user(email="killed@example.com"))
source, target = json.loads(sys.argv[1])
green(connect(dataset, Purpose.LIGHTLY, target))
print(start(green(connect(dataset, Purpose.INPUT, source)), by=None)[0].pk)
"""
_WRITE = """
from tests.jobs.worker_app import app
from contents.outputs.services import start_thumbnails
from datasets.models import Dataset
dataset = Dataset.objects.get(name="killed")
print(start_thumbnails(dataset, by=dataset.owner)[0].pk)
"""
_SWEEP = """
from tests.jobs.worker_app import app
from jobs.tasks import sweep_jobs
sweep_jobs()
"""


@pytest.fixture
def installation(tmp_path: Path, cloud_environment: dict[str, str]) -> Iterator[Installation]:
    made = Installation(tmp_path / "stack")
    try:
        made.stack.environ |= cloud_environment
        made.start()
        yield made
    finally:
        made.stack.stop()


def test_killed_once(installation: Installation, clouds: dict[str, Cloud], cloud_environment: dict[str, str]) -> None:
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    data = jpeg((900, 600))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: cloud.put(bucket, f"in/{number:03}.jpg", data), range(IMAGES)))
    target = cloud.grant(bucket, "out/", WORKING_RIGHTS)
    worker = installation.start_worker(Queue.CONTENTS)
    index = installation._run(_CONNECT, json.dumps([cloud.grant(bucket, "in/", READING), target]))
    assert eventually(lambda: installation.job(index)["state"] == "DONE", 120), installation.logs()
    job = installation._run(_WRITE)
    assert eventually(lambda: 0 < int(installation.job(job)["done"]) < IMAGES, 120), installation.logs()
    installation.stack.end(worker, signal.SIGKILL)
    # As if the leases of the dead had ended, and the messages that died with them had been missed for a minute.
    installation.execute("UPDATE jobs_jobshard SET leased_until = '2020-01-01' WHERE state = 'RUNNING'")
    installation.execute("UPDATE jobs_jobshard SET sent_at = NULL WHERE state = 'QUEUED'")
    installation.start_worker(Queue.CONTENTS)
    installation._run(_SWEEP)
    assert eventually(lambda: installation.job(job)["state"] in {"DONE", "FAILED"}, 240), installation.logs()
    found = installation.job(job)
    assert (found["state"], found["done"]) == ("DONE", IMAGES), found
    ((deaths,),) = installation.query("SELECT COUNT(*) FROM jobs_joblogline WHERE job_id = ?", job)
    assert deaths > 0  # it died in the middle of a slice
    tallies = [
        json.loads(cursor)["tally"]
        for (cursor,) in installation.query("SELECT cursor FROM jobs_jobshard WHERE job_id = ? AND number > 0", job)
    ]
    assert sum(tally["written"] + tally["fresh"] for tally in tallies) == IMAGES
    assert sum(tally["fresh"] for tally in tallies) < IMAGES
    assert not any(tally["failed"] for tally in tallies)
    endpoints = Endpoints(s3=cloud_environment["LIGHTLY_S3_ENDPOINT_URL"])
    store = open_store(parse_config(target, endpoints), endpoints, CallLimit(30))
    try:
        assert len(store.keys("out/.lightly/thumbnails/", limit=1000)) == IMAGES
    finally:
        store.close()
