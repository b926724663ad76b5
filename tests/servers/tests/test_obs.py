"""The OBS test server judges like OBS: proven with esdk-obs-python."""

from __future__ import annotations

import contextlib
import gc
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from obs import GetObjectHeader, ObsClient

from tests.servers.gate import Gate, Request, Response
from tests.servers.obs import OBSCloud
from tests.servers.vocabulary import ALL_RIGHTS, Config, Right, Trouble


@pytest.fixture(scope="module")
def cloud() -> Iterator[OBSCloud]:
    cloud = OBSCloud()
    cloud.start()
    yield cloud
    cloud.stop()


@contextlib.contextmanager
def opened(config: Config, **options: Any) -> Iterator[Any]:
    client = ObsClient(
        access_key_id=config["obsAccessKeyId"],
        secret_access_key=config["obsSecretAccessKey"],
        server=config["obsEndpoint"],
        max_retry_count=0,
        **{"timeout": 5, **options},
    )
    with contextlib.closing(client):
        yield client


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status, answer.errorCode or ""


def all_outcomes(config: Config, **options: Any) -> dict[Right, tuple[int, str]]:
    """Expects the objects in/old and in/doomed."""
    bucket = config["fullPath"].split("/")[2]
    with opened(config, **options) as client:
        condition = {"If-None-Match": "*"}
        return {
            Right.LIST: outcome(client.listObjects(bucket, prefix="in/")),
            Right.READ: outcome(client.getObject(bucket, "in/old", loadStreamInMemory=True)),
            Right.CREATE: outcome(client.putContent(bucket, "in/new", "new", extensionHeaders=condition)),
            Right.REPLACE: outcome(client.putContent(bucket, "in/old", "new")),
            Right.DELETE: outcome(client.deleteObject(bucket, "in/doomed")),
        }


def filled(cloud: OBSCloud) -> str:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "in/old", b"old")
    cloud.put(bucket, "in/doomed", b"old")
    return bucket


DENIED = (403, "AccessDenied")


@pytest.mark.parametrize("right", Right)
def test_each_right_allows_its_operation_and_no_other(cloud: OBSCloud, right: Right) -> None:
    outcomes = all_outcomes(cloud.grant(filled(cloud), "in/", {right}))
    allowed = {name for name, (status, _) in outcomes.items() if status < 300}
    assert allowed == ({Right.CREATE, Right.REPLACE} if right is Right.REPLACE else {right})
    assert {outcomes[name] for name in ALL_RIGHTS - allowed} == {DENIED}


