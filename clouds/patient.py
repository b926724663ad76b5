"""Stores for jobs, for which nobody waits: they try again, renew their sessions and keep their connections.

A check asks once, within a deadline, because somebody looks at the bulb. A job reads thousands of objects, and must not
fail because a cloud was busy for a second.
"""

import functools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from clouds.calls.handing_on import Answer, Call, HandingOn, close_late
from clouds.calls.within import OutOfTimeError, within
from clouds.config import CloudConfig, Endpoints
from clouds.failures import PASSING, Cause, Failure, StoreError
from clouds.provider import open_store, provider_of
from clouds.store import CallLimit, Store

# A session is left when so much of its life is over: what is signed with it should be good for a while.
RENEWED_AFTER = 0.5


@dataclass(frozen=True)
class Patience:
    """How often and how long to try."""

    call_seconds: float = 30.0  # for one attempt, however the cloud spends it; as much again to open a store
    attempts: int = 4
    first_pause_seconds: float = 0.5  # doubles with each attempt
    longest_pause_seconds: float = 8.0

    def pause_after(self, attempt: int) -> float:
        """Seconds to wait after the attempt of this number (from 1). By chance, so that callers do not come at once."""
        full = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** (attempt - 1))
        return full * (0.5 + random.random() / 2)  # noqa: S311 - no secret


class PatientStore(HandingOn):
    """A store that is opened at the first call, and again when its session ends. For one thread at a time.

    A write whose answer got lost is tried again as well: `create` may then raise ALREADY_EXISTS for its own object.
    """

    missing_key_denial_is_proof = False  # asked by checks alone, which are not patient

    def __init__(self, config: CloudConfig, endpoints: Endpoints, patience: Patience) -> None:
        self._open = functools.partial(open_store, config, endpoints, CallLimit(patience.call_seconds))
        self._patience = patience
        session_seconds = provider_of(config).session_seconds
        self._renewed_after = session_seconds * RENEWED_AFTER if session_seconds else None
        self._store: Store | None = None
        self._opened_at = 0.0

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        # In this thread: it makes no request, and a listing signs a thousand URLs.
        return self._attempts(lambda: self._opened().sign(key, seconds=seconds, method=method))

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _call(self, call: Call[Answer]) -> Answer:
        def attempt() -> Answer:
            store = self._opened()
            try:
                return within(self._patience.call_seconds, lambda: call(store), when_late=lambda _: store.close())
            except OutOfTimeError:
                self.close()  # the call goes on in its thread, and nobody else may use its connections
                raise StoreError(Failure(Cause.TIMEOUT)) from None

        return self._attempts(attempt)

    def _attempts(self, attempt: Callable[[], Answer]) -> Answer:
        for number in range(1, self._patience.attempts):
            try:
                return attempt()
            except StoreError as error:
                if self._session_has_ended(error.failure.cause):
                    self.close()
                    continue
                if error.failure.cause not in PASSING:
                    raise
            time.sleep(self._patience.pause_after(number))
        return attempt()

    def _session_has_ended(self, cause: Cause) -> bool:
        return cause is Cause.EXPIRED and self._renewed_after is not None

    def _opened(self) -> Store:
        age = time.monotonic() - self._opened_at
        if self._store is not None and self._renewed_after is not None and age > self._renewed_after:
            self.close()
        if self._store is None:
            try:
                self._store = within(self._patience.call_seconds, self._open, when_late=close_late)
            except OutOfTimeError:
                raise StoreError(Failure(Cause.TIMEOUT)) from None
            self._opened_at = time.monotonic()
        return self._store
