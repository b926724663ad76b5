"""What is checked in one way is used in the same way: signed links lead to the host that the checks ask."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from clouds import Deadline, Endpoints, Store, StoreError, open_store, parse_config
from clouds.gcs import store as gcs
from tests.clouds.examples import example

# Opened before and after March 2019; the last two are partitions of their own.
REGIONS = (
    "us-east-1",
    "eu-central-1",
    "af-south-1",
    "ap-east-1",
    "il-central-1",
    "me-south-1",
    "mx-central-1",
    "cn-north-1",
    "us-gov-west-1",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that somebody wanted to reach. Nobody gets there."""
    hosts: list[str] = []

    def resolved(host: str, *_: Any, **__: Any) -> Any:
        hosts.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def refreshed(self: Any, _: Any) -> None:
        self.token = "ya29.token"

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(gcs._Credentials, "refresh", refreshed)
    return hosts


def opened(provider: str, **changes: str) -> Store:
    return open_store(parse_config(example(provider, **changes)), Endpoints(), Deadline(5))


def assert_one_host(store: Store, asked: list[str]) -> str:
    """Every call and every link has the same host. Returns it."""
    with contextlib.closing(store):
        calls: list[Callable[[], object]] = [
            lambda: store.keys("input/", limit=1),
            lambda: store.read_range("input/a.jpg", 0, 1),
            lambda: store.create("input/a.jpg", b"1"),
            lambda: store.delete("input/a.jpg"),
        ]
        for call in calls:
            with pytest.raises(StoreError):
                call()
        links = [store.sign("input/a.jpg", seconds=60, method=method) for method in ("GET", "HEAD", "PUT")]
    hosts = {str(urlsplit(link).hostname) for link in links}
    assert len(hosts) == 1
    assert set(asked) == hosts
    return hosts.pop()


@pytest.mark.parametrize("region", REGIONS)
def test_s3_links_lead_to_the_regions_own_host(region: str, asked: list[str]) -> None:
    host = assert_one_host(opened("S3", fullPath="s3://acme-raw/input/", s3Region=region), asked)
    suffix = ".cn" if region.startswith("cn-") else ""
    assert host == f"acme-raw.s3.{region}.amazonaws.com{suffix}"


# A certificate for *.s3.… does not cover a name with a dot in it.
@pytest.mark.parametrize("bucket", ["acme.raw", "Acme_Raw"])
def test_s3_links_have_the_bucket_in_the_path_where_it_cannot_be_a_host(bucket: str, asked: list[str]) -> None:
    host = assert_one_host(opened("S3", fullPath=f"s3://{bucket}/input/", s3Region="af-south-1"), asked)
    assert host == "s3.af-south-1.amazonaws.com"


@pytest.mark.parametrize(
    ("provider", "changes", "host"),
    [
        ("GCS", {}, "storage.googleapis.com"),
        ("AZURE", {"accountName": "acme"}, "acme.blob.core.windows.net"),
        ("OBS", {}, "bucket.obs.eu-de.otc.t-systems.com"),
        ("OBS", {"obsEndpoint": "https://obs.eu-west-101.myhuaweicloud.eu"}, "bucket.obs.eu-west-101.myhuaweicloud.eu"),
    ],
)
def test_links_of_other_clouds(provider: str, changes: dict[str, str], host: str, asked: list[str]) -> None:
    assert assert_one_host(opened(provider, **changes), asked) == host
