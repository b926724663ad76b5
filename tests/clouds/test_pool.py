"""Opened stores that wait for the next slice of a job."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from clouds import PROVIDERS, Endpoints, parse_config
from clouds.patient import PatientStore
from clouds.pool import StorePool
from tests.clouds import sixth


@pytest.fixture
def hall() -> Iterator[sixth.Hall]:
    yield from sixth.registered(PROVIDERS)


CONFIG: dict[str, Any] = {
    "type": "SHELF",
    "fullPath": "shelf://my-shelf/input/",
    "shelfHall": "hall-1",
    "shelfBadge": "badge",
}


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[PatientStore]:
    """The stores that were closed so far."""
    stores: list[PatientStore] = []
    monkeypatch.setattr(PatientStore, "close", lambda self: stores.append(self))
    return stores


def test_who_comes_next_gets_the_same_store(hall: sixth.Hall, closed: list[PatientStore]) -> None:
    pool, config = StorePool(), parse_config(CONFIG)
    with pool.borrowed(config, Endpoints()) as first:
        pass
    with pool.borrowed(parse_config(CONFIG), Endpoints()) as again, pool.borrowed(config, Endpoints()) as beside:
        assert again is first
        assert beside is not first  # one borrower at a time
    assert closed == []
    pool.close()
    assert set(closed) == {first, beside}


def test_another_credential_is_another_store(hall: sixth.Hall, closed: list[PatientStore]) -> None:
    pool = StorePool()
    with pool.borrowed(parse_config(CONFIG), Endpoints()) as first:
        pass
    for config, endpoints in (
        (CONFIG | {"shelfBadge": "other"}, Endpoints()),
        (CONFIG | {"fullPath": "shelf://my-shelf/other/"}, Endpoints()),
        (CONFIG, Endpoints(s3="http://elsewhere")),
    ):
        with pool.borrowed(parse_config(config), endpoints) as other:
            assert other is not first
    pool.close()


def test_after_an_error_nobody_gets_it(hall: sixth.Hall, closed: list[PatientStore]) -> None:
    pool, config = StorePool(), parse_config(CONFIG)
    with pytest.raises(RuntimeError), pool.borrowed(config, Endpoints()) as first:
        raise RuntimeError
    assert closed == [first]
    with pool.borrowed(config, Endpoints()) as second:
        assert second is not first
    pool.close()


def test_there_are_never_too_many(hall: sixth.Hall, closed: list[PatientStore]) -> None:
    pool, stores = StorePool(most_idle=2), []
    for number in range(4):
        with pool.borrowed(parse_config(CONFIG | {"shelfBadge": f"badge-{number}"}), Endpoints()) as store:
            stores.append(store)
    assert closed == stores[:2]
    pool.close()


def test_what_nobody_borrows_is_closed(hall: sixth.Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"badge-1": threading.Event(), "badge-2": threading.Event()}
    monkeypatch.setattr(PatientStore, "close", lambda self: ended[self._open.args[0].badge.get_secret_value()].set())
    pool = StorePool(idle_seconds=0.05)
    for badge, event in ended.items():
        with pool.borrowed(parse_config(CONFIG | {"shelfBadge": badge}), Endpoints()):
            assert not event.is_set()
        assert event.wait(10)


def test_a_forked_process_has_none_of_them(hall: sixth.Hall, closed: list[PatientStore]) -> None:
    """Else two processes would talk over one connection."""
    pool = StorePool()
    with pool.borrowed(parse_config(CONFIG), Endpoints()):
        pass
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    child = fork.Process(target=lambda: sender.send(len(pool._idle)))
    child.start()
    child.join(30)
    assert receiver.recv() == 0
    assert len(pool._idle) == 1
    pool.close()
