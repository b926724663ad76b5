"""One POST to an address that a user typed: judged, pinned, within a deadline; of the answer only the status is used.

Knows no Django. Like the clouds' endpoints it goes through clouds/guard.py, so it can't be sent into private networks.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlsplit

from clouds import StoreError, guard
from clouds.calls.sockets import Sockets

SECONDS = 10.0


class UndeliveredError(Exception):
    """There was no answer; the text says why, in words of our own."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, allowed_private_hosts: Iterable[str]) -> int:
    """The HTTP status of the answer. A redirect is an answer too: it is not followed. Raises UndeliveredError."""
    parts = urlsplit(url)
    try:
        connection = _Pinned(parts, allowed_private_hosts)
    except OSError:
        raise UndeliveredError("the proxy of this installation can't be used") from None
    # Timeouts of sockets count per operation, and a server that drips a byte a second passes them all.
    alarm = threading.Timer(SECONDS, connection.sockets.hang_up)
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("POST", _target(parts), body, dict(headers))
        status = connection.getresponse().status
    except StoreError:
        raise UndeliveredError("the address is private, and the operator has not allowed it") from None
    except TimeoutError:
        raise UndeliveredError(f"no answer within {SECONDS:g} s") from None
    except ssl.SSLError:
        raise UndeliveredError("no trusted TLS certificate") from None
    except socket.gaierror:
        raise UndeliveredError("the host name is unknown") from None
    except (OSError, http.client.HTTPException, ValueError):  # ValueError: a socket that was hung up under its reader
        why = f"no answer within {SECONDS:g} s" if connection.sockets.hung_up else "the connection failed"
        raise UndeliveredError(why) from None
    finally:
        alarm.cancel()
        connection.close()
    if connection.sockets.hung_up:  # half an answer looks like a whole one then
        raise UndeliveredError(f"no answer within {SECONDS:g} s")
    return status


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Pinned(guard.ProxiedRequests):
    """Connects to an address the guard has judged, with TLS (certificate and host name verified) for https."""

    def __init__(self, parts: SplitResult, allowed_private_hosts: Iterable[str]) -> None:
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        super().__init__(parts.hostname or "", parts.port or (443 if self._tls else 80), timeout=SECONDS)
        self._allowed = tuple(allowed_private_hosts)
        self.go_through(guard.proxy_for(parts.scheme, self.host, self.port), tunnel=self._tls is not None)
        self.sockets = Sockets()

    def connect(self) -> None:
        opened = guard.connect(
            self.host,
            self.port,
            timeout=SECONDS,
            allowed_private_hosts=self._allowed,
            proxy=self.chosen_proxy,
            tunnel=self._tls is not None,
        )
        self.sock = self.sockets.secured(opened, self._secure if self._tls else None)

    def _secure(self, opened: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(opened, server_hostname=self.host) if self._tls else opened
