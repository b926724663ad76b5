"""What each answer of a cloud, and each exception of its SDK, is taken for."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from types import SimpleNamespace
from typing import Any

import azure.core.exceptions
import botocore.exceptions
import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests
from azure.storage.blob import StorageErrorCode

from clouds import Cause, Failure
from clouds.azure import failures as azure_cloud
from clouds.failures import cause_of_status, safe_code
from clouds.gcs import failures as gcs
from clouds.obs import failures as obs
from clouds.permissions import NO_PROOF
from clouds.s3 import failures as s3

HOSTILE = "<script>alert(1)</script>\r\nSet-Cookie: x=1 " + "A" * 500

# --- every cloud ----------------------------------------------------------------------------------------------------
STATUSES = [
    (429, Cause.THROTTLED),
    (503, Cause.THROTTLED),
    (500, Cause.SERVER_ERROR),
    (502, Cause.SERVER_ERROR),
    (504, Cause.SERVER_ERROR),
    (301, Cause.REDIRECTED),
    (302, Cause.REDIRECTED),
    (307, Cause.REDIRECTED),
    (304, Cause.UNKNOWN),
    (200, Cause.UNKNOWN),
    (400, Cause.UNKNOWN),
    (418, Cause.UNKNOWN),
    (None, Cause.UNKNOWN),
]


@pytest.mark.parametrize(("status", "cause"), STATUSES)
def test_a_status_without_a_code(status: int | None, cause: Cause) -> None:
    assert cause_of_status(status) is cause


def test_codes_are_short_words_whatever_was_sent() -> None:
    assert safe_code("KMS.DisabledException") == "KMS.DisabledException"
    assert safe_code("tx0000-11:ab_c") == "tx0000-11:ab_c"
    assert safe_code(None) == ""
    assert safe_code(HOSTILE) == "scriptalert1scriptSet-Cookie:x1" + "A" * 49
    assert safe_code("größe\u202e日本\x00'\"&") == "gre"


def test_no_mishap_of_the_network_is_taken_for_a_denial() -> None:
    assert Cause.CLOCK_SKEW in NO_PROOF  # it is this server's clock that is wrong, not what the user entered
    assert {Cause.TIMEOUT, Cause.UNREACHABLE, Cause.TLS, Cause.THROTTLED, Cause.SERVER_ERROR, Cause.UNKNOWN} <= NO_PROOF
    assert not NO_PROOF & {Cause.DENIED, Cause.WRONG_SECRET, Cause.EXPIRED, Cause.NO_BUCKET, Cause.KMS_DENIED}


# --- S3 and STS -----------------------------------------------------------------------------------------------------
S3_CODES = [
    ("AccessDenied", 403, Cause.DENIED),
    ("AllAccessDisabled", 403, Cause.DENIED),
    ("AccountProblem", 403, Cause.DENIED),
    ("Forbidden", 403, Cause.DENIED),
    ("403", 403, Cause.DENIED),
    ("NotSignedUp", 403, Cause.DENIED),
    ("", 403, Cause.DENIED),
    ("InvalidAccessKeyId", 403, Cause.UNKNOWN_KEY),
    ("InvalidClientTokenId", 403, Cause.UNKNOWN_KEY),
    ("SignatureDoesNotMatch", 403, Cause.WRONG_SECRET),
    ("ExpiredToken", 400, Cause.EXPIRED),
    ("ExpiredTokenException", 403, Cause.EXPIRED),
    ("TokenRefreshRequired", 400, Cause.EXPIRED),
    ("InvalidToken", 400, Cause.CREDENTIAL_REFUSED),
    ("InvalidSecurity", 403, Cause.CREDENTIAL_REFUSED),
    ("RequestTimeTooSkewed", 403, Cause.CLOCK_SKEW),
    ("RequestExpired", 400, Cause.CLOCK_SKEW),
    ("NoSuchBucket", 404, Cause.NO_BUCKET),
    ("InvalidBucketName", 400, Cause.NO_BUCKET),
    ("NoSuchKey", 404, Cause.NO_OBJECT),
    ("404", 404, Cause.UNKNOWN),  # some web server's
    ("PreconditionFailed", 412, Cause.ALREADY_EXISTS),
    ("412", 412, Cause.ALREADY_EXISTS),
    ("ConditionalRequestConflict", 409, Cause.ALREADY_EXISTS),
    ("InvalidObjectState", 403, Cause.ARCHIVED),
    ("PermanentRedirect", 301, Cause.WRONG_REGION),
    ("IllegalLocationConstraintException", 400, Cause.WRONG_REGION),
    ("SlowDown", 503, Cause.THROTTLED),
    ("SlowDownRead", 503, Cause.THROTTLED),
    ("ServiceUnavailable", 503, Cause.THROTTLED),
    ("Throttling", 400, Cause.THROTTLED),
    ("ThrottlingException", 400, Cause.THROTTLED),
    ("RequestLimitExceeded", 400, Cause.THROTTLED),
    ("TooManyRequestsException", 429, Cause.THROTTLED),
    ("InternalError", 500, Cause.SERVER_ERROR),
    ("KMS.DisabledException", 400, Cause.KMS_DENIED),
    ("KMS.NotFoundException", 400, Cause.KMS_DENIED),
    ("SomethingNew", 400, Cause.UNKNOWN),
]


def client_error(code: str, status: int, message: str = "Access Denied") -> botocore.exceptions.ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "4442587FB7D0A2F9", "HTTPHeaders": {}},
    }
    return botocore.exceptions.ClientError(answer, "ListObjectsV2")


@pytest.mark.parametrize(("code", "status", "cause"), S3_CODES)
def test_s3_codes(code: str, status: int, cause: Cause) -> None:
    assert s3.failure_of(client_error(code, status)) == Failure(cause, code, status, "4442587FB7D0A2F9")


def test_every_code_in_the_tables_is_tested() -> None:
    assert set(s3.CAUSES) <= {code for code, _, _ in S3_CODES}
    assert set(obs.CAUSES) <= {code for code, _, _ in OBS_CODES}
    assert set(azure_cloud.CAUSES) <= {code for code, _, _ in AZURE_CODES}
    assert set(gcs._REASONS) <= {reason for reason, _, _, _ in GCS_CALLS}


@pytest.mark.parametrize(
    ("reason", "cause", "detail"),
    [
        ("because no identity-based policy allows the s3:GetObject action", Cause.DENIED, "identity-based policy"),
        ("because no permissions boundary allows the s3:GetObject action", Cause.DENIED, "permissions boundary"),
        ("with an explicit deny in a resource-based policy", Cause.EXPLICIT_DENY, "resource-based policy"),
        ("with an explicit deny in a service control policy", Cause.EXPLICIT_DENY, "service control policy"),
        ("with an explicit deny in a VPC endpoint policy", Cause.NETWORK_RULES, "VPC endpoint policy"),
        ("because no VPC endpoint policy allows the s3:GetObject action", Cause.NETWORK_RULES, "VPC endpoint policy"),
        ("with an explicit deny", Cause.EXPLICIT_DENY, ""),
        ("Access Denied", Cause.DENIED, ""),
    ],
)
def test_aws_names_the_policy_that_denies(reason: str, cause: Cause, detail: str) -> None:
    message = f'User: arn:aws:iam::1:user/x is not authorized to perform: s3:GetObject on resource: "arn:x" {reason}'
    failure = s3.failure_of(client_error("AccessDenied", 403, message))
    assert (failure.cause, failure.detail) == (cause, detail)


@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_a_refusal_by_kms_is_told_by_the_action_it_names(action: str) -> None:
    message = f"User: arn:aws:iam::1:user/x is not authorized to perform: {action} on resource: arn:aws:kms:x"
    assert s3.failure_of(client_error("AccessDenied", 403, message)).cause is Cause.KMS_DENIED
    assert s3.failure_of(client_error("NoSuchKey", 404, message)).cause is Cause.NO_OBJECT


S3_TRANSPORT = [
    (botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"), Cause.UNREACHABLE),
    (botocore.exceptions.ConnectionClosedError(endpoint_url="http://x"), Cause.UNREACHABLE),
    (botocore.exceptions.ProxyConnectionError(proxy_url="http://x"), Cause.UNREACHABLE),
    (botocore.exceptions.HTTPClientError(error="x"), Cause.UNREACHABLE),
    (botocore.exceptions.ResponseStreamingError(error="x"), Cause.UNREACHABLE),
    (botocore.exceptions.ConnectTimeoutError(endpoint_url="http://x"), Cause.TIMEOUT),
    (botocore.exceptions.ReadTimeoutError(endpoint_url="http://x"), Cause.TIMEOUT),
    (botocore.exceptions.SSLError(endpoint_url="http://x", error=ssl.SSLError()), Cause.TLS),
    (botocore.exceptions.ParamValidationError(report="Invalid bucket name"), Cause.NO_BUCKET),
    (botocore.exceptions.NoCredentialsError(), Cause.NO_PRINCIPAL),
    (botocore.exceptions.PartialCredentialsError(provider="env", cred_var="x"), Cause.NO_PRINCIPAL),
    (botocore.exceptions.CredentialRetrievalError(provider="x", error_msg="x"), Cause.NO_PRINCIPAL),
    (botocore.exceptions.UnknownServiceError(service_name="x", known_service_names="x"), Cause.UNKNOWN),
]


@pytest.mark.parametrize(("error", "cause"), S3_TRANSPORT, ids=lambda it: type(it).__name__)
def test_s3_transport(error: Exception, cause: Cause) -> None:
    assert s3.failure_of(error) == Failure(cause, type(error).__name__)


def test_an_answer_without_anything_in_it() -> None:
    assert s3.failure_of(botocore.exceptions.ClientError({}, "GetObject")) == Failure(Cause.UNKNOWN)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("AccessDenied", 403), Cause.CANNOT_ASSUME_ROLE),
        (client_error("ValidationError", 400), Cause.CANNOT_ASSUME_ROLE),
        (client_error("RegionDisabledException", 403), Cause.CANNOT_ASSUME_ROLE),
        (client_error("InvalidClientTokenId", 403), Cause.NO_PRINCIPAL),
        (client_error("SignatureDoesNotMatch", 403), Cause.NO_PRINCIPAL),
        (client_error("ExpiredToken", 403), Cause.NO_PRINCIPAL),
        (botocore.exceptions.NoCredentialsError(), Cause.NO_PRINCIPAL),
        (client_error("Throttling", 400), Cause.THROTTLED),
        (client_error("InternalFailure", 500), Cause.SERVER_ERROR),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="x"), Cause.UNREACHABLE),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="x"), Cause.TIMEOUT),
    ],
    ids=str,
)
def test_a_role_that_can_t_be_assumed(error: Exception, cause: Cause) -> None:
    assert s3.failure_of_role(error).cause is cause


# --- Azure ----------------------------------------------------------------------------------------------------------
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
    ("BlobImmutableDueToPolicy", 409, Cause.DENIED),
    ("ServerBusy", 503, Cause.THROTTLED),
    ("OperationTimedOut", 500, Cause.THROTTLED),
    ("InternalError", 500, Cause.SERVER_ERROR),
    ("SomethingNew", 500, Cause.SERVER_ERROR),
    ("", 307, Cause.REDIRECTED),
]


def azure_error(
    kind: type[azure.core.exceptions.HttpResponseError], code: object, status: int
) -> azure.core.exceptions.HttpResponseError:
    response: Any = SimpleNamespace(status_code=status, reason="x", headers={"x-ms-request-id": "c69628e5-57de"})
    error = kind(message="Server failed to authenticate", response=response)
    error.error_code = code  # type: ignore[attr-defined]  # as azure-storage-blob adds it
    return error


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


# --- GCS ------------------------------------------------------------------------------------------------------------
GCS_CALLS = [
    ("forbidden", 403, "x does not have storage.objects.list access", Cause.DENIED),
    ("insufficientPermissions", 403, "", Cause.DENIED),
    ("accessNotConfigured", 403, "", Cause.DENIED),
    ("accountDisabled", 403, "", Cause.DENIED),
    ("userProjectMissing", 400, "Bucket is a requester pays bucket", Cause.DENIED),
    ("vpcServiceControls", 403, "", Cause.NETWORK_RULES),
    ("SECURITY_POLICY_VIOLATED", 403, "", Cause.NETWORK_RULES),
    ("", 403, "Request is prohibited. vpcServiceControlsUniqueIdentifier: abc", Cause.NETWORK_RULES),
    ("", 403, "x does not have storage.objects.get access", Cause.DENIED),
    ("forbidden", 403, "Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied", Cause.KMS_DENIED),
    ("", 403, "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied", Cause.KMS_DENIED),
    ("authError", 401, "Invalid Credentials", Cause.CREDENTIAL_REFUSED),
    ("required", 401, "Anonymous caller", Cause.CREDENTIAL_REFUSED),
    ("notFound", 404, "The specified bucket does not exist.", Cause.NO_BUCKET),
    ("notFound", 404, "No such object: bucket/key", Cause.NO_OBJECT),
    ("", 404, "No such object: bucket/key", Cause.NO_OBJECT),
    ("conditionNotMet", 412, "At least one of the pre-conditions you specified did not hold.", Cause.ALREADY_EXISTS),
    ("", 412, "", Cause.ALREADY_EXISTS),
    ("rateLimitExceeded", 429, "", Cause.THROTTLED),
    ("userRateLimitExceeded", 403, "", Cause.THROTTLED),
    ("quotaExceeded", 403, "", Cause.THROTTLED),
    ("", 429, "", Cause.THROTTLED),
    ("backendError", 503, "", Cause.THROTTLED),
    ("backendError", 500, "", Cause.SERVER_ERROR),
    ("invalid", 400, "", Cause.UNKNOWN),
]


@pytest.mark.parametrize(("reason", "status", "message", "cause"), GCS_CALLS)
def test_gcs_calls(reason: str, status: int, message: str, cause: Cause) -> None:
    response = SimpleNamespace(headers={"x-guploader-uploadid": "A" * 100})
    error = google.api_core.exceptions.from_http_status(
        status, message, errors=[{"reason": reason, "message": message}] if reason else [], response=response
    )
    assert gcs.failure_of(error) == Failure(cause, reason, status, "A" * 24)


def refresh_error(code: str, description: str, *, retryable: bool = False) -> Exception:
    """As google-auth makes it of the token endpoint's answer."""
    answer = {"error": code, "error_description": description}
    return google.auth.exceptions.RefreshError(f"{code}: {description}", answer, retryable=retryable)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (refresh_error("invalid_grant", "Invalid JWT Signature."), Cause.WRONG_SECRET),
        (refresh_error("invalid_grant", "Invalid grant: account not found"), Cause.UNKNOWN_KEY),
        (refresh_error("invalid_grant", "Account has been disabled"), Cause.CREDENTIAL_REFUSED),
        (
            refresh_error("invalid_grant", "Invalid JWT: Token must be short-lived and in a reasonable timeframe."),
            Cause.CLOCK_SKEW,
        ),
        (refresh_error("disabled_client", "The OAuth client was disabled."), Cause.DENIED),
        (refresh_error("unauthorized_client", "x"), Cause.DENIED),
        (refresh_error("access_denied", "x"), Cause.DENIED),
        (refresh_error("internal_failure", "x", retryable=True), Cause.SERVER_ERROR),
        (refresh_error("invalid_scope", "x"), Cause.CREDENTIAL_REFUSED),
        (google.auth.exceptions.RefreshError("No access token in response."), Cause.CREDENTIAL_REFUSED),
        (google.auth.exceptions.MalformedError("x"), Cause.MALFORMED_CREDENTIAL),
    ],
)
def test_gcs_tokens(error: Exception, cause: Cause) -> None:
    assert gcs.failure_of(error).cause is cause


