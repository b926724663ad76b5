"""Remembers the sockets of a store, so that they can be closed under calls that still wait.

This ends such a call wherever it waits: for a connection's TLS, for an answer, or for the next of the bytes that a
server drips. Every cloud's SDK is given connections that tell their sockets to this one class.
"""

import contextlib
import functools
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import requests
import requests.adapters
import urllib3
import urllib3.connection

from clouds import spans


class Sockets:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.hung_up = False

    def keep(self, opened: socket.socket) -> None:
        """Remember a socket. Closes it and raises TimeoutError where somebody has hung up while it was being made."""
        with self._lock:
            self._open = [*(kept for kept in self._open if kept.fileno() != -1), opened]
            if not self.hung_up:
                return
        _shut(opened)
        opened.close()
        raise TimeoutError

    def secured(self, opened: socket.socket, secure: Callable[[socket.socket], socket.socket] | None) -> socket.socket:
        """The socket to talk over, which is remembered: `secure` may do the handshake of TLS."""
        try:
            with self.handle_on(opened):
                ready = secure(opened) if secure else opened
        except BaseException:
            opened.close()
            raise
        self.keep(ready)
        return ready

    @contextlib.contextmanager
    def handle_on(self, opened: socket.socket) -> Iterator[None]:
        """Meanwhile, the connection can be hung up although TLS takes the socket out of its object."""
        handle = opened.dup()
        try:
            self.keep(handle)
            yield
        finally:
            handle.close()

    def hang_up(self) -> None:
        """Shut all of them, and all that come later."""
        with self._lock:
            self.hung_up = True
            sockets, self._open = self._open, []
        for opened in sockets:
            _shut(opened)


def _shut(opened: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Not by the method of an SSLSocket, which takes the TLS away from under the thread that reads.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


class Watched:
    """Before a connection class of urllib3 in its bases: tells its sockets to `sockets`."""

    sock: Any

    def __init__(self, *arguments: Any, sockets: Sockets, **options: Any) -> None:
        self._sockets = sockets
        self._stack = contextlib.ExitStack()
        super().__init__(*arguments, **options)

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = super()._new_conn()  # type: ignore[misc]
        try:
            self._stack.enter_context(self._sockets.handle_on(opened))
        except TimeoutError:
            opened.close()
            raise
        return opened

    def connect(self) -> None:
        with self._stack:
            super().connect()  # type: ignore[misc]
        self._sockets.keep(self.sock)

    def getresponse(self) -> Any:
        answer = super().getresponse()  # type: ignore[misc]
        spans.note_answer(answer.status)
        return answer


Pools = MutableMapping[str, Callable[..., urllib3.HTTPConnectionPool]]


def watch_pools(pools: Pools, sockets: Sockets) -> None:
    """Let all pools that a pool manager makes from now on tell their sockets. `pools` is its classes by scheme."""
    for scheme, pool in list(pools.items()):
        pools[scheme] = functools.partial(_watched_pool, pool, sockets)


def _watched_pool(
    pool: Callable[..., urllib3.HTTPConnectionPool], sockets: Sockets, *arguments: Any, **options: Any
) -> urllib3.HTTPConnectionPool:
    made = pool(*arguments, **options)
    made.ConnectionCls = functools.partial(watched(made.ConnectionCls), sockets=sockets)  # type: ignore[assignment]
    return made


@functools.cache
def watched(connection: Any) -> Any:
    """A connection class of urllib3 that also takes `sockets`."""
    return type(f"Watched{connection.__name__}", (Watched, connection), {})


def watch_session(session: requests.Session, sockets: Sockets) -> None:
    """Let all connections of a session of requests tell their sockets, those through proxies as well."""
    for adapter in session.adapters.values():
        if isinstance(adapter, requests.adapters.HTTPAdapter):
            _watch_adapter(adapter, sockets)


def _watch_adapter(adapter: Any, sockets: Sockets) -> None:
    usual: Mapping[str, Any] = urllib3.poolmanager.pool_classes_by_scheme
    watched = dict(usual)
    watch_pools(watched, sockets)
    adapter.poolmanager.pool_classes_by_scheme = watched
    proxy_manager_for = adapter.proxy_manager_for

    def watched_proxy_manager_for(*arguments: Any, **options: Any) -> Any:
        manager = proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = watched
        return manager

    adapter.proxy_manager_for = watched_proxy_manager_for
