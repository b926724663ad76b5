"""What the errors of S3, STS and boto3 are taken for."""

from __future__ import annotations

import ssl
from typing import Any

import botocore.exceptions
import pytest

from clouds import Cause, Failure
from clouds.s3 import failures as s3
from tests.clouds.errors import client_error

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
    ("UnrecognizedClientException", 403, Cause.UNKNOWN_KEY),
    ("RegionDisabledException", 403, Cause.UNKNOWN_KEY),
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
    ("ObjectLocked", 400, Cause.RETENTION),
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
    ("QuotaExceeded", 403, Cause.QUOTA),
    ("XMinioAdminBucketQuotaExceeded", 400, Cause.QUOTA),
    ("XMinioStorageFull", 507, Cause.QUOTA),
    ("StorageLimitExceeded", 403, Cause.QUOTA),
    ("", 507, Cause.QUOTA),
    ("UserSuspended", 403, Cause.SUSPENDED),
    ("NotImplemented", 501, Cause.NOT_SUPPORTED),
    ("XNotImplemented", 501, Cause.NOT_SUPPORTED),
    ("", 501, Cause.NOT_SUPPORTED),
    ("KMS.DisabledException", 400, Cause.KMS_DENIED),
    ("KMS.NotFoundException", 400, Cause.KMS_DENIED),
    ("SomethingNew", 400, Cause.UNKNOWN),
]


def test_s3_says_only_in_words_that_an_object_is_locked() -> None:
    error = client_error("AccessDenied", 403, "Access Denied because object protected by object lock.")
    assert s3.failure_of(error).cause is Cause.RETENTION


@pytest.mark.parametrize(("code", "status", "cause"), S3_CODES)
def test_s3_codes(code: str, status: int, cause: Cause) -> None:
    assert s3.failure_of(client_error(code, status)) == Failure(cause, code, status, "4442587FB7D0A2F9")


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


def test_a_server_that_puts_the_code_at_the_top() -> None:
    """As botocore reads the answers of STS that have <Error> at the top, Ceph's for example."""
    meta = {"HTTPStatusCode": 403, "RequestId": "tx1"}
    bare: Any = {"Code": "SignatureDoesNotMatch", "Message": None, "HostId": "1", "ResponseMetadata": meta}
    error = botocore.exceptions.ClientError(bare, "AssumeRole")
    assert s3.failure_of(error) == Failure(Cause.WRONG_SECRET, "SignatureDoesNotMatch", 403, "tx1")
    # It is the platform's own secret that is wrong, not the role, nor the external ID.
    assert s3.failure_of_role(error).cause is Cause.NO_PRINCIPAL


def test_an_answer_without_anything_in_it() -> None:
    assert s3.failure_of(botocore.exceptions.ClientError({}, "GetObject")) == Failure(Cause.UNKNOWN)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("AccessDenied", 403), Cause.CANNOT_ASSUME_ROLE),
        (client_error("ValidationError", 400), Cause.CANNOT_ASSUME_ROLE),
        (client_error("RegionDisabledException", 403), Cause.NO_PRINCIPAL),
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


def test_every_code_in_the_table_is_tested() -> None:
    assert set(s3.CAUSES) <= {code for code, _, _ in S3_CODES}
