"""Runs by real workers of the queue `runs` that are killed outright: the same tag as undisturbed, and nothing left."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chaos import processes
from core.queues import Queue
from tests.jobs.installation import Installation
from tests.runs.worker.whole import INPUT, OUTPUT, RIGHTS, colours, selection
from tests.servers import Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(600)

KILLS = 2
# So many slices a run of these images has, about.
SLICES = 22
_BEGIN = """
import json, sys
from tests.jobs.worker_app import app
from datasets.services import create_dataset
from datasources.models import Purpose
from teams.models import User
from teams.services import create_user
from tests.contents.support import connect
from tests.runs.worker.whole import begun
name, source, target, content = json.loads(sys.argv[1])
owner = User.objects.filter(email="runs@example.com").first() or create_user(email="runs@example.com")
dataset = create_dataset(name=name, owner=owner)
connect(dataset, Purpose.INPUT, source)
connect(dataset, Purpose.LIGHTLY, target)
print(begun(dataset, content).job.pk)
"""
_SWEEP = """
from tests.jobs.worker_app import app
from jobs.tasks import sweep_jobs
sweep_jobs()
"""


@pytest.fixture
def installation(tmp_path: Path, clouds: dict[str, Cloud]) -> Iterator[Installation]:
    made = Installation(tmp_path / "stack")
    try:
        made.stack.environ |= clouds["S3"].environment() | {"TEST_NAMES_OF_A_PART": "2"}
        made.start()
        yield made
    finally:
        made.stack.stop()


def outcome(installation: Installation, job: str) -> tuple[list[Any], list[Any]]:
    """Names of the tag's samples by position, and the picks with their scores."""
    ((run, state, message),) = installation.query("SELECT id, state, message FROM runs_run WHERE job_id = ?", job)
    assert state == "COMPLETED", f"{message}\n{installation.logs()}"
    names = installation.query("SELECT file_name FROM samples_sample WHERE run_id = ? ORDER BY position", run)
    picks = installation.query(
        "SELECT is_chosen, place, file_name, score FROM runs_runpick WHERE run_id = ? ORDER BY is_chosen, place", run
    )
    return names, picks


def has_ended(installation: Installation, job: str) -> bool:
    return installation.job(job)["state"] in {"DONE", "FAILED", "CANCELLED"}


def claims(installation: Installation, job: str) -> int:
    ((count,),) = installation.query("SELECT SUM(claim) FROM jobs_jobshard WHERE job_id = ?", job)
    return int(count or 0)


def came_to(installation: Installation, job: str, point: int) -> bool:
    return claims(installation, job) >= point or has_ended(installation, job)


def killed_at_work(installation: Installation, job: str) -> int:
    """1 if whoever was killed was working at a slice of the job, and not between two of them."""
    dead = "SELECT COUNT(*) FROM jobs_jobshard WHERE job_id = ? AND state = 'RUNNING' AND leased_until LIKE '2020-%'"
    ((count,),) = installation.query(dead, job)
    return int(count)


def test_killed_at_random(installation: Installation, clouds: dict[str, Cloud]) -> None:
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    files = colours(16)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: cloud.put(bucket, INPUT + name, files[name]), files))
    source, target = cloud.grant(bucket, INPUT, RIGHTS), cloud.grant(bucket, OUTPUT, RIGHTS)
    other = cloud.grant(bucket, "other/", RIGHTS)
    crew = [installation.start_worker(Queue.RUNS, concurrency=1) for _ in range(2)]
    calm = installation._run(_BEGIN, json.dumps(["calm", source, target, selection(6)]))
    assert eventually(lambda: has_ended(installation, calm), 240), installation.logs()
    expected = outcome(installation, calm)
    assert claims(installation, calm) > 14
    chance = random.Random(5)
    wild = installation._run(_BEGIN, json.dumps(["wild", source, other, selection(6)]))
    deaths = 0
    for point in [*sorted(chance.sample(range(2, SLICES // 2), KILLS)), *range(SLICES // 2, SLICES)]:
        eventually(partial(came_to, installation, wild, point), 120)
        for victim in crew:
            processes.kill_tree(victim.pid)
            victim.wait()
        # As if the leases of the dead had ended, and the messages that died with them had been missed for a minute.
        installation.execute("UPDATE jobs_jobshard SET leased_until = '2020-01-01' WHERE state = 'RUNNING'")
        deaths += killed_at_work(installation, wild)
        installation.execute("UPDATE jobs_jobshard SET sent_at = NULL WHERE state = 'QUEUED'")
        crew = [installation.start_worker(Queue.RUNS, concurrency=1) for _ in range(2)]
        installation._run(_SWEEP)
        if deaths >= KILLS:
            break
    assert deaths >= KILLS
    assert eventually(lambda: has_ended(installation, wild), 240), installation.logs()
    assert outcome(installation, wild) == expected
    assert not [key for key in cloud.keys(bucket) if "/.lightly/runs/" in key]
    told = installation.query("SELECT text FROM jobs_joblogline WHERE job_id = ?", wild)
    assert any("worker stopped" in text for (text,) in told)
