"""Runs whose workers are killed, whose broker forgets, whose storage refuses: the tag of one that nobody disturbed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from chaos import processes
from chaos.figures import Figure, note
from chaos.house import House
from chaos.weather import Sky, Weather
from core.queues import Queue
from tests.runs.worker.whole import INPUT, RIGHTS, colours, selection
from tests.servers import Config, S3Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(400, func_only=True)

KILLS, WORKERS = 20, 3
IMAGES, CHOSEN = 16, 6
# So long may a run take on a busy machine, and a step of one.
RUN_SECONDS, STEP_SECONDS = 150, 60


@dataclass
class Runs:
    """Runs over the same images, each into a folder of its own."""

    house: House
    cloud: S3Cloud
    bucket: str
    source: Config
    expected: tuple[list[Any], list[Any]] = ([], [])

    def begin(self, name: str) -> str:
        target = self.cloud.grant(self.bucket, f"{name}/", RIGHTS)
        return self.house.hands.begin_run(name, self.source, target, selection(CHOSEN))

    def outcome(self, job: str) -> tuple[list[Any], list[Any]]:
        """Names of the tag's samples by position, and the picks with their scores."""
        ((run, state, message),) = self.house.query("SELECT id, state, message FROM runs_run WHERE job_id = ?", job)
        assert state == "COMPLETED", f"{message}\n{self.house.logs()}"
        names = self.house.query("SELECT file_name FROM samples_sample WHERE run_id = ? ORDER BY position", run)
        picks = self.house.query(
            "SELECT is_chosen, place, file_name, score FROM runs_runpick WHERE run_id = ? ORDER BY is_chosen, place",
            run,
        )
        return names, picks

    def expect_undisturbed(self, jobs: list[str]) -> None:
        """Each has the tag and the picks that it would have had, and left nothing of its work."""
        self.house.await_jobs(jobs, RUN_SECONDS)
        for job in jobs:
            assert self.outcome(job) == self.expected
        assert [key for key in self.cloud.keys(self.bucket) if "/.lightly/runs/" in key] == []

    def claims(self, jobs: list[str]) -> int:
        marks = ", ".join("?" for _ in jobs)
        ((count,),) = self.house.query(f"SELECT SUM(claim) FROM jobs_jobshard WHERE job_id IN ({marks})", *jobs)  # noqa: S608
        return int(count or 0)


@pytest.fixture(scope="module")
def runs(house: House, cloud: S3Cloud) -> Iterator[Runs]:
    bucket = cloud.make_bucket()
    files = colours(IMAGES)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: cloud.put(bucket, INPUT + name, files[name]), files))
    runs = Runs(house, cloud, bucket, cloud.grant(bucket, INPUT, RIGHTS))
    for _ in range(WORKERS):
        house.hire(Queue.RUNS)
    calm = runs.begin("calm")
    house.await_jobs([calm], RUN_SECONDS)
    runs.expected = runs.outcome(calm)
    assert len(runs.expected[0]) == CHOSEN
    yield runs
    house.dismiss(Queue.RUNS)


def test_workers_are_killed(house: House, runs: Runs) -> None:
    """At 20 points that a seed draws, of two runs side by side: the process of a step alone, or the whole worker.

    No step is hit twice, because a run whose step ends its worker again and again is given up with the file's name.
    """
    chance, wild, kills = random.Random(20), [runs.begin("wild-1"), runs.begin("wild-2")], 0
    began = time.monotonic()
    stages: set[str] = set()
    while kills < KILLS:
        time.sleep(chance.uniform(0, 0.4))  # the point is drawn by lot; nothing is waited for
        found = _at_work(house, wild)
        if not found:
            if all(house.has_ended(job) for job in wild):
                wild.append(runs.begin(f"wild-{len(wild) + 1}"))
            continue
        shard, claim, pid, stage = found[0]
        kills += 1
        stages.add(stage)
        if chance.random() < 0.3:
            _kill_whole_worker_of(house, pid)
        else:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        house.execute("UPDATE jobs_jobshard SET leased_until = '2020-01-01' WHERE id = ? AND claim = ?", shard, claim)
        house.hands.sweep()
        assert eventually(partial(_is_over_it, house, shard, claim), STEP_SECONDS), house.logs()
    runs.expect_undisturbed(wild)
    told = house.query("SELECT COUNT(*) FROM jobs_joblogline WHERE text LIKE 'The worker stopped%'")[0][0]
    assert told >= KILLS / 2  # the others ended just before
    said = f"{told} of the kills hit a step under way ({', '.join(sorted(stages))}), {time.monotonic() - began:.0f} s"
    note(Figure("Workers of runs SIGKILLed", faults=KILLS, runs=len(wild), said=said))


def _at_work(house: House, jobs: list[str]) -> list[Any]:
    """(shard, claim, process, stage) of steps that are under way and have ended no worker yet."""
    marks = ", ".join("?" for _ in jobs)
    rows = house.query(
        "SELECT id, claim, owner, json_extract(cursor, '$.stage') FROM jobs_jobshard"  # noqa: S608
        f" WHERE state = 'RUNNING' AND deaths = 0 AND job_id IN ({marks}) ORDER BY RANDOM()",
        *jobs,
    )
    return [(shard, claim, int(owner.rpartition(":")[2]), stage) for shard, claim, owner, stage in rows]


def _kill_whole_worker_of(house: House, pid: int) -> None:
    for number, worker in enumerate(house.crew[Queue.RUNS]):
        if pid in processes.tree(worker.pid):
            house.kill_worker(Queue.RUNS, number)
            return


def _is_over_it(house: House, shard: str, claim: int) -> bool:
    """Whether the step has been done, by whoever took it next; or its job has ended."""
    rows = house.query(
        "SELECT s.deaths, s.claim, s.state, j.state FROM jobs_jobshard s"
        " JOIN jobs_job j ON j.id = s.job_id WHERE s.id = ?",
        shard,
    )
    ((deaths, now, state, job),) = rows
    return job in {"DONE", "FAILED"} or (deaths == 0 and (now > claim or state != "RUNNING"))


def test_redis_is_restarted_and_emptied(house: House, runs: Runs) -> None:
    """While a run works: stopped in order, killed, and emptied together with what workers had not answered for."""
    job, points = runs.begin("broker"), iter((4, 9, 14))
    faults = 0

    def reached(point: int) -> bool:
        return runs.claims([job]) >= point or house.has_ended(job)

    for number in (signal.SIGTERM, signal.SIGKILL):
        assert eventually(partial(reached, next(points)), RUN_SECONDS), house.logs()
        faults += not house.has_ended(job)
        house.restart_redis(number)
    assert eventually(partial(reached, next(points)), RUN_SECONDS), house.logs()
    faults += not house.has_ended(job)
    with house.redis() as client:
        client.flushall()
    house.hurry_messages()
    runs.expect_undisturbed([job])
    assert faults == 3
    note(Figure("Redis stopped, killed and emptied while a run works", faults=faults, runs=1))


def test_storage_is_throttled(runs: Runs, weather: Weather) -> None:
    """Every seventh request of two whole runs is refused, half of these with 503 SlowDown, half with 429."""
    before = weather.refused
    weather.skies[runs.bucket] = Sky(busy=0.15)
    try:
        jobs = [runs.begin("busy-1"), runs.begin("busy-2")]
        runs.expect_undisturbed(jobs)
    finally:
        del weather.skies[runs.bucket]
    refused = weather.refused - before
    assert refused > 20
    note(Figure("Storage throttled through whole runs", faults=refused, runs=len(jobs)))
