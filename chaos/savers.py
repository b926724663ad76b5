"""People who save again and again while something is wrong, and what must be true of their saves afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from chaos.house import DEADLINE, GRACE, SENT_AGAIN, SLACK, House
from chaos.places import Places
from tests.servers import Config
from tests.servers.process import eventually

# Of one client of the REST API, which waits for a locked database as long as the product does.
PATIENCE = 60


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
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Status of each answer that was none of success, and its Retry-After."""

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
            self.refused.append((answer.status_code, answer.headers.get("Retry-After", "")))
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
    house.await_checks(DEADLINE + GRACE + SENT_AGAIN + SLACK + 0.3 * house.open_checks())
    for saver in all_of_them:
        saver.expect_whole()
    return sum(len(saver.said) for saver in all_of_them)
