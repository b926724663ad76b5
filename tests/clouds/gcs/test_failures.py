"""What the errors of Google and its SDK are taken for."""

from __future__ import annotations

from types import SimpleNamespace

import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests
import urllib3

from clouds import Cause, Failure
from clouds.gcs import failures as gcs
from tests.clouds.errors import refresh_error

GCS_CALLS = [
    ("forbidden", 403, "x does not have storage.objects.list access", Cause.DENIED),
    ("insufficientPermissions", 403, "", Cause.DENIED),
    ("accessNotConfigured", 403, "", Cause.DENIED),
    ("accountDisabled", 403, "", Cause.DENIED),
    ("retentionPolicyNotMet", 403, "Object 'b/a' is subject to bucket's retention policy", Cause.RETENTION),
    ("forbidden", 403, "Object 'b/a' is subject to bucket's retention policy or object retention", Cause.RETENTION),
    ("objectUnderActiveHold", 403, "Object 'b/a' is under active Temporary hold", Cause.RETENTION),
    ("", 403, "Object 'b/a' is under active Event-Based hold and cannot be deleted", Cause.RETENTION),
    ("userProjectMissing", 400, "Bucket is a requester pays bucket", Cause.CALLER_PAYS),
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
    # Downloads read below requests.
    (urllib3.exceptions.ProtocolError(), Cause.UNREACHABLE),
    (urllib3.exceptions.TimeoutError(), Cause.TIMEOUT),
    (urllib3.exceptions.SSLError(), Cause.TLS),
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


def test_every_code_in_the_table_is_tested() -> None:
    assert set(gcs._REASONS) <= {reason for reason, _, _, _ in GCS_CALLS}
