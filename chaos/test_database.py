"""A database that somebody keeps locked, and a disk without a free byte, while people save and work is under way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import requests

from chaos.figures import Figure, note
from chaos.house import DEADLINE, GRACE, SENT_AGAIN, SLACK, House
from chaos.places import Places, places
from chaos.savers import Saver, expect_all_whole, savers, while_saving
from chaos.small_disk import filled
from tests.jobs.rehearsal import Rehearsal, result_of
from tests.servers import S3Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(400, func_only=True)

SAVERS, CHECKS, JOBS = 4, 20, 3
SHARDS, SLICES, STEP = 2, 12, 0.3
# Longer than a request waits for the database.
LONG = 90


def test_the_database_is_locked(house: House, cloud: S3Cloud) -> None:
    """Twice for as long as it takes until somebody is refused, which is 20 s."""
    here = places(house, cloud, "locked")
    everybody = savers(house, here, SAVERS)
    refused = during(house, here, everybody, house.locked, times=2, until=lambda: any(s.refused for s in everybody))
    said = f"{refused} saves refused with 503"
    note(Figure("Database locked for longer than anybody waits", faults=2, checks=CHECKS, jobs=JOBS, said=said))


def test_the_disk_is_full(house: House, cloud: S3Cloud) -> None:
    """Until saves are refused, the server calls itself unwell, and the queue takes no writes."""
    here = places(house, cloud, "full")
    everybody = savers(house, here, SAVERS)

    def is_felt() -> bool:
        health = requests.get(f"{house.stack.url}/healthz", timeout=30)
        return (health.status_code, health.text.strip()) == (503, "disk full") and any(s.refused for s in everybody)

    refused = during(house, here, everybody, lambda: filled(house.stack.directory), times=1, until=is_felt)
    assert requests.get(f"{house.stack.url}/healthz", timeout=30).ok
    said = f"{refused} saves refused with 503"
    note(Figure("Disk full", faults=1, checks=CHECKS, jobs=JOBS, said=said))


def during(
    house: House,
    here: Places,
    everybody: list[Saver],
    trouble: Callable[[], AbstractContextManager[None]],
    *,
    times: int,
    until: Callable[[], bool],
) -> int:
    """Trouble while people save, checks run and jobs are in their middle. How many saves were refused.

    Each is told to come again; what was confirmed is there, and whatever was begun comes to its end.
    """
    jobs = [
        house.hands.start_job(Rehearsal.kind, SHARDS * SLICES, shards=SHARDS, slices=SLICES, seconds=STEP)
        for _ in range(JOBS)
    ]
    here.add(CHECKS, bad=4)
    assert eventually(lambda: sum(int(house.job(job)["done"]) for job in jobs) >= JOBS, 60), house.logs()
    refused: list[tuple[int, str]] = []

    def disturb() -> None:
        for _ in range(times):
            with trouble():
                assert eventually(until, LONG), house.logs()
            for saver in everybody:
                refused.extend(saver.refused)
                saver.refused.clear()

    while_saving(everybody, disturb)
    refused += [each for saver in everybody for each in saver.refused]
    assert refused
    assert {status for status, _ in refused} == {503}, refused
    assert all(after.isdigit() for _, after in refused), refused
    house.await_jobs(jobs, 3 * (6 + GRACE) + SENT_AGAIN + SLACK)
    expect_all_whole(house, everybody)
    house.await_checks(2 * (DEADLINE + GRACE) + SLACK)
    ours = {saver.dataset for saver in everybody}
    assert [dataset for dataset in here.lost() if dataset not in ours] == []
    assert [house.job(job)["message"] for job in jobs] == [result_of(SHARDS, SLICES)] * JOBS, house.logs()
    assert [house.job(job)["done"] for job in jobs] == [SHARDS * SLICES] * JOBS
    return len(refused)
