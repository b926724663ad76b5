"""Threads of one check begin together, and ask for one token together."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import pytest
from google.auth.exceptions import RefreshError

from clouds import Deadline, parse_config
from clouds.gcs.config import GCSConfig
from clouds.gcs.store import open_with_service_account
from tests.clouds.conftest import MakePlace
from tests.servers import GCSCloud
from tests.servers.gcs import State
from tests.servers.process import eventually

THREADS = 3


class Watched:
    """A lock that tells how many have come for it."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.arrived = 0

    def __enter__(self) -> None:
        self.arrived += 1
        self.lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.lock.release()


@pytest.mark.parametrize("is_refused", [False, True])
def test_one_answer_is_for_all(is_refused: bool, make_place: MakePlace) -> None:
    place = make_place("GCS")
    assert isinstance(place.cloud, GCSCloud)
    if is_refused:
        place.cloud.set_state(place.config, State.DISABLED)
    config = parse_config(place.config, place.endpoints)
    assert isinstance(config, GCSConfig)
    store: Any = open_with_service_account(config, place.endpoints, Deadline(15))
    session = store.client._http
    credentials = session.credentials
    credentials._asking = watched = Watched(credentials._asking)
    ends: list[object] = []

    def ask() -> None:
        headers: dict[str, str] = {}
        try:
            credentials.before_request(session._auth_request, "GET", "https://example.com", headers)
        except RefreshError as error:
            ends.append(error)
        else:
            ends.append(headers["authorization"])

    def asked() -> int:
        return len([each for each in place.gate.requests if each.method == "POST"])

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    before = asked()
    with watched.lock:
        for thread in threads:
            thread.start()
        assert eventually(lambda: watched.arrived == THREADS)
    for thread in threads:
        thread.join()
    assert asked() - before == 1
    assert len(ends) == THREADS
    assert len(set(map(id, ends)) if is_refused else set(ends)) == 1
    # Whoever comes later asks anew where there is no token, and not where there is one.
    ask()
    assert asked() - before == (2 if is_refused else 1)
    store.close()
