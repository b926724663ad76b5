"""A check by real workers, one of which is killed outright: the same report as undisturbed."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.queues import Queue
from tests.contents.annotation_reports.support import put, spoilt
from tests.contents.annotations.trees import P, png
from tests.contents.support import READING
from tests.jobs.installation import Installation
from tests.servers import WORKING_RIGHTS, Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(900)

FILES = 240
FILES_OF_A_SLICE = 8
_INDEX = """
import json, sys
from tests.jobs.worker_app import app
from contents.index.services import start
from datasets.services import create_dataset
from datasources.models import Purpose
from teams.services import create_user
from tests.contents.support import connect
name, raw, lightly = sys.argv[1], *map(json.loads, sys.argv[2:])
dataset = create_dataset(name=name, owner=create_user(email=f"{name}@example.com"))
connected = connect(dataset, Purpose.INPUT, raw), connect(dataset, Purpose.LIGHTLY, lightly)
print(dataset.pk, *(start(datasource, by=None)[0].pk for datasource in connected))
"""
_CHECK = """
import sys
from tests.jobs.worker_app import app
from contents.annotation_reports.services import start
from contents.models import ReportDepth
from datasets.models import Dataset
print(start(Dataset.objects.get(pk=sys.argv[1]), reading=ReportDepth.ALL, by=None)[0].pk)
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
        made.stack.environ |= cloud_environment | {"TEST_ANNOTATIONS_OF_A_SLICE": str(FILES_OF_A_SLICE)}
        made.start()
        yield made
    finally:
        made.stack.stop()


@pytest.fixture
def sources(clouds: dict[str, Cloud]) -> tuple[str, str]:
    """A bucket with predictions for some hundred images, as arguments of _INDEX."""
    tree = spoilt()
    for number in range(10, 10 + FILES):
        tree.samples[f"street/{number}.png"] = png()
        entry = {"category_id": number % 4, "score": number / 200, "bbox": [1, 2, 3, 4]}
        tree.files[f"{P}boxes/street/{number}.json"] = {"predictions": [entry]}
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    put(cloud, bucket, tree)
    grants = cloud.grant(bucket, "in/", READING), cloud.grant(bucket, "out/", WORKING_RIGHTS)
    return json.dumps(grants[0]), json.dumps(grants[1])


def report_of(installation: Installation, job: str) -> tuple[Any, ...]:
    """All that is stored, but for numbers and times of its own."""
    counts = "id, files, read, errors, warnings, hints, summary"
    ((report, *rest, summary),) = installation.query(
        f"SELECT {counts} FROM contents_annotationreport WHERE job_id = ? AND state = 'CURRENT'",  # noqa: S608
        job,
    )
    columns = 'number, severity, rule, task, path, pointer, line, "column", found, expected, fix'
    findings = installation.query(
        f"SELECT {columns} FROM contents_annotationfinding WHERE report_id = ? ORDER BY number",  # noqa: S608
        report,
    )
    return rest, json.loads(summary), findings


def started(installation: Installation, name: str, sources: tuple[str, str]) -> str:
    """The job that checks a new dataset's annotations, once workers have listed its datasources."""
    dataset, *indexes = installation._run(_INDEX, name, *sources).split()
    assert eventually(lambda: all(installation.job(job)["state"] == "DONE" for job in indexes), 240)
    return installation._run(_CHECK, dataset)


def test_killed_once(installation: Installation, sources: tuple[str, str]) -> None:
    worker = installation.start_worker(Queue.CONTENTS)
    job = started(installation, "disturbed", sources)
    # Somewhere in the middle, where chance wants it.
    begun = random.Random(11).randrange(20, 100)
    assert eventually(lambda: int(installation.job(job)["done"]) >= begun, 120), installation.logs()
    installation.stack.end(worker, signal.SIGKILL)
    # As if the leases of the dead had ended, and the messages that died with them had been missed for a minute.
    installation.execute("UPDATE jobs_jobshard SET leased_until = '2020-01-01' WHERE state = 'RUNNING'")
    installation.execute("UPDATE jobs_jobshard SET sent_at = NULL WHERE state = 'QUEUED'")
    assert installation.job(job)["state"] == "RUNNING"
    installation.start_worker(Queue.CONTENTS)
    installation._run(_SWEEP)
    assert eventually(lambda: installation.job(job)["state"] in {"DONE", "FAILED"}, 240), installation.logs()
    assert installation.job(job)["state"] == "DONE", installation.job(job)
    undisturbed = started(installation, "undisturbed", sources)
    assert eventually(lambda: installation.job(undisturbed)["state"] == "DONE", 240), installation.logs()
    found = report_of(installation, job)
    assert found == report_of(installation, undisturbed)
    assert found[0][0] > FILES
    assert {finding[2] for finding in found[2]} >= {"category-unknown", "score", "sample-no-prediction"}
    assert installation.job(job)["done"] == installation.job(undisturbed)["done"]