def chained(outer: Exception, inner: Exception) -> Exception:
    try:
        raise outer from inner
    except type(outer) as error:
        return error


GCS_TRANSPORT = [
    (requests.exceptions.ConnectionError(), Cause.UNREACHABLE),
    (requests.exceptions.ChunkedEncodingError(), Cause.UNREACHABLE),
    (requests.exceptions.SSLError(), Cause.TLS),
    (requests.exceptions.ConnectTimeout(), Cause.TIMEOUT),
    (requests.exceptions.ReadTimeout(), Cause.TIMEOUT),
    (requests.exceptions.TooManyRedirects(), Cause.REDIRECTED),
    (chained(google.auth.exceptions.TransportError(), requests.exceptions.ConnectionError()), Cause.UNREACHABLE),
    (chained(google.auth.exceptions.TransportError(), requests.exceptions.ReadTimeout()), Cause.TIMEOUT),
    (chained(google.auth.exceptions.TransportError(), requests.exceptions.SSLError()), Cause.TLS),
    (chained(google.auth.exceptions.TransportError(), ConnectionResetError()), Cause.UNREACHABLE),
    (google.auth.exceptions.TransportError(), Cause.UNKNOWN),
    (google.api_core.exceptions.RetryError("x", requests.exceptions.ConnectionError()), Cause.UNKNOWN),
]


