"""Checks and jobs whose workers are killed, and a broker that stops, dies and forgets what waits in it."""

from __future__ import annotations

import random
import signal
import time
from functools import partial

import pytest

from chaos.figures import Figure, note
from chaos.house import DEADLINE, GRACE, SLACK, House
from chaos.places import places
from chaos.weather import Sky, Weather
from core.queues import Queue
from tests.jobs.rehearsal import Rehearsal, result_of
from tests.servers import S3Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(400, func_only=True)

CHECKS, JOBS, QUEUED = 50, 10, 200
SHARDS, SLICES, STEP = 2, 12, 0.6
DEATHS = 4
"""Of either kind of worker."""


def checks_begun(house: House) -> int:
    ((count,),) = house.query("SELECT COALESCE(SUM(attempts), 0) FROM datasources_permissioncheck")
    return int(count)


def steps_done(house: House, jobs: list[str]) -> int:
    return sum(int(house.job(job)["done"]) for job in jobs)


def test_workers_are_killed(house: House, cloud: S3Cloud, weather: Weather) -> None:
    """50 checks of what has just lost a right and 10 jobs, side by side; a worker of either kind is killed outright at
    eight points that a seed draws. People hear of each datasource once: that it is red.
    """
    chance, here = random.Random(50), places(house, cloud, "killed")
    here.add(CHECKS)
    house.await_checks(DEADLINE + GRACE + SLACK)
    assert here.lost() == []
    here.turn_red()
    weather.skies[here.bucket] = Sky(seconds=0.3)  # so that there is something under way to be killed
    began, before = time.monotonic(), checks_begun(house)
    jobs = [
        house.hands.start_job(Rehearsal.kind, SHARDS * SLICES, shards=SHARDS, slices=SLICES, seconds=STEP)
        for _ in range(JOBS)
    ]
    assert house.hands.check_again(here.datasets) == CHECKS
    for quarter in range(DEATHS):
        for queue, most in ((Queue.CHECKS, CHECKS), (Queue.PATIENT, JOBS * SHARDS * SLICES)):
            point = chance.randrange(1 + quarter * most // DEATHS, (quarter + 1) * most // DEATHS)
            # A step that has lost its worker twice waits for a minute before it begins again.
            assert eventually(partial(_has_come_to, house, jobs, before, queue, point), 150), house.logs()
            house.kill_worker(queue)
            # What the dead had fetched and not begun is sent again after a minute.
            house.hurry_messages()
    # A check or step is given up after its third death; each costs its deadline or lease, and a sweep.
    house.await_jobs(jobs, 3 * (6 + GRACE) + SLACK)
    house.await_checks(3 * (DEADLINE + GRACE) + SLACK)
    took = time.monotonic() - began
    del weather.skies[here.bucket]
    for job in jobs:
        assert house.job(job) == {
            "state": "DONE",
            "done": SHARDS * SLICES,
            "message": result_of(SHARDS, SLICES),
            "error": "",
        }
        effects = house.query("SELECT shard, number FROM rehearsal WHERE job = ? ORDER BY shard, number", job)
        assert effects == [(shard, number) for shard in range(SHARDS) for number in range(SLICES)]
    assert here.lost() == []
    assert house.alerts(here.datasets) == sorted((dataset, "BROKEN") for dataset in here.datasets)
    again = house.query(
        "SELECT COUNT(*) FROM datasources_permissioncheck WHERE attempts > 1 AND path LIKE ?", f"%{here.bucket}%"
    )[0][0]
    deaths = house.query("SELECT COUNT(*) FROM jobs_joblogline WHERE text LIKE 'The worker stopped%'")[0][0]
    assert again > 0
    assert deaths > 0
    said = f"{again} checks begun again, {CHECKS} alerts for {CHECKS} red ones, {took:.0f} s"
    note(Figure("Workers of checks and jobs SIGKILLed", faults=2 * DEATHS, checks=2 * CHECKS, jobs=JOBS, said=said))


def _has_come_to(house: House, jobs: list[str], before: int, queue: Queue, point: int) -> bool:
    if queue is Queue.CHECKS:
        return checks_begun(house) - before >= point
    ((most,),) = house.query("SELECT MAX(attempts) FROM jobs_jobshard WHERE state <> 'DONE'")
    # A step that loses its worker three times ends its job, so none is hit by chance again and again.
    return steps_done(house, jobs) >= point and (most or 0) <= 1


def test_redis_goes_with_200_queued(house: House, cloud: S3Cloud) -> None:
    """Stopped in order, killed outright, then emptied while 200 checks wait for a worker; every fifth is red."""
    house.dismiss(Queue.CHECKS)
    here = places(house, cloud, "queued")
    here.add(QUEUED, bad=5)
    assert house.open_checks() == QUEUED
    began = time.monotonic()
    for number in (signal.SIGTERM, signal.SIGKILL):
        house.restart_redis(number)
    with house.redis() as client:
        waiting = client.llen(Queue.CHECKS.value)
        client.flushall()
    assert waiting >= QUEUED * 0.9, "Redis keeps what it was given, except for its last second"
    # What is saved while nothing answers waits too.
    house.redis_process.send_signal(signal.SIGSTOP)
    late = here.add(1)
    house.redis_process.send_signal(signal.SIGCONT)
    house.hurry_messages()
    house.hands.sweep()
    house.hire(Queue.CHECKS)
    house.await_checks(QUEUED * 0.3 + DEADLINE + GRACE + SLACK)
    assert here.lost() == []
    assert house.shown(late)[late[0]][0] == 1
    # Who was never green is still being set up: no alert.
    assert house.alerts(here.datasets) == []
    said = f"all done {time.monotonic() - began:.0f} s after the first fault"
    note(Figure("Redis stopped, killed, emptied, frozen with 200 queued", faults=4, checks=QUEUED + 1, said=said))
