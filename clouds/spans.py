"""Stretches of work whose times somebody may want to know, such as a call of a storage.

Nobody does unless `watch_with` was called: then all of this costs next to nothing. Who watches gets names and short
facts of ours, and never an address, a key, a name of a file or the text of an error.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, cast

from clouds.failures import StoreError
from clouds.store import Store

Fact = str | int


class Span(Protocol):
    """A stretch that has begun."""

    def note(self, **facts: Fact) -> None:
        """More of it, known by now."""


class Watch(Protocol):
    def __call__(self, name: str, facts: Mapping[str, Fact], /) -> AbstractContextManager[Span]:
        """The stretch is what happens inside. It sees the exception that ends it, if one does."""


class _Unwatched:
    def note(self, **facts: Fact) -> None:
        pass


class _Call:
    """Of a storage. It may make several requests, for example for tokens."""

    def __init__(self) -> None:
        self.requests = 0
        self.status = 0


# The only calls that are stretches of their own. Others make no request, or are made of these.
_READS = ["confirm", "cors_rules", "folders", "head", "in_plain_order", "is_owner", "keys", "missing_is_proof", "page"]
_WRITES = ["begin_parts", "create", "delete", "drop_parts", "end_parts", "erase", "replace", "write", "write_part"]
CALLS = frozenset([*_READS, "preflight", "read_range", *_WRITES])
_unwatched = _Unwatched()
_watch: Watch | None = None
_call: ContextVar[_Call | None] = ContextVar("storage_call", default=None)
_permission: ContextVar[str] = ContextVar("asked_permission", default="")


def watch_with(watch: Watch | None) -> None:
    """From now on, for this process. None: nobody watches any more."""
    global _watch
    _watch = watch


def span(name: str, **facts: Fact) -> AbstractContextManager[Span]:
    """A stretch of work of this name."""
    return _watch(name, facts) if _watch else contextlib.nullcontext(_unwatched)


@contextmanager
def asking_for(permission: str) -> Iterator[None]:
    """Calls inside are made to find out about this permission."""
    token = _permission.set(permission)
    try:
        yield
    finally:
        _permission.reset(token)


@contextmanager
def storage_call(provider: str, operation: str) -> Iterator[None]:
    """A stretch in which a storage is asked for something."""
    if _watch is None:
        yield
        return
    facts: dict[str, Fact] = {"provider": provider, "operation": operation}
    if permission := _permission.get():
        facts["permission"] = permission
    with _watch(f"storage {operation}", facts) as told:
        call = _Call()
        token = _call.set(call)
        try:
            yield
        except StoreError as error:
            told.note(cause=error.failure.cause.value)
            raise
        finally:
            _call.reset(token)
            if call.requests:
                told.note(requests=call.requests, status=call.status)


def note_answer(status: int) -> None:
    """A server has answered a request of this context's call with this HTTP status."""
    if (call := _call.get()) is not None:
        call.requests += 1
        call.status = status


def watched(store: Store, provider: str) -> Store:
    """The store, whose calls are stretches if somebody watches."""
    return cast(Store, _WatchedStore(store, provider)) if _watch else store


class _WatchedStore:
    def __init__(self, store: Store, provider: str) -> None:
        self._store, self._provider = store, provider

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return functools.partial(self._do, name, found) if name in CALLS else found

    def _do(self, name: str, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with storage_call(self._provider, name):
            return method(*arguments, **options)


Store.register(_WatchedStore)
