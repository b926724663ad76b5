"""Opened stores of this process, kept for the next slice of a job or the next check."""

import contextlib
import os
import threading
import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from clouds.config import CloudConfig, Endpoints
from clouds.patient import Patience, PatientStore


class Closable(Protocol):
    def close(self) -> None: ...


Kept = TypeVar("Kept", bound=Closable)


@dataclass(frozen=True)
class _Idle(Generic[Kept]):
    key: Hashable
    store: Kept
    since: float


class IdleStores(Generic[Kept]):
    """Those that nobody uses now.

    A store that nobody has taken for `idle_seconds` is closed, and so is the longest idle one when there are more
    than `most_idle`.
    """

    def __init__(self, *, idle_seconds: float = 60.0, most_idle: int = 16) -> None:
        self.idle_seconds = idle_seconds
        self.most_idle = most_idle
        self._start_empty()
        # Two processes must not talk over one connection, and a thread may hold the lock while the process forks.
        os.register_at_fork(after_in_child=self._start_empty)

    def _start_empty(self) -> None:
        self._idle: list[_Idle[Kept]] = []  # the longest idle one first
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            idle, self._idle = self._idle, []
        for entry in idle:
            entry.store.close()

    def take(self, key: Hashable) -> Kept | None:
        """Whoever takes a store is the only one who has it."""
        with self._lock:
            # The one used last: its connections are the likeliest to be open still.
            for entry in reversed(self._idle):
                if entry.key == key:
                    self._idle.remove(entry)
                    return entry.store
        return None

    def keep(self, key: Hashable, store: Kept) -> None:
        """For the next one who asks with this key."""
        with self._lock:
            self._idle.append(_Idle(key, store, time.monotonic()))
            surplus = self._idle[: -self.most_idle]
            self._idle = self._idle[-self.most_idle :]
            self._come_back()
        for entry in surplus:
            entry.store.close()

    def _come_back(self) -> None:
        """See to it that somebody closes the longest idle store in time. Called with the lock held."""
        if self._timer is None and self._idle:
            seconds = max(0.0, self._idle[0].since + self.idle_seconds - time.monotonic())
            self._timer = threading.Timer(seconds, self._close_old)
            self._timer.daemon = True
            self._timer.start()

    def _close_old(self) -> None:
        with self._lock:
            self._timer = None
            newest = time.monotonic() - self.idle_seconds
            old = [entry for entry in self._idle if entry.since <= newest]
            self._idle = [entry for entry in self._idle if entry.since > newest]
            self._come_back()
        for entry in old:
            entry.store.close()


class StorePool(IdleStores[PatientStore]):
    """Lends each store to one borrower at a time."""

    @contextlib.contextmanager
    def borrowed(
        self, config: CloudConfig, endpoints: Endpoints, patience: Patience | None = None
    ) -> Iterator[PatientStore]:
        """A store for these very fields, so that who changes a datasource gets another one. Opens at the first call.

        After an error it is closed, because nobody knows what its connections are good for.
        """
        patience = patience or Patience()
        key = (config, endpoints, patience)
        store = self.take(key) or PatientStore(config, endpoints, patience)
        try:
            yield store
        except BaseException:
            store.close()
            raise
        self.keep(key, store)


# Of this process.
STORES = StorePool()
