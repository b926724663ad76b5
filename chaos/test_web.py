"""The web server killed while it saves, and a clock that jumps."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chaos import processes
from chaos.figures import Figure, note
from chaos.house import DEADLINE, GRACE, SLACK, House
from chaos.places import places
from chaos.savers import expect_all_whole, savers, while_saving
from core.queues import Queue
from tests.jobs.rehearsal import Rehearsal, result_of
from tests.servers import S3Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(300, func_only=True)

SAVERS, KILLS = 6, 5
TIMES = {
    "datasources_permissioncheck": ("queued_at", "dispatched_at", "started_at"),
    "jobs_jobshard": ("leased_until", "not_before", "sent_at"),
}


def test_web_is_killed_while_it_saves(house: House, cloud: S3Cloud) -> None:
    chance = random.Random(15)
    everybody = savers(house, places(house, cloud, "saving"), SAVERS)

    def disturb() -> None:
        for _ in range(KILLS):
            before = sum(len(saver.said) for saver in everybody)
            more = chance.randrange(3, 12)
            assert eventually(lambda: sum(len(s.said) for s in everybody) >= before + more, 60), house.logs()  # noqa: B023
            processes.kill_tree(house.web.pid)
            house.web.wait()
            house.web = house.start_web()

    while_saving(everybody, disturb)
    confirmed = expect_all_whole(house, everybody)
    tried = sum(saver.tried for saver in everybody)
    said = f"{confirmed} of {tried} saves confirmed, all of these whole"
    note(Figure("Web SIGKILLed while it saves", faults=KILLS, checks=confirmed, said=said))


def shift(house: House, how: str) -> None:
    """What the rows say of times moves, which is what a clock's jump the other way does.

    Written with six digits of a second, as Django does: the product compares some of them for equality.
    """
    for table, columns in TIMES.items():
        moved = ", ".join(f"{name} = strftime('%Y-%m-%d %H:%M:%f000', {name}, ?)" for name in columns)
        house.execute(f"UPDATE {table} SET {moved}", *[how] * len(columns))  # noqa: S608 - names of ours


@pytest.mark.parametrize(("how", "words"), [("+1 hour", "back"), ("-1 hour", "ahead")])
def test_the_clock_jumps(house: House, cloud: S3Cloud, how: str, words: str) -> None:
    """By an hour, while checks wait and run and a job is in the middle, and just then both workers die."""
    here = places(house, cloud, f"jump-{words}")
    jobs: list[Any] = [house.hands.start_job(Rehearsal.kind, 24, shards=4, slices=6, seconds=0.3) for _ in range(2)]
    here.add(20, bad=4)
    assert eventually(lambda: sum(int(house.job(job)["done"]) for job in jobs) >= 5, 60), house.logs()
    for queue in (Queue.CHECKS, Queue.PATIENT):
        processes.kill_tree(house.crew[queue][0].pid)
    with house.redis() as client:
        client.flushall()
    shift(house, how)
    for queue in (Queue.CHECKS, Queue.PATIENT):
        house.crew[queue].pop().wait()
        house.hire(queue)
    house.await_checks(DEADLINE + 2 * GRACE + SLACK)
    house.await_jobs(jobs, 3 * (6 + GRACE) + SLACK)
    assert here.lost() == []
    assert [house.job(job)["message"] for job in jobs] == [result_of(4, 6)] * 2
    note(Figure(f"Clock {words} by an hour, workers killed, Redis emptied", faults=3, checks=20, jobs=2))


def test_the_clock_jumps_under_living_workers(house: House, cloud: S3Cloud) -> None:
    """Ahead, so that the leases of all steps under way are over: others take them, and no step counts twice."""
    here = places(house, cloud, "jump-alive")
    jobs: list[Any] = [house.hands.start_job(Rehearsal.kind, 24, shards=4, slices=6, seconds=0.6) for _ in range(2)]
    here.add(20, bad=4)
    assert eventually(lambda: sum(int(house.job(job)["done"]) for job in jobs) >= 12, 60), house.logs()
    shift(house, "-1 hour")
    house.hands.sweep()
    house.await_checks(DEADLINE + 2 * GRACE + SLACK)
    house.await_jobs(jobs, 3 * (6 + GRACE) + SLACK)
    assert here.lost() == []
    assert [house.job(job)["message"] for job in jobs] == [result_of(4, 6)] * 2
    for job in jobs:
        effects = house.query("SELECT shard, number FROM rehearsal WHERE job = ? ORDER BY shard, number", job)
        assert effects == [(shard, number) for shard in range(4) for number in range(6)]
    note(Figure("Clock ahead by an hour while workers live", faults=1, checks=20, jobs=2))
