"""A store that hands every call on to another one, in a way that its subclasses choose."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from clouds.store import CorsRule, Deadline, Head, Page, Piece, Preflight, Store


def close_late(store: Store | None) -> None:
    """For `within`: the end of a store that was opened when nobody waited for it any more."""
    if store is not None:
        store.close()


Answer = TypeVar("Answer")
Call = Callable[[Store], Answer]


class HandingOn(Store):
    @abstractmethod
    def _call(self, call: Call[Answer]) -> Answer:
        """Do this with the other store. Raises StoreError."""

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        return self._call(lambda store: store.keys(prefix, limit=limit))

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        return self._call(lambda store: store.folders(prefix, limit=limit))

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        return self._call(lambda store: store.page(prefix, after=after, limit=limit))

    def in_plain_order(self) -> bool:
        return self._call(lambda store: store.in_plain_order())

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        return self._call(lambda store: store.sign(key, seconds=seconds, method=method))

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        return self._call(lambda store: store.read_range(key, start, length, version=version))

    def create(self, key: str, data: bytes) -> None:
        self._call(lambda store: store.create(key, data))

    def replace(self, key: str, data: bytes) -> None:
        self._call(lambda store: store.replace(key, data))

    def head(self, key: str) -> Head:
        return self._call(lambda store: store.head(key))

    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        self._call(lambda store: store.write(key, data, content_type=content_type, metadata=metadata))

    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        return self._call(lambda store: store.begin_parts(key, content_type=content_type, beside=beside))

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        return self._call(lambda store: store.write_part(key, upload, number, data))

    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        self._call(lambda store: store.end_parts(key, upload, parts, content_type=content_type))

    def drop_parts(self, key: str, upload: str) -> None:
        self._call(lambda store: store.drop_parts(key, upload))

    def delete(self, key: str) -> None:
        self._call(lambda store: store.delete(key))

    def cors_rules(self) -> list[CorsRule]:
        return self._call(lambda store: store.cors_rules())

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        return self._call(lambda store: store.preflight(key, origin=origin, deadline=deadline))
