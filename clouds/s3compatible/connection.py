"""How requests reach a host that a user typed: through the guard, and with the user's certificate authority.

boto3 signs and reads; what it would send is taken over here by its own event (`before-send`), because its connections
look a name up by themselves and know a certificate authority only as a file.
"""

import functools
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3
import urllib3.connection
import urllib3.exceptions
from botocore.awsrequest import AWSResponse

from clouds import guard
from clouds.calls.answers import read_whole, safe_xml
from clouds.calls.sockets import Sockets, watched
from clouds.failures import Cause, Failure, StoreError, safe_code
from clouds.store import TimeLimit


class GuardedConnections:
    """The connections of one store. Redirects are answers, not orders; nothing is tried twice."""

    def __init__(self, limit: TimeLimit, allowed_private_hosts: tuple[str, ...], ca_certificate: str | None) -> None:
        self.limit = limit
        self.allowed_private_hosts = allowed_private_hosts
        self._ca_certificate = ca_certificate
        self._pools: dict[tuple[str, str, int | None], urllib3.HTTPConnectionPool] = {}
        self.sockets = Sockets()
        self._lock = threading.Lock()

    def send(self, request: Any, **_: Any) -> AWSResponse:
        """The answer to a prepared request of botocore. Raises StoreError."""
        headers = {
            name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
            if name.lower() != "expect"  # its 100-continue saves little for small objects, and some servers mistake it
        }
        answer = self.ask(request.method, request.url, headers, request.body)
        streams = request.stream_output and answer.status < 300
        return AWSResponse(request.url, answer.status, _lowered(answer.headers), answer if streams else _whole(answer))

    def ask(
        self, method: str, url: str, headers: dict[str, str], body: object = None
    ) -> urllib3.response.BaseHTTPResponse:
        """The answer, whose body is not read yet. Raises StoreError."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        seconds = self.limit.timeout()
        try:
            return self._pool(parts.scheme, parts.hostname or "", parts.port).urlopen(
                method,
                target,
                body=body,  # type: ignore[arg-type]
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=seconds, read=seconds),
            )
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise StoreError(failure_of_transport(error)) from None

    def connected(self, host: str, port: int, proxy: guard.Proxy | None, *, tunnel: bool) -> socket.socket:
        return guard.connect(
            host,
            port,
            timeout=self.limit.timeout(),
            allowed_private_hosts=self.allowed_private_hosts,
            proxy=proxy,
            tunnel=tunnel,
        )

    def close(self) -> None:
        """Give connections back. Whoever does not want to wait for calls that still use one hangs up first."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _pool(self, scheme: str, host: str, port: int | None) -> urllib3.HTTPConnectionPool:
        with self._lock:
            if (scheme, host, port) not in self._pools:
                self._pools[scheme, host, port] = self._new_pool(scheme, host, port)
            return self._pools[scheme, host, port]

    def _new_pool(self, scheme: str, host: str, port: int | None) -> urllib3.HTTPConnectionPool:
        if scheme == "http":
            plain = urllib3.HTTPConnectionPool(host, port)
            plain.ConnectionCls = functools.partial(watched(_Connection), connections=self, sockets=self.sockets)  # type: ignore[assignment]
            return plain
        context = ssl.create_default_context()
        if self._ca_certificate:
            context.load_verify_locations(cadata=self._ca_certificate)
        safe = urllib3.HTTPSConnectionPool(host, port, ssl_context=context)
        safe.ConnectionCls = functools.partial(watched(_SafeConnection), connections=self, sockets=self.sockets)  # type: ignore[assignment]
        return safe


def _lowered(headers: Mapping[str, str]) -> Any:
    return {name.lower(): value for name, value in headers.items()}


class _Body:
    """A body that is here, in the form in which botocore asks for one."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def stream(self) -> Iterator[bytes]:
        yield self.data


def _whole(answer: urllib3.response.BaseHTTPResponse) -> _Body:
    """Read here, where a connection that breaks becomes a StoreError, and no server can fill our memory."""
    try:
        data = safe_xml(read_whole(answer, answer.status), answer.status)
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise StoreError(failure_of_transport(error)) from None
    except StoreError:
        answer.close()
        raise
    answer.release_conn()
    return _Body(data)


class _Connection(guard.ProxiedRequests, urllib3.connection.HTTPConnection):
    def __init__(self, *arguments: Any, connections: GuardedConnections, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections
        self.go_through(guard.proxy_for("http", self.host, self.port), tunnel=False)

    def _new_conn(self) -> socket.socket:
        return self._connections.connected(self.host, self.port, self.chosen_proxy, tunnel=False)


class _SafeConnection(urllib3.connection.HTTPSConnection):
    def __init__(self, *arguments: Any, connections: GuardedConnections, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections = connections

    def _new_conn(self) -> socket.socket:
        proxy = guard.proxy_for("https", self.host, self.port)
        return self._connections.connected(self.host, self.port, proxy, tunnel=True)


def failure_of_transport(error: BaseException) -> Failure:
    """What an exception of sockets or urllib3 means. urllib3 wraps the one that counts."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLError | urllib3.exceptions.SSLError):
            return Failure(Cause.TLS, safe_code(type(inner).__name__))
        if isinstance(inner, TimeoutError | urllib3.exceptions.TimeoutError):
            return Failure(Cause.TIMEOUT, safe_code(type(inner).__name__))
        wrapped = [argument for argument in inner.args if isinstance(argument, BaseException)]
        inner = wrapped[0] if wrapped else inner.__cause__
    return Failure(Cause.UNREACHABLE, safe_code(type(error).__name__))