@pytest.mark.parametrize(("error", "cause"), GCS_TRANSPORT, ids=repr)
def test_gcs_transport(error: Exception, cause: Cause) -> None:
    assert gcs.failure_of(error).cause is cause


# --- OBS ------------------------------------------------------------------------------------------------------------
OBS_CODES = [
    ("AccessDenied", 403, Cause.DENIED),
    ("AccessForbidden", 403, Cause.DENIED),
    ("AllAccessDisabled", 403, Cause.DENIED),
    ("InArrearOrInsufficientBalance", 403, Cause.DENIED),
    ("DeniedByPolicy", 403, Cause.DENIED),
    ("SomethingNew", 403, Cause.DENIED),
    (None, 403, Cause.DENIED),
    ("InvalidAccessKeyId", 403, Cause.UNKNOWN_KEY),
    ("SignatureDoesNotMatch", 403, Cause.WRONG_SECRET),
    ("ExpiredToken", 400, Cause.EXPIRED),
    ("InvalidToken", 400, Cause.CREDENTIAL_REFUSED),
    ("RequestTimeTooSkewed", 403, Cause.CLOCK_SKEW),
    ("NoSuchBucket", 404, Cause.NO_BUCKET),
    ("InvalidBucketName", 400, Cause.NO_BUCKET),
    ("NoSuchKey", 404, Cause.NO_OBJECT),
    (None, 404, Cause.UNKNOWN),  # some web server's
    ("PreconditionFailed", 412, Cause.ALREADY_EXISTS),
    (None, 412, Cause.ALREADY_EXISTS),
    ("InvalidObjectState", 403, Cause.ARCHIVED),
    ("PermanentRedirect", 301, Cause.WRONG_REGION),
    ("TemporaryRedirect", 307, Cause.REDIRECTED),
    (None, 302, Cause.REDIRECTED),
    ("SlowDown", 503, Cause.THROTTLED),
    ("ServiceUnavailable", 503, Cause.THROTTLED),
    ("InternalError", 500, Cause.SERVER_ERROR),
    (None, 502, Cause.SERVER_ERROR),
    ("SomethingNew", 400, Cause.UNKNOWN),
]


