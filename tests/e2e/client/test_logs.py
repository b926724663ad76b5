"""API tokens stand in query strings, where servers like to write them down. This one does not."""

from __future__ import annotations

import socket

import pytest
import requests

from tests.e2e.client.conftest import OfficialClient
from tests.e2e.installation.test_leaks import contents, leaks
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.servers.process import HOST, eventually


def raw(stack: Stack, request: bytes) -> bytes:
    """What the server says to bytes that need not be HTTP."""
    with socket.create_connection((HOST, stack.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_tokens_reach_no_log_and_no_file(official: OfficialClient, stack: Stack, person: Person, name: str) -> None:
    tokens = [official.environment["LIGHTLY_TOKEN"], *(f"lp_wrong-token-in-request-number-{n}" for n in range(9))]
    dataset = stack.backstage.dataset(name, person)
    official.script("refused.py", dataset_id=dataset, calls=[("get_dataset_by_id", {"dataset_id": dataset})])

    def get(path: str, **options: object) -> int:
        return requests.request("GET", stack.url + path, timeout=30, **options).status_code  # type: ignore[arg-type]

    for token in tokens[:2]:
        header = {"Authorization": f"Bearer {token}"}
        for path in (
            "/v1/datasets",
            "/v1/no/such/thing",
            "/v1/datasets/",
            "/no/such/page/",
            "/",
            "/static/no-such.css",
        ):
            get(f"{path}?token={token}", headers={"Referer": f"{stack.url}{path}?token={token}"})
            get(path, headers=header)
        requests.post(f"{stack.url}/v1/datasets?token={token}", data="{", timeout=30)
        requests.put(f"{stack.url}/v1/datasets/{dataset}?token={token}", json={"name": "x" * 3_000_000}, timeout=30)
    # Whatever else goes wrong before it is a request for the API.
    assert get(f"/v1/datasets?token={tokens[2]}", headers={"Host": "elsewhere.example.com"}) == 400
    assert b" 400 " in raw(stack, f"GET /v1/datasets?token={tokens[3]} and a blank HTTP/1.1\r\n\r\n".encode())
    assert b" 400 " in raw(stack, f"GET /v1/datasets?token={tokens[4]}\r\n\r\n".encode())
    assert b" 414 " in raw(stack, f"GET /v1/datasets?token={tokens[5]}{'x' * 9000} HTTP/1.1\r\n\r\n".encode())
    assert b" 400 " in raw(
        stack, f"GET /v1/datasets?token={tokens[6]} HTTP/1.1\r\nHost: {HOST}\r\nno header\r\n\r\n".encode()
    )
    raw(stack, f"GET /v1/datasets?token={tokens[7]} HTTP/1.1\r\nHost: {HOST}\r\n".encode())
    raw(stack, f"POST /v1/datasets?token={tokens[8]} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n{{".encode())

    assert eventually(lambda: "GET /v1/no/such/thing" in stack.log("run"))
    found = contents(stack)
    assert {"data/lightly.sqlite3", "logs/run.log"} <= set(found)
    assert leaks(tokens, found) == []
