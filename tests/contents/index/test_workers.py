"""An index by real workers that are killed outright, at points that chance draws: the same as undisturbed."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import indexing
from core.queues import Queue
from tests.jobs.installation import Installation
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(900)

NAMES = 100_000
# So that there is always a next slice to die in.
ROWS_OF_A_SLICE = 1000
DEATHS = 5
_START = """
import sys
from tests.jobs.worker_app import app
from bench.indexing import datasource
from contents.index.services import start
print(start(datasource(sys.argv[1]), by=None)[0].pk)
"""
_SWEEP = """
from tests.jobs.worker_app import app
from jobs.tasks import sweep_jobs
sweep_jobs()
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "stack")
    try:
        with indexing.bucket(NAMES) as port:
            made.stack.environ |= indexing.environment(port) | {"TEST_ROWS_OF_A_SLICE": str(ROWS_OF_A_SLICE)}
            made.start()
            yield made
    finally:
        made.stack.stop()


def index_of(installation: Installation, job: str) -> tuple[Any, ...]:
    """All that is stored, but for numbers and times of its own."""
    ((index, files, size, totals),) = installation.query(
        "SELECT id, files, bytes, totals FROM contents_index WHERE job_id = ? AND state = 'CURRENT'", job
    )
    columns = "key, size, modified, version, kind, extension, change, problems, content, twin"
    rows = installation.query(f"SELECT {columns} FROM contents_file WHERE index_id = ? ORDER BY key", index)  # noqa: S608
    findings = installation.query("SELECT what, key FROM contents_finding WHERE index_id = ? ORDER BY 1, 2", index)
    return files, size, json.loads(totals), rows, findings


def died_at(installation: Installation, job: str, before: int) -> int:
    """How many names are found when the next death may come: more than at the one before, where there was one.

    A slice that was ended once may not be ended again: three of its deaths are one job's death.
    """
    attempts = "SELECT MAX(attempts) FROM jobs_jobshard WHERE job_id = ? AND state <> 'DONE'"

    def goes_on() -> bool:
        ((most,),) = installation.query(attempts, job)
        return int(installation.job(job)["done"]) > before and (most or 0) <= 1

    assert eventually(goes_on, 120), installation.logs()
    return int(installation.job(job)["done"])


def test_killed_five_times(installation: Installation) -> None:
    chance = random.Random(7)
    worker = installation.start_worker(Queue.CONTENTS)
    job = installation._run(_START, "disturbed")
    done = -1
    for _ in range(DEATHS):
        done = died_at(installation, job, done + chance.randrange(3) * ROWS_OF_A_SLICE)
        installation.stack.end(worker, signal.SIGKILL)
        # As if the leases of the dead had ended, and the messages that died with them had been missed for a minute.
        installation.execute("UPDATE jobs_jobshard SET leased_until = '2020-01-01' WHERE state = 'RUNNING'")
        installation.execute("UPDATE jobs_jobshard SET sent_at = NULL WHERE state = 'QUEUED'")
        worker = installation.start_worker(Queue.CONTENTS)
        installation._run(_SWEEP)
    assert eventually(lambda: installation.job(job)["state"] in {"DONE", "FAILED"}, 240), installation.logs()
    assert installation.job(job)["state"] == "DONE", installation.job(job)
    lost = installation.query("SELECT COUNT(*) FROM jobs_joblogline WHERE job_id = ?", job)
    assert lost[0][0] > 0  # somebody died in the middle of a slice
    undisturbed = installation._run(_START, "undisturbed")
    assert eventually(lambda: installation.job(undisturbed)["state"] == "DONE", 240), installation.logs()
    found = index_of(installation, job)
    assert found == index_of(installation, undisturbed)
    assert (found[0], len(found[3]), found[2]["kinds"]["1"][0]) == (NAMES, NAMES, NAMES)
