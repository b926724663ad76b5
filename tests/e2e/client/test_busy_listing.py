"""While a client lists in 64 parts, and the cloud takes its time, the dashboard answers as if nothing was going on."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from contents.listing.walker import PAGE_SIZE
from core.api.lanes import LISTING
from tests.e2e.client.conftest import OfficialClient
from tests.e2e.client.storages import Storage, storage_of
from tests.e2e.support.stack import Stack
from tests.servers import Cloud
from tests.servers.gate import Gate, NoAnswer, Request, Response
from tests.servers.process import eventually

WEB_PROCESSES = 2
PARTS = 64
PAGES = ["/healthz", "/", "/accounts/login/"]


class HoldingGate(Gate):
    """From the moment two pages are listed at once, no page gets through until `released`."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.released = threading.Event()
        self.held = 0
        self.most_held = 0
        self._holding = False
        self._changed = threading.Condition()

    def answer(self, request: Request) -> Response:
        if request.query.get("max-keys") != str(PAGE_SIZE):  # not a page of a listing
            return self.forward(request)
        with self._changed:
            self.held += 1
            self._holding |= self.held > 1
            self.most_held = max(self.most_held, self.held)
        try:
            answer = self.forward(request)
            if self._holding and not self.released.wait(60):
                raise NoAnswer
            return answer
        finally:
            with self._changed:
                self.held -= 1


@pytest.fixture
def storage(clouds: dict[str, Cloud]) -> Storage:
    return storage_of(clouds["S3"], 3 * PARTS, 0)


@pytest.fixture
def slow_cloud(storage: Storage) -> Iterator[HoldingGate]:
    with HoldingGate(storage.cloud.address) as gate:
        assert isinstance(gate, HoldingGate)
        yield gate
        gate.released.set()


@pytest.fixture
def slow_stack(slow_cloud: HoldingGate, storage: Storage, tmp_path: Path) -> Iterator[Stack]:
    """An installation for which the cloud is behind the gate."""
    environment = storage.cloud.environment(slow_cloud.address)
    with Stack(tmp_path / "stack", environment | {"WEB_CONCURRENCY": str(WEB_PROCESSES)}) as stack:
        yield stack.run()


def seconds(url: str, cookies: dict[str, str]) -> float:
    """How long the answer took."""
    began_at = time.monotonic()
    assert requests.get(url, cookies=cookies, timeout=30).status_code == 200
    return time.monotonic() - began_at


def test_the_dashboard_answers_within_a_second_while_64_parts_are_listed(
    slow_stack: Stack, slow_cloud: HoldingGate, storage: Storage, tmp_path: Path
) -> None:
    stack = slow_stack
    person = stack.backstage.person("first")
    dataset = stack.backstage.dataset("large", person, **storage.grants())
    official = OfficialClient("1.5.26", stack, stack.backstage.token(person), tmp_path)
    cookies = {"lightly_session": person["session"]}
    with ThreadPoolExecutor(1) as pool:
        listed = pool.submit(
            official.script, "list_samples.py", dataset_id=dataset, more={"divide_and_conquer_shards": PARTS}
        )
        try:
            assert eventually(lambda: slow_cloud.held >= LISTING.calls_per_person or listed.done(), 60)
            took = {path: [seconds(stack.url + path, cookies) for _ in range(5)] for path in PAGES}
            # All the while, the client got nothing, and the clouds no more calls than they should.
            assert not listed.done()
            assert slow_cloud.most_held <= WEB_PROCESSES * LISTING.calls_per_person
        finally:
            slow_cloud.released.set()
        # A page that waits for a listing waits until it is released. The median forgives a busy machine.
        assert max(statistics.median(times) for times in took.values()) < 1.0, took
        assert sorted(listed.result()) == storage.expected["samples"]
