"""What the errors of OBS, and those of sockets that its SDK lets through, mean."""

import http.client
import ssl
from typing import Any

from clouds.failures import Cause, Failure, cause_of_status, safe_code

# https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0115.html
CAUSES = {
    "AccessDenied": Cause.DENIED,
    "AccessForbidden": Cause.DENIED,
    "AllAccessDisabled": Cause.DENIED,
    "InArrearOrInsufficientBalance": Cause.DENIED,
    "DeniedByPolicy": Cause.DENIED,
    "InvalidAccessKeyId": Cause.UNKNOWN_KEY,
    "SignatureDoesNotMatch": Cause.WRONG_SECRET,
    "ExpiredToken": Cause.EXPIRED,
    "InvalidToken": Cause.CREDENTIAL_REFUSED,
    "RequestTimeTooSkewed": Cause.CLOCK_SKEW,
    "NoSuchBucket": Cause.NO_BUCKET,
    "InvalidBucketName": Cause.NO_BUCKET,
    "NoSuchKey": Cause.NO_OBJECT,
    "PreconditionFailed": Cause.ALREADY_EXISTS,
    "InvalidObjectState": Cause.ARCHIVED,
    "ObjectLocked": Cause.RETENTION,
    "PermanentRedirect": Cause.WRONG_REGION,
    "SlowDown": Cause.THROTTLED,
    "ServiceUnavailable": Cause.THROTTLED,
    "InternalError": Cause.SERVER_ERROR,
    "InsufficientStorageSpace": Cause.QUOTA,
    "QuotaExceeded": Cause.QUOTA,
    "UserSuspended": Cause.SUSPENDED,
    "NotImplemented": Cause.NOT_SUPPORTED,
}


def failure_of(answer: Any) -> Failure:
    """What an error the SDK *returned* means. Reads code and status only."""
    code, status = str(answer.errorCode or ""), int(answer.status)
    by_status = {403: Cause.DENIED, 412: Cause.ALREADY_EXISTS}
    cause = CAUSES.get(code) or by_status.get(status) or cause_of_status(status)
    return Failure(cause, safe_code(code), status, safe_code(answer.requestId))


def failure_of_transport(error: Exception) -> Failure:
    """What an exception of sockets or http.client means, which the SDK lets through."""
    kinds: list[tuple[type[Exception], Cause]] = [
        (ssl.SSLError, Cause.TLS),
        (TimeoutError, Cause.TIMEOUT),
        (OSError, Cause.UNREACHABLE),
        (http.client.HTTPException, Cause.UNREACHABLE),
    ]
    cause = next((cause for kind, cause in kinds if isinstance(error, kind)), Cause.UNKNOWN)
    return Failure(cause, safe_code(type(error).__name__))
