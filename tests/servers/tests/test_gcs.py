"""The GCS test server judges like Google: proven with google-cloud-storage."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import RefreshError
from google.cloud import storage
from google.oauth2 import service_account

from tests.servers.gcs import GCSCloud, State
from tests.servers.vocabulary import ALL_RIGHTS, Config, Right, Trouble


@pytest.fixture(scope="module")
def cloud() -> Iterator[GCSCloud]:
    cloud = GCSCloud()
    cloud.start()
    yield cloud
    cloud.stop()


class Credentials(service_account.Credentials):
    """google-auth asks iamcredentials.googleapis.com for "allowedLocations" behind our back; tests do not go there."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


@pytest.fixture(autouse=True)
def _no_bucket_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """google-cloud-storage asks for the bucket's metadata behind our back."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@contextlib.contextmanager
def opened(cloud: GCSCloud, config: Config) -> Iterator[Any]:
    environment = cloud.environment()
    info = json.loads(config["gcsCredentials"]) | {"token_uri": environment["LIGHTLY_GCS_TOKEN_URL"]}
    client = storage.Client(
        project=config["gcsProjectId"],
        credentials=Credentials.from_service_account_info(info),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": environment["LIGHTLY_GCS_ENDPOINT_URL"]},
    )
    with contextlib.closing(client):
        yield client.bucket(config["fullPath"].split("/")[2])


def outcome(call: Any, *arguments: Any, **options: Any) -> tuple[int, str]:
    try:
        call(*arguments, **options)
    except GoogleAPICallError as error:
        return error.code or 0, error.errors[0]["reason"] if error.errors else ""
    return 200, ""


CALM = {"retry": None, "timeout": 5}


def all_outcomes(cloud: GCSCloud, config: Config) -> dict[Right, tuple[int, str]]:
    """Expects the objects in/old and in/doomed."""
    with opened(cloud, config) as bucket:
        return {
            Right.LIST: outcome(lambda: list(bucket.list_blobs(prefix="in/", **CALM))),
            Right.READ: outcome(bucket.blob("in/old").download_as_bytes, **CALM),
            Right.CREATE: outcome(bucket.blob("in/new").upload_from_string, b"", if_generation_match=0, **CALM),
            Right.REPLACE: outcome(bucket.blob("in/old").upload_from_string, b"new", **CALM),
            Right.DELETE: outcome(bucket.blob("in/doomed").delete, **CALM),
        }


def filled(cloud: GCSCloud) -> str:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "in/old", b"old")
    cloud.put(bucket, "in/doomed", b"old")
    return bucket


@pytest.mark.parametrize("right", Right)
def test_each_right_allows_its_operation_and_no_other(cloud: GCSCloud, right: Right) -> None:
    outcomes = all_outcomes(cloud, cloud.grant(filled(cloud), "in/", {right}))
    allowed = {name for name, (status, _) in outcomes.items() if status == 200}
    assert allowed == ({Right.CREATE, Right.REPLACE, Right.DELETE} if right is Right.REPLACE else {right})
    for name in ALL_RIGHTS - allowed:
        # Downloads and uploads carry the reason in the message only, as with the real service.
        reason = "forbidden" if name in {Right.LIST, Right.DELETE} else ""
        assert outcomes[name] == (403, reason)


def test_rights_end_at_the_prefix(cloud: GCSCloud) -> None:
    bucket_name = filled(cloud)
    with opened(cloud, cloud.grant(bucket_name, "in/", ALL_RIGHTS)) as bucket:
        assert outcome(lambda: list(bucket.list_blobs(**CALM))) == (403, "forbidden")
        assert outcome(bucket.blob("out/x").upload_from_string, b"", **CALM) == (403, "")
    assert cloud.keys(bucket_name) == ["in/doomed", "in/old"]


def test_create_only_may_not_replace_but_may_ask(cloud: GCSCloud) -> None:
    name = cloud.make_bucket()
    with opened(cloud, cloud.grant(name, "out/", {Right.CREATE})) as bucket:
        blob = bucket.blob("out/x")
        assert outcome(blob.upload_from_string, b"1", if_generation_match=0, **CALM) == (200, "")
        assert outcome(blob.upload_from_string, b"2", if_generation_match=0, **CALM) == (412, "")
        with pytest.raises(GoogleAPICallError, match=r"storage\.objects\.delete"):
            blob.upload_from_string(b"3", **CALM)
    assert cloud.get(name, "out/x") == b"1"


def test_a_missing_object_is_hidden_from_those_who_may_not_list(cloud: GCSCloud) -> None:
    name = cloud.make_bucket()
    with opened(cloud, cloud.grant(name, "in/", {Right.READ})) as bucket:
        assert outcome(bucket.blob("in/none").download_as_bytes, **CALM) == (403, "")
    with opened(cloud, cloud.grant(name, "in/", {Right.READ, Right.LIST})) as bucket:
        assert outcome(bucket.blob("in/none").download_as_bytes, **CALM) == (404, "")
        assert bucket.blob("in/none").exists(**CALM) is False


def test_bucket_metadata_needs_its_own_permission(cloud: GCSCloud) -> None:
    name = cloud.make_bucket()
    with opened(cloud, cloud.grant(name, "", ALL_RIGHTS)) as bucket:
        assert outcome(bucket.reload, **CALM) == (403, "forbidden")
    with opened(cloud, cloud.grant(name, "", ALL_RIGHTS, permissions=["storage.buckets.get"])) as bucket:
        assert outcome(bucket.reload, **CALM) == (200, "")


def test_keys_without_a_future(cloud: GCSCloud) -> None:
    name = filled(cloud)
    config = cloud.grant(name, "in/", ALL_RIGHTS)
    for broken, message in (
        (cloud.with_wrong_secret(config), "Invalid JWT Signature"),
        (cloud.with_unknown_key(config), "account not found"),
        (cloud.grant(name, "in/", ALL_RIGHTS, expired=True), "Invalid JWT Signature"),
        (cloud.set_state(cloud.grant(name, "in/", ALL_RIGHTS), State.DISABLED), "disabled"),
    ):
        with opened(cloud, broken) as bucket, pytest.raises(RefreshError, match=f"invalid_grant.*{message}"):
            list(bucket.list_blobs(**CALM))
    with opened(cloud, config) as bucket:
        assert outcome(lambda: list(bucket.list_blobs(prefix="in/", **CALM))) == (200, "")


def test_an_expired_or_missing_token(cloud: GCSCloud) -> None:
    config = cloud.set_state(cloud.grant(filled(cloud), "", ALL_RIGHTS), State.TOKENS_EXPIRE_AT_ONCE)
    with opened(cloud, config) as bucket:
        assert outcome(lambda: list(bucket.list_blobs(**CALM))) == (401, "authError")
        url = f"http://{cloud.address}/storage/v1/b/{bucket.name}/o"
    assert requests.get(url, timeout=5).status_code == 401


def test_missing_bucket(cloud: GCSCloud) -> None:
    config = cloud.with_missing_bucket(cloud.grant(cloud.make_bucket(), "", ALL_RIGHTS))
    outcomes = all_outcomes(cloud, config)
    assert {status for status, _ in outcomes.values()} == {404}


def test_pages(cloud: GCSCloud) -> None:
    name = cloud.make_bucket()
    keys = [f"in/{number}" for number in range(5)] + ["in/a/x", "in/a/y", "in/b/x"]
    for key in keys:
        cloud.put(name, key, b"")
    with opened(cloud, cloud.grant(name, "", {Right.LIST})) as bucket:
        pages = [[blob.name for blob in page] for page in bucket.list_blobs(page_size=3, **CALM).pages]
        assert [len(page) for page in pages] == [3, 3, 2]
        assert [key for page in pages for key in page] == keys
        folders = bucket.list_blobs(prefix="in/", delimiter="/", page_size=6, **CALM)
        assert [blob.name for blob in next(folders.pages)] == keys[:5]
        assert folders.prefixes == {"in/a/"}


def test_keys_with_spaces_and_unicode(cloud: GCSCloud) -> None:
    name, key = cloud.make_bucket(), "Bilder (1)/größe + ü/o/日本/ein bild&=.jpg"
    with opened(cloud, cloud.grant(name, "Bilder (1)/größe + ü/", ALL_RIGHTS)) as bucket:
        blob = bucket.blob(key)
        blob.upload_from_string(b"da\r\nta\x00\xff", **CALM)
        assert blob.download_as_bytes(start=1, end=2, **CALM) == b"a\r"
        assert [found.name for found in bucket.list_blobs(prefix="Bilder (1)/größe + ü/", **CALM)] == [key]
        assert cloud.get(name, key) == b"da\r\nta\x00\xff"
        blob.delete(**CALM)
    assert cloud.keys(name) == []


def test_signed_urls_are_judged(cloud: GCSCloud) -> None:
    name, key = cloud.make_bucket(), "in/a b/ü.txt"
    cloud.put(name, key, b"data")

    def signed(config: Config) -> str:
        with opened(cloud, config) as bucket:
            endpoint = cloud.environment()["LIGHTLY_GCS_ENDPOINT_URL"]
            lifetime = timedelta(minutes=5)
            return str(bucket.blob(key).generate_signed_url(lifetime, endpoint, version="v4"))

    config = cloud.grant(name, "in/", {Right.READ})
    assert requests.get(signed(config), timeout=5).content == b"data"
    assert requests.get(signed(config), headers={"Range": "bytes=1-2"}, timeout=5).content == b"at"
    assert "SignatureDoesNotMatch" in requests.get(signed(cloud.with_wrong_secret(config)), timeout=5).text
    assert "AccessDenied" in requests.get(signed(cloud.grant(name, "in/", {Right.LIST})), timeout=5).text
    elsewhere = signed(config).replace("/in/", "/out/")
    assert "SignatureDoesNotMatch" in requests.get(elsewhere, timeout=5).text


def test_troubles_hit_one_bucket_and_heal(cloud: GCSCloud) -> None:
    name = filled(cloud)
    with opened(cloud, cloud.grant(name, "", ALL_RIGHTS)) as bucket:

        def listing() -> list[Any]:
            return list(bucket.list_blobs(retry=None, timeout=0.5))

        cloud.trouble(name, Trouble.THROTTLED)
        assert outcome(listing) == (429, "rateLimitExceeded")
        cloud.trouble(name, Trouble.SERVER_ERROR)
        assert outcome(listing) == (500, "backendError")
        for silence, error in ((Trouble.SILENT, requests.Timeout), (Trouble.RESET, requests.ConnectionError)):
            cloud.trouble(name, silence)
            with pytest.raises(error):
                listing()
        cloud.trouble(name, None)
        assert outcome(listing) == (200, "")


def test_requests_are_recorded_but_not_the_operators(cloud: GCSCloud) -> None:
    name = filled(cloud)
    config = cloud.grant(name, "in/", {Right.LIST})
    cloud.requests.clear()
    cloud.put(name, "more", b"")
    all_outcomes(cloud, config)
    assert [(method, path.split("?")[0].split("/")[1], status) for method, path, status in cloud.requests] == [
        ("POST", "token", 200),
        ("GET", "storage", 200),
        ("GET", "download", 403),
        ("POST", "upload", 403),
        ("POST", "upload", 403),
        ("DELETE", "storage", 403),
    ]