@pytest.mark.parametrize(("code", "status", "cause"), OBS_CODES)
def test_obs_codes(code: str | None, status: int, cause: Cause) -> None:
    answer = SimpleNamespace(errorCode=code, status=status, requestId="0000018A", errorMessage=HOSTILE, body=HOSTILE)
    assert obs.failure_of(answer) == Failure(cause, code or "", status, "0000018A")


OBS_TRANSPORT = [
    (ConnectionRefusedError(), Cause.UNREACHABLE),
    (socket.gaierror(), Cause.UNREACHABLE),
    (http.client.BadStatusLine("x"), Cause.UNREACHABLE),
    (http.client.IncompleteRead(b""), Cause.UNREACHABLE),
    (ssl.SSLCertVerificationError(), Cause.TLS),
    (ssl.SSLEOFError(), Cause.TLS),
    (TimeoutError(), Cause.TIMEOUT),
    (ValueError(), Cause.UNKNOWN),
]


@pytest.mark.parametrize(("error", "cause"), OBS_TRANSPORT, ids=repr)
def test_obs_transport(error: Exception, cause: Cause) -> None:
    assert obs.failure_of_transport(error) == Failure(cause, type(error).__name__)


# --- hostile answers ------------------------------------------------------------------------------------------------
def test_nothing_a_hostile_cloud_says_gets_further_than_a_word() -> None:
    google_error = google.api_core.exceptions.from_http_status(
        418, HOSTILE, errors=[{"reason": HOSTILE}], response=SimpleNamespace(headers={"x-guploader-uploadid": HOSTILE})
    )
    microsoft_error = azure_error(azure.core.exceptions.HttpResponseError, HOSTILE, 418)
    microsoft_error.response.headers["x-ms-request-id"] = HOSTILE  # type: ignore[union-attr]
    amazon_error = client_error(HOSTILE, 418, HOSTILE)
    amazon_error.response["ResponseMetadata"]["RequestId"] = HOSTILE
    failures = [
        s3.failure_of(amazon_error),
        azure_cloud.failure_of(microsoft_error),
        gcs.failure_of(google_error),
        gcs.failure_of(refresh_error(HOSTILE, HOSTILE)),
        obs.failure_of(SimpleNamespace(errorCode=HOSTILE, status=418, requestId=HOSTILE)),
    ]
    for failure in failures:
        told = json.dumps([failure.code, failure.request_id, failure.region])
        assert "<" not in told
        assert " " not in failure.code + failure.request_id
        assert "\\" not in told
        assert max(len(failure.code), len(failure.request_id)) <= 80
