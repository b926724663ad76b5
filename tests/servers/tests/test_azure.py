"""The Azure test server judges like Azure: proven with azure-storage-blob."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import ContainerClient

from tests.servers.azure import AzureCloud
from tests.servers.vocabulary import ALL_RIGHTS, Config, Right, Trouble


@pytest.fixture(scope="module")
def cloud() -> Iterator[AzureCloud]:
    cloud = AzureCloud()
    cloud.start()
    yield cloud
    cloud.stop()


@contextlib.contextmanager
def opened(cloud: AzureCloud, config: Config) -> Iterator[ContainerClient]:
    account = cloud.environment()["LIGHTLY_AZURE_ENDPOINT_URL"].format(account=config["accountName"])
    container = config["fullPath"].partition("/")[0]
    with ContainerClient(account, container, credential=config["accountKey"], retry_total=0, read_timeout=1) as client:
        yield client


def outcome(call: Any, *arguments: Any, **options: Any) -> tuple[int, str]:
    try:
        call(*arguments, **options)
    except HttpResponseError as error:
        code = getattr(error, "error_code", None)
        return error.status_code or 0, str(getattr(code, "value", code))
    return 200, ""


def all_outcomes(cloud: AzureCloud, config: Config) -> dict[Right, tuple[int, str]]:
    """Expects the blobs in/old and in/doomed."""
    with opened(cloud, config) as client:
        return {
            Right.LIST: outcome(lambda: list(client.list_blobs(name_starts_with="in/"))),
            Right.READ: outcome(lambda: client.download_blob("in/old").readall()),
            Right.CREATE: outcome(client.upload_blob, "in/new", b"", overwrite=False),
            Right.REPLACE: outcome(client.upload_blob, "in/old", b"new", overwrite=True),
            Right.DELETE: outcome(client.delete_blob, "in/doomed"),
        }


def filled(cloud: AzureCloud) -> str:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "in/old", b"old")
    cloud.put(bucket, "in/doomed", b"old")
    return bucket


@pytest.mark.parametrize("right", Right)
def test_each_right_allows_its_operation_and_no_other(cloud: AzureCloud, right: Right) -> None:
    outcomes = all_outcomes(cloud, cloud.grant(filled(cloud), "in/", {right}))
    allowed = {name for name, (status, _) in outcomes.items() if status == 200}
    assert allowed == ({Right.CREATE, Right.REPLACE} if right is Right.REPLACE else {right})
    refused = {outcomes[name] for name in ALL_RIGHTS - allowed - {Right.REPLACE}}
    assert refused == {(403, "AuthorizationPermissionMismatch")}


def test_no_right_at_all(cloud: AzureCloud) -> None:
    outcomes = all_outcomes(cloud, cloud.grant(filled(cloud), "in/", frozenset()))
    assert set(outcomes.values()) == {(403, "AuthorizationPermissionMismatch")}


def test_create_only_may_not_replace_nor_ask_whether_it_would(cloud: AzureCloud) -> None:
    bucket = cloud.make_bucket()
    with opened(cloud, cloud.grant(bucket, "out/", {Right.CREATE, Right.LIST})) as client:
        assert outcome(client.upload_blob, "out/x", b"1", overwrite=False) == (200, "")
        assert outcome(client.upload_blob, "out/x", b"2", overwrite=False) == (403, "UnauthorizedBlobOverwrite")
        assert outcome(client.upload_blob, "out/x", b"2", overwrite=True) == (403, "UnauthorizedBlobOverwrite")
    assert cloud.get(bucket, "out/x") == b"1"


def test_who_may_replace_learns_that_the_blob_exists(cloud: AzureCloud) -> None:
    with opened(cloud, cloud.grant(filled(cloud), "in/", {Right.REPLACE})) as client:
        assert outcome(client.upload_blob, "in/old", b"", overwrite=False) == (409, "BlobAlreadyExists")


def test_missing_blobs_are_not_hidden(cloud: AzureCloud) -> None:
    with opened(cloud, cloud.grant(cloud.make_bucket(), "in/", {Right.READ})) as client:
        assert outcome(client.download_blob, "in/none") == (404, "BlobNotFound")


def test_container_metadata_is_out_of_reach(cloud: AzureCloud) -> None:
    with opened(cloud, cloud.grant(cloud.make_bucket(), "", ALL_RIGHTS)) as client:
        assert outcome(client.exists) == (403, "AuthorizationPermissionMismatch")


@pytest.mark.parametrize("breakage", ["with_wrong_secret", "with_unknown_key", "expired", "not_yet_valid"])
def test_a_sas_that_is_no_good(cloud: AzureCloud, breakage: str) -> None:
    config = cloud.grant(filled(cloud), "in/", ALL_RIGHTS)
    assert set(all_outcomes(cloud, getattr(cloud, breakage)(config)).values()) == {(403, "AuthenticationFailed")}
    assert set(all_outcomes(cloud, config).values()) == {(200, "")}


def test_a_sas_for_another_container(cloud: AzureCloud) -> None:
    config = cloud.grant(cloud.make_bucket(), "in/", ALL_RIGHTS) | {"fullPath": f"{filled(cloud)}/in/"}
    assert set(all_outcomes(cloud, config).values()) == {(403, "AuthenticationFailed")}


def test_missing_container_and_account(cloud: AzureCloud) -> None:
    config = cloud.grant(cloud.make_bucket(), "in/", ALL_RIGHTS)
    missing = all_outcomes(cloud, cloud.with_missing_bucket(config))
    assert set(missing.values()) == {(404, "ContainerNotFound")}
    with opened(cloud, cloud.with_unknown_account(config)) as client:
        assert outcome(client.upload_blob, "x", b"") == (404, "ResourceNotFound")


def test_https_only_and_account_sas(cloud: AzureCloud) -> None:
    bucket = filled(cloud)
    https_only = cloud.config(bucket, "in/", cloud.container_sas(bucket, "rl", protocol="https"))
    assert all_outcomes(cloud, https_only)[Right.LIST] == (403, "AuthorizationProtocolMismatch")
    objects_only = all_outcomes(cloud, cloud.config(bucket, "in/", cloud.account_sas("rl", "o")))
    assert objects_only[Right.LIST] == (403, "AuthorizationResourceTypeMismatch")
    assert objects_only[Right.READ] == (200, "")


def test_the_gate_can_leave_azurites_answers_alone(cloud: AzureCloud) -> None:
    config = cloud.grant(filled(cloud), "in/", {Right.CREATE})
    cloud.gate.as_azurite = True
    try:
        assert all_outcomes(cloud, config)[Right.REPLACE] == (403, "AuthorizationPermissionMismatch")
        assert all_outcomes(cloud, cloud.expired(config))[Right.READ] == (403, "AuthorizationFailure")
    finally:
        cloud.gate.as_azurite = False


def test_keys_with_spaces_and_unicode(cloud: AzureCloud) -> None:
    bucket, key = cloud.make_bucket(), "Bilder (1)/größe + ü/日本/ein bild&=.jpg"
    with opened(cloud, cloud.grant(bucket, "Bilder (1)/", ALL_RIGHTS)) as client:
        client.upload_blob(key, b"data")
        assert client.download_blob(key).readall() == b"data"
        assert list(client.list_blob_names(name_starts_with="Bilder (1)/größe + ü/")) == [key]
    assert cloud.keys(bucket) == [key]


def test_troubles_hit_one_container_and_heal(cloud: AzureCloud) -> None:
    bucket = filled(cloud)
    config = cloud.grant(bucket, "in/", ALL_RIGHTS)
    with opened(cloud, config) as client:

        def listing() -> list[str]:
            return list(client.list_blob_names())

        cloud.trouble(bucket, Trouble.THROTTLED)
        assert outcome(listing) == (503, "ServerBusy")
        cloud.trouble(bucket, Trouble.SERVER_ERROR)
        assert outcome(listing) == (500, "InternalError")
        for silence in (Trouble.SILENT, Trouble.RESET):
            cloud.trouble(bucket, silence)
            with pytest.raises(ServiceResponseError):
                listing()
        cloud.trouble(bucket, None)
        assert outcome(listing) == (200, "")


def test_requests_are_recorded_but_not_the_operators(cloud: AzureCloud) -> None:
    config = cloud.grant(filled(cloud), "in/", {Right.LIST})
    cloud.requests.clear()
    cloud.put(config["fullPath"].partition("/")[0], "more", b"")
    all_outcomes(cloud, config)
    assert [(method, status) for method, _, status in cloud.requests] == [
        ("GET", 200),
        ("GET", 403),
        ("PUT", 403),
        ("PUT", 403),
        ("DELETE", 403),
    ]
