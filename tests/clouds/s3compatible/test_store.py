"""S3-compatible storage on servers that know no owners, and on servers that lack what AWS has."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from clouds import Cause, Deadline, Endpoints, StoreError, open_store, parse_config
from clouds.calls.answers import MOST_BYTES
from clouds.doctor.probe import probe
from clouds.failures import OWN_OBJECT
from clouds.permissions import ALL, Permission, State
from tests.clouds.doctor.scenarios import AnyCloud, endpoints_of
from tests.clouds.examples import example
from tests.servers import ALL_RIGHTS, CephCloud, Config, Right, S3Cloud
from tests.servers.faults import silent
from tests.servers.gate import Gate, Request, Response
from tests.servers.process import HOST, eventually
from tests.servers.xml_errors import xml_error

LIST, READ, CREATE, REPLACE, DELETE = Right
ALLOWED = Endpoints(allowed_private_hosts=(HOST,))


def at_aws_likes(cloud: S3Cloud, bucket: str, rights: frozenset[Right]) -> Config:
    """The same key of moto's, entered as S3-compatible storage."""
    config = cloud.grant(bucket, "input/", rights)
    return {
        "type": "S3Compatible",
        "s3Endpoint": f"http://{cloud.address}",
        **{name: value for name, value in config.items() if name != "type"},
    }


@pytest.mark.parametrize(
    ("rights", "states"),
    [
        (ALL_RIGHTS, ["granted"] * 4),
        (frozenset({READ, CREATE, REPLACE}), ["denied", "granted", "granted", "granted"]),
        (frozenset({CREATE, REPLACE}), ["denied", "denied", "granted", "granted"]),
        (frozenset({LIST}), ["granted", "unknown", "denied", "skipped"]),
    ],
    ids=["all", "no list", "write only", "list only"],
)
def test_where_nobody_owns_an_object_our_own_proves_reading(
    clouds: dict[str, AnyCloud], cloud_environment: dict[str, str], rights: frozenset[Right], states: list[str]
) -> None:
    cloud = clouds["S3"]
    assert isinstance(cloud, S3Cloud)
    endpoints = endpoints_of(cloud_environment)
    config = parse_config(at_aws_likes(cloud, cloud.make_bucket(), rights), endpoints)
    report = probe(config, ALL, endpoints, 15)
    assert [report.verdicts[permission].state for permission in Permission] == states


@pytest.mark.parametrize(
    ("prefix", "rights", "state"),
    [
        ("input/", {CREATE, REPLACE}, State.UNKNOWN),
        ("input/", {LIST, CREATE, REPLACE}, State.UNKNOWN),
        ("", {LIST}, State.UNKNOWN),  # to whom it says that a key is missing
        ("", {LIST, CREATE, REPLACE}, State.UNKNOWN),
    ],
    ids=["write only", "list and write", "list everywhere", "list everywhere and write"],
)
def test_ceph_in_the_place_of_aws_proves_no_more(
    clouds: dict[str, AnyCloud], prefix: str, rights: set[Right], state: State
) -> None:
    """Entered as AWS S3, on an installation whose operator has named the server (LIGHTLY_S3_ENDPOINT_URL)."""
    cloud = clouds["S3Compatible"]
    assert isinstance(cloud, CephCloud)
    granted = cloud.grant(cloud.make_bucket(), prefix, rights)
    bucket = granted["fullPath"].split("/")[2]
    fields = {name: granted[name] for name in ("s3Region", "s3AccessKeyId", "s3SecretAccessKey")}
    endpoints = Endpoints(s3=granted["s3Endpoint"])
    config = parse_config({"type": "S3", "fullPath": f"s3://{bucket}/input/", **fields}, endpoints)
    for _ in range(2):
        verdicts = probe(config, ALL, endpoints, 15).verdicts
        assert verdicts[Permission.READ].state is state
        assert (verdicts[Permission.WRITE].state is State.GRANTED) == (REPLACE in rights)


class Shop(Gate):
    """A small server of S3, with owners or without, that says of a missing key what it is told to say."""

    def __init__(self, *, missing: int, owners: bool, owns_bucket: bool = False) -> None:
        super().__init__()
        self.missing, self.owners, self.owns_bucket = missing, owners, owns_bucket
        self.keys: set[str] = set()

    def answer(self, request: Request) -> Response:
        _, key = request.bucket_and_key()
        if "acl" in request.query:
            seen = self.owners if key else self.owns_bucket
            return Response(200, b"<AccessControlPolicy/>") if seen else xml_error(403, "AccessDenied", "no")
        if not key:
            return xml_error(403, "AccessDenied", "no")
        if request.method == "GET":
            missing = xml_error(self.missing, {403: "AccessDenied", 404: "NoSuchKey"}[self.missing], "no")
            return Response(206, b"L", {"ETag": '"1"'}) if key in self.keys else missing
        self.keys.add(key)
        return Response(200, b"", {"ETag": '"1"'})


