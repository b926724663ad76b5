"""Run as a process of its own: probe the configs on standard input, and print which hosts anything connected to.

Threads that SDKs start behind our back are waited for, which a test in a shared process could not do.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import Any

contacts: list[str] = []
_resolve, _connect = socket.getaddrinfo, socket.socket.connect


def _recorded_resolve(host: Any, *arguments: Any, **options: Any) -> Any:
    contacts.append(str(host))
    return _resolve(host, *arguments, **options)


def _recorded_connect(self: socket.socket, address: Any) -> None:
    contacts.append(str(address[0]) if isinstance(address, tuple) else str(address))
    _connect(self, address)


def main() -> None:
    socket.getaddrinfo = _recorded_resolve
    socket.socket.connect = _recorded_connect  # type: ignore[assignment,method-assign]
    from clouds import parse_config
    from clouds.doctor.probe import probe
    from clouds.permissions import ALL
    from tests.clouds.doctor.scenarios import endpoints_of

    task = json.load(sys.stdin)
    endpoints = endpoints_of(task["environment"])
    found = {}
    for fields in task["configs"]:
        contacts.clear()
        report = probe(parse_config(fields, endpoints), ALL, endpoints, 15)
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(10)
        states = sorted({verdict.state for verdict in report.verdicts.values()})
        found[fields["type"]] = {"contacts": sorted(set(contacts)), "states": states}
    print(json.dumps(found))  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
