"""What the errors of boto3, S3 and STS mean."""

from dataclasses import replace
from typing import Any

import botocore.exceptions

from clouds.failures import Cause, Failure, cause_of_status, safe_code

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
CAUSES = {
    "AccessDenied": Cause.DENIED,
    "AllAccessDisabled": Cause.DENIED,
    "AccountProblem": Cause.DENIED,
    "Forbidden": Cause.DENIED,
    "InvalidAccessKeyId": Cause.UNKNOWN_KEY,
    "InvalidClientTokenId": Cause.UNKNOWN_KEY,
    "UnrecognizedClientException": Cause.UNKNOWN_KEY,
    "RegionDisabledException": Cause.UNKNOWN_KEY,  # only STS says so, of the platform's own account
    "SignatureDoesNotMatch": Cause.WRONG_SECRET,
    "ExpiredToken": Cause.EXPIRED,
    "ExpiredTokenException": Cause.EXPIRED,
    "TokenRefreshRequired": Cause.EXPIRED,
    "InvalidToken": Cause.CREDENTIAL_REFUSED,
    "InvalidSecurity": Cause.CREDENTIAL_REFUSED,
    "RequestTimeTooSkewed": Cause.CLOCK_SKEW,
    "RequestExpired": Cause.CLOCK_SKEW,
    "NoSuchBucket": Cause.NO_BUCKET,
    "InvalidBucketName": Cause.NO_BUCKET,
    "NoSuchKey": Cause.NO_OBJECT,
    "PreconditionFailed": Cause.ALREADY_EXISTS,
    # Two conditional writes of one key at the same moment: the other one, also a check's, is about to create it.
    "ConditionalRequestConflict": Cause.ALREADY_EXISTS,
    "InvalidObjectState": Cause.ARCHIVED,
    "ObjectLocked": Cause.RETENTION,  # MinIO
    "PermanentRedirect": Cause.WRONG_REGION,
    "IllegalLocationConstraintException": Cause.WRONG_REGION,
    "SlowDown": Cause.THROTTLED,
    "ServiceUnavailable": Cause.THROTTLED,
    "Throttling": Cause.THROTTLED,
    "ThrottlingException": Cause.THROTTLED,
    "RequestLimitExceeded": Cause.THROTTLED,
    "TooManyRequestsException": Cause.THROTTLED,
    "InternalError": Cause.SERVER_ERROR,
    # Of servers other than AWS's. Ceph: https://docs.ceph.com/en/latest/radosgw/s3/, MinIO: cmd/api-errors.go
    "QuotaExceeded": Cause.QUOTA,
    "XMinioAdminBucketQuotaExceeded": Cause.QUOTA,
    "XMinioStorageFull": Cause.QUOTA,
    "StorageLimitExceeded": Cause.QUOTA,
    "UserSuspended": Cause.SUSPENDED,
    "NotImplemented": Cause.NOT_SUPPORTED,
    "XNotImplemented": Cause.NOT_SUPPORTED,
}


def failure_of(error: Exception) -> Failure:
    """What a boto3 exception means. Reads codes; of texts, only AWS's fixed words for the reason of a denial."""
    if isinstance(error, botocore.exceptions.ClientError):
        # Where STS answers <Error> without an <ErrorResponse> around it, botocore puts its fields at the top.
        details: Any = error.response.get("Error") or error.response
        meta = error.response.get("ResponseMetadata", {})
        code, status = str(details.get("Code") or ""), meta.get("HTTPStatusCode")
        by_status = {403: Cause.DENIED, 412: Cause.ALREADY_EXISTS}
        cause = CAUSES.get(code) or by_status.get(status or 0) or cause_of_status(status)
        # For a KMS refusal S3 answers a plain AccessDenied; only its message names kms:GenerateDataKey or kms:Decrypt.
        if code.startswith("KMS.") or (cause is Cause.DENIED and "kms:" in str(details.get("Message") or "")):
            cause = Cause.KMS_DENIED
        if cause is Cause.DENIED and "object lock" in str(details.get("Message", "")).lower():
            cause = Cause.RETENTION
        detail = ""
        if cause is Cause.DENIED:
            cause, detail = _reason_of_denial(str(details.get("Message") or ""))
        return Failure(cause, safe_code(code), status, safe_code(meta.get("RequestId")), detail=detail)
    return Failure(_cause_of_transport(error), safe_code(type(error).__name__))


# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_POLICIES = (
    "identity-based policy",
    "resource-based policy",
    "service control policy",
    "resource control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
)


def _reason_of_denial(message: str) -> tuple[Cause, str]:
    """Whether something is missing or forbidden, and the kind of policy by which."""
    kind = next((kind for kind in _POLICIES if kind in message), "")
    if kind == "VPC endpoint policy":
        return Cause.NETWORK_RULES, kind
    return (Cause.EXPLICIT_DENY if "with an explicit deny" in message else Cause.DENIED), kind


def _cause_of_transport(error: Exception) -> Cause:
    kinds: list[tuple[type[Exception] | tuple[type[Exception], ...], Cause]] = [
        (botocore.exceptions.SSLError, Cause.TLS),
        ((botocore.exceptions.ConnectTimeoutError, botocore.exceptions.ReadTimeoutError), Cause.TIMEOUT),
        (botocore.exceptions.ParamValidationError, Cause.NO_BUCKET),
        (
            (
                botocore.exceptions.NoCredentialsError,
                botocore.exceptions.PartialCredentialsError,
                botocore.exceptions.CredentialRetrievalError,
            ),
            Cause.NO_PRINCIPAL,
        ),
        ((botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError), Cause.UNREACHABLE),
        (botocore.exceptions.ResponseStreamingError, Cause.UNREACHABLE),
    ]
    return next((cause for kind, cause in kinds if isinstance(error, kind)), Cause.UNKNOWN)


# AWS refuses these before it looks at the role: the platform's own identity is wrong, and the operator must mend it.
_PLATFORM = {Cause.UNKNOWN_KEY, Cause.WRONG_SECRET, Cause.EXPIRED, Cause.CREDENTIAL_REFUSED}
_ROLE = {Cause.DENIED, Cause.EXPLICIT_DENY, Cause.UNKNOWN, Cause.NO_OBJECT}


def failure_of_role(error: Exception) -> Failure:
    failure = failure_of(error)
    causes = dict.fromkeys(_PLATFORM, Cause.NO_PRINCIPAL) | dict.fromkeys(_ROLE, Cause.CANNOT_ASSUME_ROLE)
    cause = causes.get(failure.cause, failure.cause) if failure.status else failure.cause
    return replace(failure, cause=cause)
