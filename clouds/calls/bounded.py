"""A store for people who wait: whatever its server does, all of its calls together are over by the deadline."""

from clouds.calls.handing_on import Answer, Call, HandingOn, close_late
from clouds.calls.within import OutOfTimeError, within
from clouds.config import CloudConfig, Endpoints
from clouds.failures import Cause, Failure, StoreError
from clouds.provider import open_store
from clouds.store import Deadline, Store


class BoundedStore(HandingOn):
    """Opens at the first call. For one thread at a time. Raises StoreError TIMEOUT when the deadline has passed."""

    missing_key_denial_is_proof = False  # asked by checks alone, which have their own way to keep a deadline

    def __init__(self, config: CloudConfig, endpoints: Endpoints, deadline: Deadline) -> None:
        self._config, self._endpoints, self._deadline = config, endpoints, deadline
        self._store: Store | None = None
        self._has_signed: set[str] = set()

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        # Only the first time may take a request, and a listing signs a thousand URLs.
        if method in self._has_signed and self._store is not None and not self._deadline.over:
            return self._store.sign(key, seconds=seconds, method=method)
        url = super().sign(key, seconds=seconds, method=method)
        self._has_signed.add(method)
        return url

    def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _call(self, call: Call[Answer]) -> Answer:
        store = self._opened()
        try:
            return within(self._deadline.remaining(), lambda: call(store), when_late=lambda _: store.close())
        except OutOfTimeError:
            self.close()  # it closes the sockets under the call
            raise StoreError(Failure(Cause.TIMEOUT)) from None

    def _opened(self) -> Store:
        if self._store is None:
            try:
                self._store = within(
                    self._deadline.remaining(),
                    lambda: open_store(self._config, self._endpoints, self._deadline),
                    when_late=close_late,
                )
            except OutOfTimeError:
                raise StoreError(Failure(Cause.TIMEOUT)) from None
        return self._store