@pytest.mark.parametrize(
    ("shop", "state", "detail"),
    [
        (Shop(missing=404, owners=True), State.GRANTED, ""),  # to those alone who may read
        (Shop(missing=404, owners=False), State.GRANTED, ""),
        (Shop(missing=403, owners=False), State.GRANTED, ""),
        (Shop(missing=403, owners=True), State.UNKNOWN, OWN_OBJECT),
        (Shop(missing=403, owners=True, owns_bucket=True), State.GRANTED, ""),
    ],
    ids=["404, owners", "404", "403", "403, owners", "403, owner of the bucket"],
)
@pytest.mark.parametrize("left_behind", [False, True])
def test_read_where_only_our_own_object_opens(shop: Shop, state: State, detail: str, left_behind: bool) -> None:
    """Whether the check finds its key written already, or not yet."""
    with shop:
        shop.keys = {"input/.lightly/permission-check"} if left_behind else set()
        config = parse_config(example("S3Compatible", s3Endpoint=f"http://{shop.address}"))
        verdict = probe(config, ALL, ALLOWED, 15).verdicts[Permission.READ]
    assert (verdict.state, verdict.failure.detail if verdict.failure else "") == (state, detail)


class Unconditional(Gate):
    """Refuses If-Match, or takes it for nothing; its one object has another version at every reading but the first."""

    def __init__(self, *, refuses: bool, versions: list[str]) -> None:
        super().__init__()
        self.refuses, self.versions = refuses, versions

    def answer(self, request: Request) -> Response:
        if self.refuses and request.header("If-Match"):
            return xml_error(501, "NotImplemented", "A header you provided implies functionality that is missing")
        version = self.versions.pop(0)
        return Response(206, b"0123", {"ETag": f'"{version}"', "Content-Range": "bytes 0-3/8"})


@pytest.mark.parametrize("refuses", [True, False])
def test_pieces_of_one_object_where_the_server_knows_no_condition(refuses: bool) -> None:
    with Unconditional(refuses=refuses, versions=["1", "1", "2"]) as gate:
        config = parse_config(example("S3Compatible", s3Endpoint=f"http://{gate.address}"))
        store = open_store(config, ALLOWED, Deadline(10))
        first = store.read_range("a", 0, 4)
        assert store.read_range("a", 4, 4, version=first.version) == first
        with pytest.raises(StoreError) as caught:
            store.read_range("a", 4, 4, version=first.version)
        assert caught.value.failure.cause is Cause.CHANGED
        store.close()


class Forgetful(Gate):
    """Takes the name after which a listing shall begin for nothing."""

    def answer(self, request: Request) -> Response:
        entries = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-01T00:00:00Z</LastModified><Size>1</Size></Contents>"
            for key in ("input/a", "input/b")
        )
        body = f"<ListBucketResult><Name>bucket</Name>{entries}<IsTruncated>false</IsTruncated></ListBucketResult>"
        return Response(200, body.encode(), {"Content-Type": "application/xml"})


def test_a_listing_that_ignores_where_to_begin_is_noticed() -> None:
    with Forgetful() as gate:
        config = parse_config(example("S3Compatible", s3Endpoint=f"http://{gate.address}"))
        store = open_store(config, ALLOWED, Deadline(10))
        assert not store.page("input/", after="", limit=10).starts_at_front
        assert store.page("input/", after="input/a", limit=10).starts_at_front
        store.close()


class Endless(Gate):
    """Answers whatever it is asked with more than anybody wants."""

    def answer(self, request: Request) -> Response:
        return Response(200, b"<ListBucketResult>" + b" " * (MOST_BYTES + 1), {"Content-Type": "application/xml"})


def test_an_answer_without_end_is_left() -> None:
    with Endless() as gate:
        config = parse_config(example("S3Compatible", s3Endpoint=f"http://{gate.address}"))
        store = open_store(config, ALLOWED, Deadline(30))
        with pytest.raises(StoreError) as caught:
            store.keys("", limit=1)
        assert caught.value.failure.code == "AnswerTooLarge"
        store.close()


@pytest.mark.parametrize(
    ("style", "url"),
    [
        ("path", "https://minio.example.com:9000/bucket/input/a.jpg?"),
        ("virtual", "https://bucket.minio.example.com:9000/input/a.jpg?"),
    ],
)
def test_where_signed_urls_lead(style: str, url: str) -> None:
    config = parse_config(example("S3Compatible", s3AddressingStyle=style, s3Region="fsn1"))
    store = open_store(config, Endpoints(), Deadline(10))
    signed = store.sign("input/a.jpg", seconds=60)
    assert signed.startswith(url)
    assert "%2Ffsn1%2Fs3%2Faws4_request" in signed
    store.close()


def test_a_private_host_is_not_called() -> None:
    with Gate() as gate:
        config = parse_config(example("S3Compatible", s3Endpoint=f"http://{gate.address}"))
        store = open_store(config, Endpoints(), Deadline(10))
        for call in (
            lambda: store.keys("", limit=1),
            lambda: store.preflight("a", origin="https://x.example", deadline=Deadline(5)),
        ):
            with pytest.raises(StoreError) as caught:
                call()
            assert caught.value.failure.cause is Cause.ADDRESS_BLOCKED
        store.close()
        assert gate.requests == []


def test_closing_wakes_a_call_that_waits() -> None:
    raised: list[Any] = []
    with silent() as peer:
        config = parse_config(example("S3Compatible", s3Endpoint=f"http://{peer.address}"))
        store: Any = open_store(config, ALLOWED, Deadline(60))

        def wait() -> None:
            try:
                store.keys("", limit=1)
            except StoreError as error:
                raised.append(error.failure.cause)

        thread = threading.Thread(target=wait)
        thread.start()
        assert eventually(lambda: peer.accepted == 1)
        started = time.monotonic()
        store.close()
        thread.join(10)
        assert time.monotonic() - started < 5
    assert raised
