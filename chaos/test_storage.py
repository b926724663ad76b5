"""Storage that hangs, resets, cuts, drips, floods, and answers what no storage answers, beside storage that works."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from chaos import processes
from chaos.figures import Figure, note
from chaos.house import DEADLINE, GRACE, SLACK, House
from chaos.places import places
from core.queues import Queue
from tests.servers import Config, S3Cloud
from tests.servers.faults import Flood, Peer, cut, drip, reset, silent

pytestmark = pytest.mark.timeout(300, func_only=True)

EACH, HEALTHY = 4, 40
# A check has ended so long after its worker took it.
SPARE = 3.0
MOST_GROWTH_MB = 60


def saying(answer: bytes) -> Peer:
    """Answers every request with these bytes, and closes."""

    def serve(connection: socket.socket, stopping: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return Peer(serve)


def answering(status: str, body: bytes = b"", kind: str = "application/xml", more: Sequence[str] = ()) -> Peer:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *more]
    return saying("\r\n".join([*lines, "", ""]).encode() + body)


HTML = b"<!doctype html><html><body><h1>It works!</h1></body></html>"
FAULTS: dict[str, Callable[[S3Cloud], Peer]] = {
    "hangs": lambda _: silent(),
    "resets": lambda _: reset(),
    "cuts": lambda cloud: cut(cloud.address, 120),
    "drips": lambda _: drip(0.5),
    "answers 500": lambda _: answering("500 Internal Server Error"),
    "answers 503": lambda _: answering("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>"),
    "answers 429": lambda _: answering("429 Too Many Requests", more=["Retry-After: 1"]),
    "answers HTML": lambda _: answering("200 OK", HTML, "text/html"),
    "answers garbage": lambda _: saying(bytes(range(256)) * 40),
    "answers broken XML": lambda _: answering("200 OK", b"<ListBucketResult><Contents><Key>"),
    "answers 1 GB": lambda _: Flood(),
    "answers 1 GB of error": lambda _: Flood(status="403 Forbidden", chunked=True),
}


def at(config: Config, address: str) -> Config:
    return config | {"type": "S3Compatible", "s3Endpoint": f"http://{address}"}


def test_every_fault_beside_storage_that_works(house: House, cloud: S3Cloud) -> None:
    """All at once. No check of a faulty storage is green, each ends by its deadline, and none keeps others waiting."""
    here = places(house, cloud, "storage")
    (worker,) = house.crew[Queue.CHECKS]
    # What checks load once is in its memory before it is measured.
    house.hands.connect({"warm": at(here.good, cloud.address)}, here.owner["email"])
    here.add(16)
    house.await_checks(DEADLINE + GRACE + SLACK)
    with contextlib.ExitStack() as stack:
        peers = {name: stack.enter_context(make(cloud)) for name, make in FAULTS.items()}
        configs = {
            f"{name} {number}": at(here.good, peer.address) for name, peer in peers.items() for number in range(EACH)
        }
        before = processes.megabytes(worker.pid)
        began = time.monotonic()
        faulty = house.hands.connect(configs, here.owner["email"])
        here.add(HEALTHY)
        slots = 8
        house.await_checks((len(faulty) / slots + 1) * (DEADLINE + SPARE) + GRACE + SLACK)
        took = time.monotonic() - began
        grown = processes.megabytes(worker.pid) - before
    assert here.lost() == []
    shown = house.shown(list(faulty.values()))
    unknown = {name: shown[dataset] for name, dataset in faulty.items() if shown[dataset][2] != "DONE"}
    assert unknown == {}
    assert {name: shown[dataset] for name, dataset in faulty.items() if shown[dataset][3] == "GREEN"} == {}
    took_each = house.query(
        "SELECT d.dataset_id, (julianday(c.finished_at) - julianday(c.started_at)) * 86400"
        " FROM datasources_permissioncheck c JOIN datasources_datasource d ON d.id = c.datasource_id"
        " WHERE c.started_at IS NOT NULL"
    )
    ours = {*faulty.values(), *here.datasets}
    late = [(dataset, seconds) for dataset, seconds in took_each if dataset in ours and seconds > DEADLINE + SPARE]
    assert late == []
    assert grown < MOST_GROWTH_MB
    assert worker.poll() is None
    assert house.alerts([*faulty.values(), *here.datasets]) == []
    said = f"{len(FAULTS)} kinds at once in {took:.0f} s, the worker grew by {grown:.0f} MB"
    note(Figure("Storage that misbehaves", faults=len(faulty), checks=len(faulty) + len(here.datasets), said=said))
