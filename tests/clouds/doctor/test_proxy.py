"""Behind a proxy that the operator has set: every cloud goes through it, and the guard judges names all the same."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clouds import Cause, Deadline, StoreError, guard, open_store, parse_config
from clouds.doctor.probe import probe
from clouds.permissions import ALL, State
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import PROVIDERS, Place
from tests.servers import CephCloud, OBSCloud
from tests.servers.proxy import Proxy

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
SetProxy = Callable[..., None]


@pytest.fixture
def set_proxy(monkeypatch: pytest.MonkeyPatch) -> SetProxy:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def set_proxy(url: str, *, no_proxy: str = "") -> None:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("no_proxy", no_proxy)

    return set_proxy


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as opened:
        yield opened


def judged(place: Place) -> set[State]:
    """Of all four permissions, where there is a file to read."""
    place.cloud.put(place.bucket, "input/a.jpg", b"1")
    report = probe(parse_config(place.config, place.endpoints), ALL, place.endpoints, 15)
    return {verdict.state for verdict in report.verdicts.values()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_cloud_goes_through_it(provider: str, make_place: MakePlace, proxy: Proxy, set_proxy: SetProxy) -> None:
    place = make_place(provider)
    set_proxy(f"http://{proxy.address}")
    assert judged(place) == {State.GRANTED}
    assert len([line for line in proxy.seen if place.bucket in line]) >= 4
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
    mark = len(proxy.seen)
    store.preflight("input/a.jpg", origin="https://lightly.example", deadline=Deadline(10))
    assert [line for line in proxy.seen[mark:] if line.startswith("OPTIONS http://")]
    store.close()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_none_goes_through_it_where_no_proxy_says_so(
    provider: str, make_place: MakePlace, proxy: Proxy, set_proxy: SetProxy
) -> None:
    place = make_place(provider)
    set_proxy(f"http://{proxy.address}", no_proxy="127.0.0.1,localhost")
    assert judged(place) == {State.GRANTED}
    assert proxy.seen == []


@pytest.mark.parametrize("provider", ["OBS", "S3Compatible"])
def test_https_goes_through_a_tunnel(
    provider: str, make_place: MakePlace, proxy: Proxy, set_proxy: SetProxy, tmp_path: Path
) -> None:
    place = make_place(provider)
    assert isinstance(place.cloud, OBSCloud | CephCloud)
    cloud = place.cloud
    authority = cloud.ca_file.read_text() if isinstance(cloud, OBSCloud) else cloud.authority_pem
    (tmp_path / "all.pem").write_text(authority)
    place.monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "all.pem"))
    place.config = place.cloud.with_endpoint(place.config, place.cloud.https_url)
    set_proxy(f"http://{proxy.address}")
    assert judged(place) == {State.GRANTED}
    assert proxy.seen
    assert {line.split(" ")[0] for line in proxy.seen} == {"CONNECT"}


@pytest.mark.parametrize("provider", ["S3", "OBS", "S3Compatible"])
def test_with_a_name_and_a_password(provider: str, make_place: MakePlace, set_proxy: SetProxy) -> None:
    place = make_place(provider)
    with Proxy(pair="ava:s3cret!") as proxy:
        set_proxy(f"http://ava:s3cret%21@{proxy.address}")
        assert judged(place) == {State.GRANTED}
        set_proxy(f"http://ava:wrong@{proxy.address}")
        assert State.GRANTED not in judged(place)


def test_names_that_only_the_proxy_knows(make_place: MakePlace, set_proxy: SetProxy) -> None:
    place = make_place("OBS")
    name = f"{place.bucket}.obs.corp.invalid"
    with Proxy(places={name: place.cloud.address}) as proxy:
        set_proxy(f"http://{proxy.address}")
        place.config |= {"obsEndpoint": "http://obs.corp.invalid"}
        assert judged(place) == {State.GRANTED}
        assert [line for line in proxy.seen if line.startswith(f"PUT http://{name}/")]


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:1", "http://localhost", "http://obs.internal", "http://obs.local", "http://2130706433"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_private_names_do_not_reach_the_proxy(
    endpoint: str, scheme: str, make_place: MakePlace, proxy: Proxy, set_proxy: SetProxy
) -> None:
    place = make_place("OBS")
    place.environment["LIGHTLY_ALLOWED_PRIVATE_HOSTS"] = "obs.allowed"
    place.config |= {"obsEndpoint": endpoint.replace("http", scheme)}
    set_proxy(f"http://{proxy.address}")
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
    with pytest.raises(StoreError) as caught:
        store.keys("input/", limit=1)
    assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
    assert proxy.seen == []
    store.close()


def test_names_that_resolve_to_private_addresses_do_not_reach_the_proxy(
    proxy: Proxy, set_proxy: SetProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_proxy(f"http://{proxy.address}")
    answer: list[Any] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    chosen = guard.proxy_for("https", "rebound.example", 443)
    assert chosen
    with pytest.raises(StoreError):
        guard.connect("rebound.example", 443, timeout=5, allowed_private_hosts=(), proxy=chosen)
    assert proxy.seen == []


@pytest.mark.parametrize(
    "name",
    [
        *("intranet", "metadata", "metadata.google.internal", "instance-data.ec2.internal", "metadata.tencentyun.com"),
        *("printer.local.", "printer。local", "db.localdomain", "nas.lan", "git.corp", "10.0.0.1", "0x7f.1"),
        *("x.2130706433", "x.0x7f000001", "x.0X7F000001.", "x.１２７", "::1", "168.63.129.16", "192.0.0.192"),
    ],
)
def test_names_that_look_private_are_refused_though_nobody_knows_them_here(
    name: str, proxy: Proxy, set_proxy: SetProxy
) -> None:
    set_proxy(f"http://{proxy.address}")
    chosen = guard.proxy_for("https", name, 443)
    with pytest.raises(StoreError) as caught:
        guard.connect(name, 443, timeout=5, allowed_private_hosts=("other.internal",), proxy=chosen)
    assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
    assert proxy.seen == []


def test_a_proxy_that_refuses_is_no_connection(set_proxy: SetProxy) -> None:
    with Proxy(pair="ava:secret") as proxy:
        set_proxy(f"http://{proxy.address}")
        chosen = guard.proxy_for("https", "8.8.8.8", 443)
        with pytest.raises(OSError, match="does not let this through"):
            guard.connect("8.8.8.8", 443, timeout=5, allowed_private_hosts=(), proxy=chosen)


@pytest.mark.parametrize("url", ["https://proxy.example:3129", "socks5://proxy.example:1080"])
def test_a_proxy_that_cannot_be_used_is_said_to_be_none(url: str, set_proxy: SetProxy) -> None:
    set_proxy(url)
    with pytest.raises(OSError, match="http://"):
        guard.proxy_for("https", "obs.example", 443)


def test_the_password_is_in_no_text_of_it(set_proxy: SetProxy) -> None:
    set_proxy("http://ava:s3cret@proxy.example:3128")
    chosen = guard.proxy_for("https", "obs.example", 443)
    assert chosen
    assert (chosen.host, chosen.port) == ("proxy.example", 3128)
    assert "YXZh" not in repr(chosen)
