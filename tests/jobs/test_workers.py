"""Jobs through real workers that are killed, a broker that forgets everything, files that end their process."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from core.queues import OLD_QUEUE, RULES, Queue
from jobs.lifecycle import lease_seconds
from jobs.runners import runner_of
from tests.jobs.installation import Installation
from tests.jobs.rehearsal import LabelledRehearsal, ProcessRehearsal, Rehearsal, result_of
from tests.servers.process import eventually

SWEEP_SECONDS = 10
SLICE = 0.1
# Of a loaded machine, on which a message or a row takes longer than it should.
SLACK = 15
pytestmark = pytest.mark.timeout(900)

Make = Callable[[], Installation]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Installation] = []

    def new() -> Installation:
        made.append(Installation(tmp_path / "stack"))
        return made[-1]

    yield new
    for installation in made:
        installation.stack.stop()


def ended(installation: Installation, job: str, seconds: float) -> dict[str, object]:
    """The job's row once it has ended."""
    assert eventually(lambda: installation.job(job)["state"] in {"DONE", "FAILED", "CANCELLED"}, seconds), (
        f"{installation.job(job)}\n{installation.logs()}"
    )
    return installation.job(job)


def reached(installation: Installation, job: str, done: int) -> bool:
    return eventually(lambda: installation.job(job)["done"] >= done, 60)


def effects_of(installation: Installation, job: str) -> list[tuple[int, int]]:
    return installation.query("SELECT shard, number FROM rehearsal WHERE job = ? ORDER BY shard, number", job)


def test_200_slices_whose_workers_are_killed(make: Make) -> None:
    """Four shards on three workers; two of these are killed outright, at points that a seed draws.

    `make chaos` kills more.
    Each slice has counted once and in order, and a death costs no more than the slice, its lease, and a sweep.
    """
    chance, installation = random.Random(2), make()
    installation.start()
    crew = [installation.start_worker(Queue.PATIENT) for _ in range(3)]
    job = installation.start_job(Rehearsal.kind, 200, shards=4, slices=50, seconds=SLICE)
    for start, end in ((10, 60), (80, 150)):
        assert reached(installation, job, chance.randint(start, end)), installation.logs()
        victim = crew.pop(chance.randrange(len(crew)))
        installation.stack.end(victim, signal.SIGKILL)
    runner = runner_of(Rehearsal.kind)
    assert runner
    each_death = SLICE + lease_seconds(runner) + SWEEP_SECONDS
    undisturbed = 200 * (SLICE + 0.25)  # one after the other, with what a message costs on a slow machine
    row = ended(installation, job, undisturbed + 2 * each_death + SLACK)
    assert row == {"state": "DONE", "done": 200, "message": result_of(4, 50), "error": ""}
    assert effects_of(installation, job) == [(shard, number) for shard in range(4) for number in range(50)]


def test_what_a_death_costs(make: Make) -> None:
    """One shard, whose worker is killed within a slice while another waits for work."""
    installation = make()
    installation.start()
    first = installation.start_worker(Queue.PATIENT, concurrency=1)
    installation.start_worker(Queue.PATIENT, concurrency=1)
    job = installation.start_job(Rehearsal.kind, 14, slices=14, seconds=1)
    assert eventually(lambda: _owner(installation, job).endswith(f":{first.pid}"), 60)
    done = installation.job(job)["done"]
    installation.stack.end(first, signal.SIGKILL)
    died = time.monotonic()
    assert reached(installation, job, done + 1), installation.logs()
    runner = runner_of(Rehearsal.kind)
    assert runner
    assert time.monotonic() - died < 1 + lease_seconds(runner) + SWEEP_SECONDS + SLACK
    assert ended(installation, job, 60)["message"] == result_of(1, 14)
    assert effects_of(installation, job) == [(0, number) for number in range(14)]
    (line,) = installation.query("SELECT text FROM jobs_joblogline WHERE job_id = ?", job)
    assert line[0].startswith("The worker stopped before it finished a step of this job.")


def _owner(installation: Installation, job: str) -> str:
    rows = installation.query("SELECT owner FROM jobs_jobshard WHERE job_id = ?", job)
    return str(rows[0][0])