def test_the_obs_signature_for_bucket_host_names(cloud: OBSCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addressed by IP, the SDK signs the V2 way; by name, the OBS way, after asking for the API version."""
    resolve = socket.getaddrinfo

    def at_home(host: str, *arguments: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host.endswith("obs.test") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", at_home)
    config = cloud.grant(filled(cloud), "in/", ALL_RIGHTS)
    named = cloud.with_endpoint(config, f"http://obs.test:{cloud.gate.port}")
    cloud.requests.clear()
    assert {status for status, _ in all_outcomes(named).values()} == {200, 204}
    assert cloud.requests[0].path == "/?apiversion"
    wrong = all_outcomes(cloud.with_wrong_secret(named))
    assert wrong[Right.LIST] == (403, "SignatureDoesNotMatch")


def test_rights_end_at_the_prefix(cloud: OBSCloud) -> None:
    bucket = filled(cloud)
    with opened(cloud.grant(bucket, "in/", ALL_RIGHTS)) as client:
        assert outcome(client.listObjects(bucket)) == DENIED
        assert outcome(client.putContent(bucket, "out/x", "1")) == DENIED
        assert outcome(client.headBucket(bucket)) == (403, "")
    assert cloud.keys(bucket) == ["in/doomed", "in/old"]


def test_create_only_may_not_replace_but_may_ask(cloud: OBSCloud) -> None:
    bucket = cloud.make_bucket()
    with opened(cloud.grant(bucket, "out/", {Right.CREATE})) as client:
        condition = {"If-None-Match": "*"}
        assert outcome(client.putContent(bucket, "out/x", "1", extensionHeaders=condition)) == (200, "")
        refused = outcome(client.putContent(bucket, "out/x", "2", extensionHeaders=condition))
        assert refused == (412, "PreconditionFailed")
        assert outcome(client.putContent(bucket, "out/x", "3")) == DENIED
    assert cloud.get(bucket, "out/x") == b"1"


def test_a_store_that_ignores_conditions(cloud: OBSCloud) -> None:
    bucket = filled(cloud)
    cloud.shared.conditional_writes = False
    try:
        with opened(cloud.grant(bucket, "in/", ALL_RIGHTS)) as client:
            client.putContent(bucket, "in/old", "new", extensionHeaders={"If-None-Match": "*"})
    finally:
        cloud.shared.conditional_writes = True
    assert cloud.get(bucket, "in/old") == b"new"


def test_a_missing_key_is_hidden_from_those_who_may_not_list(cloud: OBSCloud) -> None:
    bucket = cloud.make_bucket()
    with opened(cloud.grant(bucket, "in/", {Right.READ})) as client:
        assert outcome(client.getObject(bucket, "in/none")) == DENIED
    with opened(cloud.grant(bucket, "in/", {Right.READ, Right.LIST})) as client:
        assert outcome(client.getObject(bucket, "in/none")) == (404, "NoSuchKey")


def test_bad_credentials(cloud: OBSCloud) -> None:
    bucket = filled(cloud)
    config = cloud.grant(bucket, "in/", ALL_RIGHTS)
    wrong = all_outcomes(cloud.with_wrong_secret(config))
    assert set(wrong.values()) == {(403, "SignatureDoesNotMatch")}
    unknown = all_outcomes(cloud.with_unknown_key(config))
    assert set(unknown.values()) == {(403, "InvalidAccessKeyId")}
    expired = all_outcomes(cloud.grant(bucket, "in/", ALL_RIGHTS, expired=True))
    assert set(expired.values()) == {(403, "InvalidAccessKeyId")}
    assert {status for status, _ in all_outcomes(config).values()} == {200, 204}


def test_missing_bucket(cloud: OBSCloud) -> None:
    config = cloud.with_missing_bucket(cloud.grant(cloud.make_bucket(), "", ALL_RIGHTS))
    assert set(all_outcomes(config).values()) == {(404, "NoSuchBucket")}


def test_a_clock_that_is_off(cloud: OBSCloud) -> None:
    bucket = filled(cloud)
    with opened(cloud.grant(bucket, "in/", ALL_RIGHTS)) as client:
        old = {"x-amz-date": "Mon, 01 Jan 2024 00:00:00 GMT"}
        answer = client.putContent(bucket, "in/new", "", extensionHeaders=old)
    assert outcome(answer) == (403, "RequestTimeTooSkewed")


def test_keys_with_spaces_and_unicode(cloud: OBSCloud) -> None:
    bucket, prefix = cloud.make_bucket(), "Bilder (1)/größe + ü/日本/"
    key = f"{prefix}ein bild&=.jpg"
    with opened(cloud.grant(bucket, prefix, ALL_RIGHTS)) as client:
        assert outcome(client.putContent(bucket, key, "data")) == (200, "")
        part = client.getObject(bucket, key, loadStreamInMemory=True, headers=GetObjectHeader(range="bytes=1-2"))
        assert part.body.buffer == b"at"
        assert [item.key for item in client.listObjects(bucket, prefix=prefix).body.contents] == [key]
        assert outcome(client.deleteObject(bucket, key)) == (204, "")
    assert cloud.keys(bucket) == []


def test_pages(cloud: OBSCloud) -> None:
    bucket = cloud.make_bucket()
    for number in range(5):
        cloud.put(bucket, f"in/{number}", b"")
    with opened(cloud.grant(bucket, "in/", {Right.LIST})) as client:
        first = client.listObjects(bucket, prefix="in/", max_keys=3).body
        assert [item.key for item in first.contents] == ["in/0", "in/1", "in/2"]
        second = client.listObjects(bucket, prefix="in/", max_keys=3, marker=first.next_marker).body
        assert [item.key for item in second.contents] == ["in/3", "in/4"]


def test_signed_urls_are_judged(cloud: OBSCloud) -> None:
    bucket, key = cloud.make_bucket(), "in/a b/ü.txt"
    cloud.put(bucket, key, b"data")

    def signed(config: Config, seconds: int = 60) -> str:
        with opened(config) as client:
            return str(client.createSignedUrl("GET", bucket, key, expires=seconds).signedUrl)

    config = cloud.grant(bucket, "in/", {Right.READ})
    assert requests.get(signed(config), timeout=5).content == b"data"
    assert "SignatureDoesNotMatch" in requests.get(signed(cloud.with_wrong_secret(config)), timeout=5).text
    assert "AccessDenied" in requests.get(signed(cloud.grant(bucket, "in/", {Right.LIST})), timeout=5).text
    assert "expired" in requests.get(signed(config, seconds=-5), timeout=5).text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK forgets the first connection
def test_a_redirect_tempts_the_careless(cloud: OBSCloud) -> None:
    """Proof that a client which follows would be caught by looking at the other server's requests."""

    class Elsewhere(Gate):
        def answer(self, request: Request) -> Response:
            return Response(200)

    bucket = filled(cloud)
    config = cloud.grant(bucket, "in/", ALL_RIGHTS)
    with Elsewhere() as elsewhere:
        cloud.redirect(bucket, f"http://{elsewhere.address}")
        answer = requests.get(f"http://{cloud.address}/{bucket}/in/old", allow_redirects=False, timeout=5)
        assert answer.status_code == 307
        assert elsewhere.requests == []
        with opened(config) as careless:
            assert careless.getObject(bucket, "in/old").status == 200
        gc.collect()  # so that the forgotten connection is complained about here and not in the next test
        assert [exchange.path for exchange in elsewhere.requests] == [f"/{bucket}/in/old"]
    cloud.redirect(bucket, None)
    assert all_outcomes(config)[Right.READ] == (200, "")


def test_https_with_a_test_authority(cloud: OBSCloud) -> None:
    path = f"/{filled(cloud)}/in/old"
    assert requests.get(cloud.https_url + path, verify=str(cloud.ca_file), timeout=5).status_code == 403
    with pytest.raises(requests.exceptions.SSLError, match=r"unable to get local issuer|self-signed certificate"):
        requests.get(cloud.https_url + path, timeout=5)
    with pytest.raises(requests.exceptions.SSLError, match=r"IP address mismatch|doesn't match"):
        requests.get(cloud.wrong_name_url + path, verify=str(cloud.ca_file), timeout=5)


@pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS is deprecated:DeprecationWarning")  # the SDK's choice
def test_the_sdk_reaches_https(cloud: OBSCloud) -> None:
    config = cloud.with_endpoint(cloud.grant(filled(cloud), "in/", {Right.LIST}), cloud.https_url)
    assert all_outcomes(config)[Right.LIST] == (200, "")


def test_troubles_hit_one_bucket_and_heal(cloud: OBSCloud) -> None:
    bucket = filled(cloud)
    with opened(cloud.grant(bucket, "in/", ALL_RIGHTS), timeout=0.5) as client:
        cloud.trouble(bucket, Trouble.THROTTLED)
        assert outcome(client.listObjects(bucket, prefix="in/")) == (503, "SlowDown")
        cloud.trouble(bucket, Trouble.SERVER_ERROR)
        assert outcome(client.listObjects(bucket, prefix="in/")) == (500, "InternalError")
        cloud.trouble(bucket, Trouble.SILENT)
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            client.listObjects(bucket, prefix="in/")
        assert time.monotonic() - started < 3
        cloud.trouble(bucket, Trouble.RESET)
        with pytest.raises(ConnectionError):
            client.listObjects(bucket, prefix="in/")
        cloud.trouble(bucket, None)
        assert outcome(client.listObjects(bucket, prefix="in/")) == (200, "")


def test_requests_are_recorded_but_not_the_operators(cloud: OBSCloud) -> None:
    bucket = filled(cloud)
    config = cloud.grant(bucket, "in/", {Right.LIST})
    cloud.requests.clear()
    cloud.put(bucket, "more", b"")
    all_outcomes(config)
    assert [(method, status) for method, _, status in cloud.requests] == [
        ("GET", 200),
        ("GET", 403),
        ("PUT", 403),
        ("PUT", 403),
        ("DELETE", 403),
    ]
