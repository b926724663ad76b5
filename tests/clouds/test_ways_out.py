"""Every address that people can influence is judged when it is connected to, whatever field it came from."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from clouds import Cause, Deadline, Endpoints, Failure, StoreError, open_store, parse_config
from notifications.webhooks import guarded_post
from tests.clouds.examples import example

ROOT = Path(__file__).parent.parent.parent
ROOMS = """
clouds contents core dashboard datasets datasources jobs lightly_platform monitoring notifications runs samples teams
"""

# What connects to somewhere without the guard, and who chose the address.
UNGUARDED = {
    "clouds/gcs/key_facts.py": "Google's address, or the operator's LIGHTLY_GCS_CERTS_URL",
    "clouds/preflight.py": "addresses of AWS, Azure and Google, or the operator's",
    "lightly_platform/demo/storage.py": "the server of `make demo` on this machine",
    "lightly_platform/launcher/serving.py": "this installation's own web server",
    "lightly_platform/launcher/embedded_redis.py": "its Redis",
    "lightly_platform/launcher/health.py": "the web server of the same container",
}
OPENS = {"urlopen", "create_connection", "HTTPConnection", "HTTPSConnection", "PoolManager", "HTTPConnectionPool"}
REQUESTS = {"get", "post", "put", "options", "head", "delete", "request", "Session"}

NASTY = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0.0.0.0",  # noqa: S104 - not bound to
    "localhost",
    "10.0.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "192.0.0.192",
]


def ask(provider: str, host: str, **more: str) -> None:
    field = {"OBS": "obsEndpoint", "S3Compatible": "s3Endpoint"}[provider]
    store = open_store(parse_config(example(provider, **{field: f"http://{host}:9", **more})), Endpoints(), Deadline(5))
    with contextlib.closing(store):
        store.keys("", limit=1)


def preflight(provider: str, host: str) -> None:
    field = {"OBS": "obsEndpoint", "S3Compatible": "s3Endpoint"}[provider]
    store = open_store(parse_config(example(provider, **{field: f"http://{host}:9"})), Endpoints(), Deadline(5))
    with contextlib.closing(store):
        store.preflight("a.jpg", origin="https://lightly.example", deadline=Deadline(5))


def hook(host: str) -> None:
    try:
        guarded_post.post(f"https://{host}:9/", b"", {}, allowed_private_hosts=())
    except guarded_post.UndeliveredError as error:
        assert "the address is private" in str(error)  # noqa: PT017 - it is told in its own words
        raise StoreError(Failure(Cause.ADDRESS_BLOCKED)) from None


WAYS: dict[str, Callable[[str], None]] = {
    "obsEndpoint": lambda host: ask("OBS", host),
    "s3Endpoint": lambda host: ask("S3Compatible", host),
    "browsers' question to OBS": lambda host: preflight("OBS", host),
    "browsers' question to S3-compatible": lambda host: preflight("S3Compatible", host),
    "webhook": hook,
}


@pytest.mark.parametrize("host", NASTY)
@pytest.mark.parametrize("way", WAYS)
def test_no_field_leads_inside(way: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    dialled: list[object] = []
    monkeypatch.setattr("socket.create_connection", lambda address, *_, **__: dialled.append(address))
    with pytest.raises(StoreError) as caught:
        WAYS[way](host)
    # The SDK of OBS puts the bucket before what does not look like an address to it, and no such host exists.
    assert caught.value.failure.cause in {Cause.ADDRESS_BLOCKED, Cause.UNREACHABLE}
    assert dialled == []


def opens_connections(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if name in OPENS or (isinstance(owner, ast.Name) and owner.id == "requests" and name in REQUESTS):
                return True
    return False


def test_whoever_opens_a_connection_is_known() -> None:
    """A new module that calls somebody goes through the guard, or says here who chose the address."""
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS.split()
        for path in (ROOT / room).rglob("*.py")
        if opens_connections(path.read_text(encoding="utf-8"))
    }
    through = {path for path in found if "guard." in (ROOT / path).read_text(encoding="utf-8")} | {"clouds/guard.py"}
    assert found - through <= set(UNGUARDED)
    assert "clouds/s3compatible/connection.py" in through
    assert "clouds/preflight.py" in found