def test_a_broker_that_forgets_everything(make: Make) -> None:
    installation = make()
    installation.start()
    job = installation.start_job(Rehearsal.kind, 5, slices=5)
    with installation.redis() as client:
        assert client.llen(Queue.PATIENT.value) >= 1
        client.flushall()
    # As if a minute had passed, after which a message that no queue holds is taken for lost.
    long_ago = timezone.now() - timedelta(minutes=2)
    installation.execute("UPDATE jobs_jobshard SET sent_at = ?", long_ago.strftime("%Y-%m-%d %H:%M:%S.%f"))
    installation.start_worker(Queue.PATIENT)
    row = ended(installation, job, SWEEP_SECONDS + 60)
    assert (row["state"], row["message"]) == ("DONE", result_of(1, 5))


def test_cancelled_while_it_runs(make: Make) -> None:
    installation = make()
    installation.start(beat=False)
    installation.start_worker(Queue.PATIENT)
    job = installation.start_job(Rehearsal.kind, 1000, slices=1000, seconds=SLICE)
    assert reached(installation, job, 3)
    assert installation.cancel(job)
    row = ended(installation, job, 30)
    assert row["state"] == "CANCELLED"
    assert row["done"] == len(effects_of(installation, job)) < 1000
    with installation.redis() as client:
        assert client.llen(Queue.PATIENT.value) == 0
    assert effects_of(installation, job) == [(0, number) for number in range(int(str(row["done"])))]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("death", "The worker stopped before it finished a step of this job."),
        ("memory", "Something unexpected happened (MemoryError). See the worker's log."),
    ],
    ids=["death", "memory"],
)
def test_a_file_that_takes_its_process_along(make: Make, trouble: str, said: str) -> None:
    """The worker goes on, other jobs too; this one is given up after three attempts."""
    installation = make()
    installation.start()
    worker = installation.start_worker(Queue.CONTENTS, Queue.RUNS)
    job = installation.start_job(ProcessRehearsal.kind, 5, slices=5, trouble=trouble)

    def hurry() -> bool:
        """As if leases and pauses were over."""
        past = (timezone.now() - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
        installation.execute(
            "UPDATE jobs_jobshard SET leased_until = ? WHERE state = 'RUNNING' AND attempts > 0 AND job_id = ?",
            past,
            job,
        )
        installation.execute("UPDATE jobs_jobshard SET not_before = ? WHERE state = 'QUEUED'", past)
        return bool(installation.job(job)["state"] == "FAILED")

    assert reached(installation, job, 3), installation.logs()
    installation.start_worker(Queue.PATIENT)  # which sweeps
    other = installation.start_job(ProcessRehearsal.kind, 5, slices=5)
    assert ended(installation, other, 60)["state"] == "DONE"
    deadline = time.monotonic() + 150
    while not hurry() and time.monotonic() < deadline:
        time.sleep(3)  # long enough for an attempt that does end
    row = installation.job(job)
    assert row["state"] == "FAILED", installation.logs()
    assert row["error"] == f"{said} It was tried 3 times."
    assert row["done"] == 3
    assert worker.poll() is None


def test_a_slice_that_does_not_end_is_ended(make: Make) -> None:
    installation = make()
    installation.start(beat=False)
    worker = installation.start_worker(Queue.CONTENTS)
    job = installation.start_job(ProcessRehearsal.kind, 5, slices=5, trouble="forever")
    assert reached(installation, job, 3), installation.logs()
    lines = "SELECT text FROM jobs_joblogline WHERE job_id = ?"
    assert eventually(lambda: installation.query(lines, job) != [], RULES[Queue.CONTENTS].longest_seconds + SLACK)
    assert installation.query(lines, job) == [
        ("A step took longer than the limit of 30 s. Attempt 1 of 3; the step is tried again.",)
    ]
    assert worker.poll() is None
    assert ended(installation, installation.start_job(ProcessRehearsal.kind, 2, slices=2), 60)["state"] == "DONE"


def test_messages_of_an_older_release_are_still_done(make: Make) -> None:
    """It had one queue with two priorities; both are emptied by the workers for checks, and by those for the rest."""
    installation = make()
    installation.start(beat=False)
    for queue in (Queue.CHECKS, Queue.PATIENT):
        _send_as_the_old_release_did(installation)
        with installation.redis() as client:
            assert client.llen(OLD_QUEUE) == client.llen(f"{OLD_QUEUE}\x06\x166") == 1
        worker = installation.start_worker(queue)
        assert eventually(lambda: _left(installation) == 0, 30)  # done, not only taken
        installation.stack.end(worker)
    assert "Traceback" not in installation.logs()


def _left(installation: Installation) -> int:
    """Messages of the old queue that wait, or that a worker has yet to end."""
    with installation.redis() as client:
        return int(client.llen(OLD_QUEUE)) + int(client.llen(f"{OLD_QUEUE}\x06\x166")) + int(client.hlen("unacked"))


def _send_as_the_old_release_did(installation: Installation) -> None:
    code = """
from lightly_platform.celery import app
for priority in (0, 6):
    app.send_task("datasources.tasks.run_check", ("f" * 24,), queue="celery", priority=priority)
"""
    installation._run(code)


def test_a_redis_that_takes_no_writes_stops_nobody_for_good(make: Make, tmp_path: Path) -> None:
    """As where its disk is full: it answers each write with MISCONF, for as long as it likes.

    Workers, which ended at the first such answer, wait; what is started meanwhile is stored, and done afterwards.
    """
    installation = make()
    installation.start()
    worker = installation.start_worker(Queue.PATIENT)
    (name,) = (log.stem for log in installation.stack.logs.iterdir() if log.stem.startswith("worker-"))
    redis = installation.redis()
    (tmp_path / "gone").mkdir()
    redis.config_set("dir", str(tmp_path / "gone"))
    (tmp_path / "gone").rmdir()
    redis.config_set("save", "3600 1")  # it must be told to save at all, to mind that it can't
    redis.bgsave()
    assert eventually(lambda: redis.info("persistence")["rdb_last_bgsave_status"] == "err", 30)
    assert eventually(lambda: "MISCONF" in installation.stack.log(name), 60), installation.logs()
    job = installation.start_job(Rehearsal.kind, 3, slices=3)
    assert eventually(lambda: "MISCONF" in installation.stack.log("beat"), 60), installation.logs()
    assert worker.poll() is None, installation.logs()
    assert installation.job(job)["done"] == 0
    assert "Traceback" not in installation.stack.log("beat")
    redis.config_set("stop-writes-on-bgsave-error", "no")
    assert ended(installation, job, 60 + SLACK)["state"] == "DONE"
    assert worker.poll() is None
    redis.config_set("save", "")  # it would not end before it has saved


def test_work_goes_where_its_labels_are(make: Make) -> None:
    """And each process of the queue is a compute worker: registered, alive, and gone when it ends in order."""
    installation = make()
    installation.start()
    plain = installation.start_worker(Queue.RUNS, concurrency=1, NAME="plain-1")
    needs_both = installation.start_job(LabelledRehearsal.kind, 2, lane="a,b", slices=2)
    anywhere = installation.start_job(LabelledRehearsal.kind, 2, slices=2)
    assert ended(installation, anywhere, 60)["state"] == "DONE"
    assert installation.job(needs_both)["state"] == "QUEUED"
    installation.start_worker(Queue.RUNS, concurrency=1, NAME="gpu-1", LABELS="b, c,a")
    assert ended(installation, needs_both, 60)["state"] == "DONE"

    def workers() -> list[tuple[str, str, str]]:
        return [tuple(row) for row in installation.query("SELECT name, state, labels FROM runs_computeworker")]

    gpu = ("gpu-1", "IDLE", '["a", "b", "c"]')
    assert sorted(workers()) == [gpu, ("plain-1", "IDLE", "[]")]
    installation.stack.end(plain)
    assert sorted(workers()) == [gpu, ("plain-1", "OFFLINE", "[]")]
    alone = installation.start_job(LabelledRehearsal.kind, 2, slices=2)
    assert ended(installation, alone, 60)["state"] == "DONE"
