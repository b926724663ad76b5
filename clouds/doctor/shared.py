"""The store of one check, for its probe and for what is asked beside it. With a second one,
a check needed a quarter more of a processor, and a second session of the role or a second token.
"""

import threading
from collections.abc import Callable

from clouds.store import Deadline, Store


class SharedStore:
    """The probe opens it and says what becomes of it afterwards. That is done once nobody needs it any more."""

    def __init__(self) -> None:
        self._told = threading.Event()  # there is a store, or there will be none
        self._store: Store | None = None
        self._lock = threading.Lock()
        self._is_needed = True
        self._afterwards: list[Callable[[], None]] = []

    def lend(self, store: Store | None) -> None:
        """From now on this is the one to use. None: it can't be opened."""
        self._store = store
        self._told.set()

    def give_up(self, afterwards: Callable[[], None]) -> None:
        """The probe is through with the last one it lent. `afterwards` closes or keeps it."""
        with self._lock:
            if self._is_needed:
                self._afterwards.append(afterwards)
                return
        afterwards()

    def wait(self, deadline: Deadline) -> Store | None:
        """For who asks beside the probe: the store, once it is open. None where there is none in time."""
        self._told.wait(deadline.remaining())
        return self._store

    def release(self) -> None:
        """Whoever asks beside the probe is through with it, or must be. May be said twice."""
        with self._lock:
            self._is_needed = False
            todo, self._afterwards = self._afterwards, []
        for afterwards in todo:
            afterwards()
