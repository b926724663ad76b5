"""One hard limit for a call, however its time passes: in a name look-up, on a socket, or in a server that drips bytes.

The time limits of SDKs are for each wait on a socket, so a server that sends a byte a second passes them all. A thread
can't be killed. So the call runs in a thread of its own, and whoever waits goes away when the time is over and closes
the sockets under the call, which ends it.
"""

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar, cast

Answer = TypeVar("Answer")

# Calls that nobody waits for any more, and that have not ended yet, of this process. One that hangs in a name look-up
# can't be woken. With so many of them, something is wrong, and a new one would only be one more.
MOST_ABANDONED = 256


class OutOfTimeError(Exception):
    """A call has not come back."""


class _Abandoned:
    def __init__(self) -> None:
        self.start_anew()
        os.register_at_fork(after_in_child=self.start_anew)

    def start_anew(self) -> None:
        self.lock = threading.Lock()
        self.count = 0

    def add(self, change: int) -> None:
        with self.lock:
            self.count += change


_abandoned = _Abandoned()


def abandoned() -> int:
    """How many calls of this process go on although nobody waits for them."""
    return _abandoned.count


def within(seconds: float, call: Callable[[], Answer], when_late: Callable[[Answer | None], None]) -> Answer:
    """The call's answer, or what it raised. Raises OutOfTimeError when it takes longer.

    `when_late` is called when such a call has ended after all, with its answer if it has one: it may have opened
    connections that nobody else would close.
    """
    ended: list[tuple[Answer | None, BaseException | None]] = []
    lock = threading.Lock()
    given_up = False

    def run() -> None:
        answer: Answer | None = None
        error: BaseException | None = None
        try:
            answer = call()
        except BaseException as raised:  # noqa: BLE001 - it is raised again, where the caller is
            error = raised
        with lock:
            if not given_up:
                ended.append((answer, error))
                return
        _abandoned.add(-1)
        when_late(answer)

    if seconds <= 0 or abandoned() >= MOST_ABANDONED:
        raise OutOfTimeError
    # A daemon, so that a call which never comes back can't keep the process from ending.
    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(seconds)
    with lock:
        given_up = not ended
        if given_up:
            _abandoned.add(1)
    if given_up:
        raise OutOfTimeError
    answer, error = ended[0]
    if error is not None:
        raise error
    return cast("Answer", answer)
