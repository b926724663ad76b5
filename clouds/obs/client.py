"""The SDK of OBS, made safe.

Its defaults are dangerous (no certificate or host name checks, redirects to any host, 60 s x 4 attempts), so this file
replaces the one method that opens connections.
"""

import http.client
import socket
import ssl
import threading
from typing import Any
from urllib.parse import SplitResult, unquote
from xml.etree import ElementTree

from obs import ObsClient
from obs.convertor import Convertor

from clouds import guard, spans
from clouds.calls.answers import read_whole, safe_xml
from clouds.calls.sockets import Sockets
from clouds.obs.config import OBSConfig
from clouds.store import CallLimit, TimeLimit


class _PinnedConnection(guard.ProxiedRequests):
    """Connects to an address the guard has judged, with TLS (certificate and host name verified) where asked for."""

    def __init__(self, client: "GuardedObsClient", host: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=client.limit.timeout())
        self.client = client
        self.tls = tls
        self.go_through(guard.proxy_for("https" if tls else "http", self.host, self.port), tunnel=tls is not None)

    def connect(self) -> None:
        timeout = self.client.limit.timeout()
        opened = guard.connect(
            self.host,
            self.port,
            timeout=timeout,
            allowed_private_hosts=self.client.allowed_private_hosts,
            proxy=self.chosen_proxy,
            tunnel=self.tls is not None,
        )
        self.sock: socket.socket = self.client.sockets.secured(opened, self._secure if self.tls else None)

    def getresponse(self) -> http.client.HTTPResponse:
        answer = super().getresponse()
        spans.note_answer(answer.status)
        return answer

    def _secure(self, opened: socket.socket) -> socket.socket:
        if self.tls is None:
            return opened
        return self.tls.wrap_socket(opened, server_hostname=self.host)


class GuardedObsClient(ObsClient):  # type: ignore[misc]  # the SDK ships no types
    def __init__(self, config: OBSConfig, limit: TimeLimit, allowed_private_hosts: tuple[str, ...]) -> None:
        super().__init__(
            access_key_id=config.access_key_id,
            secret_access_key=config.secret_access_key.get_secret_value(),
            server=config.endpoint,
            ssl_verify=True,
            max_retry_count=0,
            max_redirect_count=0,  # the first redirect is an answer, not an order
            timeout=limit.timeout(),
            # Only who tries again may keep connections: the server may have closed one meanwhile.
            long_conn_mode=isinstance(limit, CallLimit),
            is_signature_negotiation=False,  # it asks for bucket metadata, a right that checks must not need
        )
        self.convertor = _Convertor(self.signature, self.ha)
        self.limit = limit
        self.allowed_private_hosts = allowed_private_hosts
        self.sockets = Sockets()
        self._closing = threading.Lock()

    def _init_ssl_context(self, custom_ciphers: object) -> None:
        self.context = ssl.create_default_context()

    def _get_server_connection_use_http1x(
        self, is_secure: bool, server: str, port: int, proxy_host: object, proxy_port: object
    ) -> http.client.HTTPConnection:
        return _PinnedConnection(self, server, port, self.context if is_secure else None)

    def connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        """For a request the SDK doesn't know, with the same care."""
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        return _PinnedConnection(self, parts.hostname or "", parts.port or (443 if tls else 80), tls)

    @staticmethod
    def _prepare_response_data(result: http.client.HTTPResponse, _: object) -> bytes:
        """The SDK's own would take in whatever a server sends. Used for all answers but for those with an object."""
        return safe_xml(read_whole(result, result.status), result.status)

    @staticmethod
    def _rename_key(name: str, value: str) -> tuple[int, str, str]:
        """(1 if it is kept, name, value) of a header. The SDK's own mixes metadata with all other headers."""
        for prefix in ("x-obs-", "x-amz-"):
            if name.startswith(prefix):
                return 1, name.removeprefix(prefix), unquote(value)
        return 0, name, value

    def hang_up(self) -> None:
        """Close sockets under calls that still wait, so that a server which drips bytes can't hold a thread."""
        self.sockets.hang_up()
        # Who gave up on a call and the thread of that call may both end here, and the SDK's own close minds that.
        with self._closing:
            self.close()


class _Convertor(Convertor):  # type: ignore[misc]  # the SDK ships no types
    """Keeps the times of a listing as they came: the SDK turns them into local ones, wrongly in summer."""

    def parseListObjects(self, xml: bytes, headers: Any = None) -> Any:  # noqa: N802 - the SDK calls it so
        body = super().parseListObjects(xml, headers)
        found = ElementTree.fromstring(xml).findall("Contents")  # noqa: S314 - the SDK has just parsed it too
        for entry, node in zip(body.contents, found, strict=True):
            entry.lastModified = node.findtext("LastModified")
        return body
