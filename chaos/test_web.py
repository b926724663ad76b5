"""The web server killed while it saves, and a clock that is set back."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from chaos import processes
from chaos.figures import Figure, note
from chaos.house import DEADLINE, GRACE, SLACK, House
from chaos.places import Places, places
from core.queues import Queue
from tests.jobs.rehearsal import Rehearsal, result_of
from tests.servers import Config, S3Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(300, func_only=True)

SAVERS, KILLS = 6, 5
# Of one client of the REST API, which waits for a locked database as long as the product does.
PATIENCE = 60
TIMES = {
    "datasources_permissioncheck": ("queued_at", "dispatched_at", "started_at"),
    "jobs_jobshard": ("leased_until", "not_before", "sent_at"),
}


@dataclass
class Saver:
    """Saves the Input of one dataset again and again, each time with another path."""

    house: House
    dataset: str
    token: str
    config: Config
    said: list[int] = field(default_factory=list)
    """Numbers of the saves that were confirmed."""
    tried: int = 0
    refused: list[int] = field(default_factory=list)
    """Statuses of answers that were none of success."""

    def path(self, number: int) -> str:
        return f"{self.config['fullPath']}{number}/"

    def save(self) -> bool:
        self.tried += 1
        body = self.config | {"fullPath": self.path(self.tried), "purpose": "INPUT"}
        try:
            answer = requests.put(
                f"{self.house.stack.url}/v1/datasets/{self.dataset}/datasource",
                json=body,
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=PATIENCE,
            )
        except requests.RequestException:
            return False
        if not answer.ok:
            self.refused.append(answer.status_code)
            return False
        self.said.append(self.tried)
        return True

    def expect_whole(self) -> None:
        """What was confirmed last is there, or what was tried after it; and its row, its config and its check agree."""
        path = self.house.hands.path_of(self.dataset)
        last = self.said[-1]
        assert path in {self.path(number) for number in range(last, self.tried + 1)}, (path, last, self.tried)
        rows = self.house.query(
            "SELECT d.revision, c.revision, c.path, c.state FROM datasources_datasource d"
            " JOIN datasources_permissioncheck c ON c.id = d.latest_check_id"
            " WHERE d.dataset_id = ? AND d.purpose = 'INPUT'",
            self.dataset,
        )
        ((revision, checked, of_path, state),) = rows
        assert (checked, of_path, state) == (revision, path, "DONE")
        ((saved,),) = self.house.query(
            "SELECT COUNT(DISTINCT c.revision) FROM datasources_permissioncheck c"
            " JOIN datasources_datasource d ON d.id = c.datasource_id WHERE d.dataset_id = ?",
            self.dataset,
        )
        assert saved == revision, "each save has its check, and none is there without"


def savers(house: House, here: Places, count: int) -> list[Saver]:
    token = house.hands.token(here.owner)
    return [Saver(house, dataset, token, here.good) for dataset in here.add(count)]


def while_saving(all_of_them: list[Saver], disturb: Callable[[], None]) -> None:
    """Everybody saves until the disturbance is over, and then once more."""
    is_over = threading.Event()

    def save(saver: Saver) -> None:
        while not is_over.is_set():
            saver.save()
        assert eventually(saver.save, PATIENCE)

    threads = [threading.Thread(target=save, args=(saver,)) for saver in all_of_them]
    for thread in threads:
        thread.start()
    try:
        disturb()
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def expect_all_whole(house: House, all_of_them: list[Saver]) -> int:
    """How many saves were confirmed."""
    house.await_checks(DEADLINE + GRACE + SLACK + 0.2 * house.open_checks())
    for saver in all_of_them:
        saver.expect_whole()
    return sum(len(saver.said) for saver in all_of_them)


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
            house.web = house.stack.start_web()

    while_saving(everybody, disturb)
    confirmed = expect_all_whole(house, everybody)
    tried = sum(saver.tried for saver in everybody)
    said = f"{confirmed} of {tried} saves confirmed, all of these whole"
    note(Figure("Web SIGKILLed while it saves", faults=KILLS, checks=confirmed, said=said))


def shift(house: House, how: str) -> None:
    """What the rows say of times moves, which is what a clock's jump the other way does."""
    for table, columns in TIMES.items():
        moved = ", ".join(f"{name} = strftime('%Y-%m-%d %H:%M:%f', {name}, ?)" for name in columns)
        house.execute(f"UPDATE {table} SET {moved}", *[how] * len(columns))  # noqa: S608 - names of ours


def test_the_clock_is_set_back(house: House, cloud: S3Cloud) -> None:
    """By an hour, while checks wait and run and a job is in the middle, and just then both workers die."""
    here = places(house, cloud, "jump")
    jobs: list[Any] = [house.hands.start_job(Rehearsal.kind, 24, shards=4, slices=6, seconds=0.3) for _ in range(2)]
    here.add(20, bad=4)
    assert eventually(lambda: sum(int(house.job(job)["done"]) for job in jobs) >= 5, 60), house.logs()
    for queue in (Queue.CHECKS, Queue.PATIENT):
        processes.kill_tree(house.crew[queue][0].pid)
    with house.redis() as client:
        client.flushall()
    shift(house, "+1 hour")
    for queue in (Queue.CHECKS, Queue.PATIENT):
        house.crew[queue].pop().wait()
        house.hire(queue)
    house.await_checks(DEADLINE + 2 * GRACE + SLACK)
    house.await_jobs(jobs, 3 * (6 + GRACE) + SLACK)
    assert here.lost() == []
    assert [house.job(job)["message"] for job in jobs] == [result_of(4, 6)] * 2
    note(Figure("Clock back by an hour, workers killed, Redis emptied", faults=3, checks=20, jobs=2))
