"""Looks names up within a time limit, which the operating system's own function does not know.

A name whose name server stays silent takes the resolver 10 s and more, and nothing can wake it. So it is asked in a
thread of its own, which whoever waits leaves behind when the time is over. All who ask for the same name at the same
time wait for one and the same thread.
"""

import os
import socket
import threading
from typing import Any

# Look-ups under way in this process. Each costs a thread that only waits.
MOST_AT_ONCE = 256


class _LookUp:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.addresses: list[Any] = []
        self.error: Exception | None = None


class _LookUps:
    def __init__(self) -> None:
        self.start_anew()
        os.register_at_fork(after_in_child=self.start_anew)

    def start_anew(self) -> None:
        self.lock = threading.Lock()
        self.under_way: dict[tuple[str, int], _LookUp] = {}

    def begun(self, host: str, port: int) -> _LookUp:
        key = (host, port)
        with self.lock:
            found = self.under_way.get(key)
            if found is not None:
                return found
            if len(self.under_way) >= MOST_AT_ONCE:
                raise TimeoutError("too many names are being looked up")
            started = self.under_way[key] = _LookUp()
        threading.Thread(target=self._run, args=(key, started), daemon=True).start()
        return started

    def _run(self, key: tuple[str, int], this: _LookUp) -> None:
        host, port = key
        try:
            this.addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - it is raised again, where the callers are
            this.error = error
        with self.lock:
            self.under_way.pop(key, None)
        this.done.set()


_look_ups = _LookUps()


def look_up(host: str, port: int, *, seconds: float) -> list[Any]:
    """What socket.getaddrinfo answers for TCP, or raises. Raises TimeoutError when it takes longer."""
    this = _look_ups.begun(host, port)
    if not this.done.wait(seconds):
        raise TimeoutError("the name could not be looked up in time")
    if this.error is not None:
        # A new one: several callers may get it, each with a traceback of their own.
        raise type(this.error)(*this.error.args) from None
    return this.addresses
