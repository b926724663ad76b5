"""What the errors of Azure and its SDK are taken for."""

from __future__ import annotations

import ssl

import azure.core.exceptions
import pytest
import requests
from azure.storage.blob import StorageErrorCode

from clouds import Cause, Failure
from clouds.azure import failures as azure_cloud
from tests.clouds.errors import azure_error

AZURE_CODES = [
    ("AuthorizationPermissionMismatch", 403, Cause.DENIED),
    ("AuthorizationResourceTypeMismatch", 403, Cause.DENIED),
    ("AuthorizationServiceMismatch", 403, Cause.DENIED),
    ("AuthorizationSourceIPMismatch", 403, Cause.NETWORK_RULES),
    ("AuthorizationProtocolMismatch", 403, Cause.DENIED),
    ("InsufficientAccountPermissions", 403, Cause.DENIED),
    ("PublicAccessNotPermitted", 409, Cause.DENIED),
    ("AccountIsDisabled", 403, Cause.DENIED),
    ("SomethingNew", 403, Cause.DENIED),
    ("", 403, Cause.DENIED),
    ("AuthorizationFailure", 403, Cause.NETWORK_RULES),
    ("AuthenticationFailed", 403, Cause.CREDENTIAL_REFUSED),
    ("InvalidAuthenticationInfo", 400, Cause.CREDENTIAL_REFUSED),
    ("NoAuthenticationInformation", 401, Cause.CREDENTIAL_REFUSED),
    ("KeyBasedAuthenticationNotPermitted", 403, Cause.CREDENTIAL_REFUSED),
    ("ContainerNotFound", 404, Cause.NO_BUCKET),
    ("ContainerBeingDeleted", 409, Cause.NO_BUCKET),
    ("ContainerDisabled", 409, Cause.NO_BUCKET),
    ("InvalidResourceName", 400, Cause.NO_BUCKET),
    ("ResourceNotFound", 404, Cause.NO_BUCKET),
    ("BlobNotFound", 404, Cause.NO_OBJECT),
    ("", 404, Cause.UNKNOWN),  # some web server's
    ("BlobAlreadyExists", 409, Cause.ALREADY_EXISTS),
    ("ConditionNotMet", 412, Cause.ALREADY_EXISTS),
    ("UnauthorizedBlobOverwrite", 403, Cause.ALREADY_EXISTS),
    ("BlobArchived", 409, Cause.ARCHIVED),
    ("BlobImmutableDueToPolicy", 409, Cause.RETENTION),
    ("BlobImmutableDueToLegalHold", 409, Cause.RETENTION),
    ("ServerBusy", 503, Cause.THROTTLED),
    ("OperationTimedOut", 500, Cause.THROTTLED),
    ("InternalError", 500, Cause.SERVER_ERROR),
    ("SomethingNew", 500, Cause.SERVER_ERROR),
    ("", 307, Cause.REDIRECTED),
]


@pytest.mark.parametrize(("code", "status", "cause"), AZURE_CODES)
def test_azure_codes(code: str, status: int, cause: Cause) -> None:
    error = azure_error(azure.core.exceptions.HttpResponseError, code, status)
    assert azure_cloud.failure_of(error) == Failure(cause, code, status, "c69628e5-57de")


def test_azure_codes_are_an_enum_at_times() -> None:
    error = azure_error(azure.core.exceptions.HttpResponseError, StorageErrorCode.CONTAINER_NOT_FOUND, 404)
    assert azure_cloud.failure_of(error) == Failure(Cause.NO_BUCKET, "ContainerNotFound", 404, "c69628e5-57de")


def test_azure_refuses_a_sas_in_other_words() -> None:
    error = azure_error(azure.core.exceptions.ClientAuthenticationError, "SomethingNew", 403)
    assert azure_cloud.failure_of(error).cause is Cause.CREDENTIAL_REFUSED
    assert azure_cloud.failure_of(azure.core.exceptions.HttpResponseError("x")).cause is Cause.UNKNOWN


AZURE_TRANSPORT = [
    (azure.core.exceptions.ServiceRequestError("x", error=ConnectionRefusedError()), Cause.UNREACHABLE),
    (azure.core.exceptions.ServiceResponseError("x", error=ConnectionResetError()), Cause.UNREACHABLE),
    (azure.core.exceptions.ServiceRequestError("x", error=requests.exceptions.SSLError()), Cause.TLS),
    (azure.core.exceptions.ServiceRequestError("x", error=ssl.SSLCertVerificationError()), Cause.TLS),
    (azure.core.exceptions.ServiceRequestTimeoutError("x"), Cause.TIMEOUT),
    (azure.core.exceptions.ServiceResponseTimeoutError("x"), Cause.TIMEOUT),
    (azure.core.exceptions.ServiceRequestError("x", error=requests.exceptions.ConnectTimeout()), Cause.TIMEOUT),
    (azure.core.exceptions.ServiceResponseError("x", error=requests.exceptions.ReadTimeout()), Cause.TIMEOUT),
    (azure.core.exceptions.IncompleteReadError("x"), Cause.UNREACHABLE),
    (azure.core.exceptions.AzureError("x"), Cause.UNKNOWN),
]


def test_a_download_that_breaks_off_is_no_answer() -> None:
    cut_short = azure.core.exceptions.IncompleteReadError("x")
    error = azure.core.exceptions.HttpResponseError("x", error=cut_short)
    assert azure_cloud.failure_of(error) == Failure(Cause.UNREACHABLE, "IncompleteReadError")


@pytest.mark.parametrize(("error", "cause"), AZURE_TRANSPORT, ids=repr)
def test_azure_transport(error: azure.core.exceptions.AzureError, cause: Cause) -> None:
    assert azure_cloud.failure_of(error) == Failure(cause, type(error).__name__)


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({"se": "2020-01-01"}, Failure(Cause.EXPIRED, "se")),
        ({"se": "2020-01-01T00:00:00Z", "st": "2099-01-01"}, Failure(Cause.EXPIRED, "se")),
        ({"se": "2099-01-01T00:00:00Z", "st": "2098-01-01T00:00Z"}, Failure(Cause.NOT_YET_VALID, "st")),
        ({"se": "2099-01-01T00:00:00.0000000Z", "st": "2020-01-01"}, None),
        ({"se": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_a_sas_tells_its_time_itself(fields: dict[str, str], failure: Failure | None) -> None:
    assert azure_cloud.failure_of_time(fields) == failure


def test_every_code_in_the_table_is_tested() -> None:
    assert set(azure_cloud.CAUSES) <= {code for code, _, _ in AZURE_CODES}
