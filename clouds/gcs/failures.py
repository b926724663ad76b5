"""What the errors of Google's SDK mean."""

import google.api_core.exceptions
import google.auth.exceptions
import requests
import urllib3

from clouds.failures import Cause, Failure, StoreError, cause_of_status, safe_code


def failure_of(error: Exception) -> Failure:
    """What an exception of google-cloud-storage, google-auth, requests or urllib3 means."""
    if isinstance(error, google.api_core.exceptions.GoogleAPICallError):
        return _failure_of_call(error)
    if isinstance(error, google.auth.exceptions.RefreshError):
        return _failure_of_refresh(error)
    if isinstance(error, google.auth.exceptions.MalformedError):
        return Failure(Cause.MALFORMED_CREDENTIAL, "MalformedError")
    return Failure(_cause_of_transport(error), safe_code(type(_chain(error)[-1]).__name__))


_REASONS = {
    "retentionPolicyNotMet": Cause.RETENTION,
    "objectUnderActiveHold": Cause.RETENTION,
    "forbidden": Cause.DENIED,
    "insufficientPermissions": Cause.DENIED,
    "accessNotConfigured": Cause.DENIED,
    "accountDisabled": Cause.DENIED,
    "vpcServiceControls": Cause.NETWORK_RULES,
    "SECURITY_POLICY_VIOLATED": Cause.NETWORK_RULES,
    "rateLimitExceeded": Cause.THROTTLED,
    "userRateLimitExceeded": Cause.THROTTLED,
    "quotaExceeded": Cause.THROTTLED,
    "authError": Cause.CREDENTIAL_REFUSED,
}


# The JSON API says `required` for many things, and answers to downloads have no reason at all. The last one is the
# right to bill the project: https://cloud.google.com/storage/docs/requester-pays
_CAUSES_BY_TEXT = {
    "requester pays bucket": Cause.CALLER_PAYS,
    "user project specified in the request is invalid": Cause.CALLER_PAYS,
    "serviceusage.services.use": Cause.CALLER_PAYS,
    # https://cloud.google.com/storage/docs/bucket-lock and …/object-holds: with a reason, or as plain `forbidden`.
    "retention policy": Cause.RETENTION,
    "object retention": Cause.RETENTION,
    "temporary hold": Cause.RETENTION,
    "event-based hold": Cause.RETENTION,
}


def _failure_of_call(error: google.api_core.exceptions.GoogleAPICallError) -> Failure:
    reason = next((str(detail.get("reason", "")) for detail in error.errors if isinstance(detail, dict)), "")
    status = int(error.code) if error.code is not None else None
    message = str(error.message)
    cause = _CAUSES_BY_TEXT.get(next((text for text in _CAUSES_BY_TEXT if text in message.lower()), ""))
    if reason.startswith("userProject"):  # …Missing, …AccessDenied, …AccountProblem
        cause = Cause.CALLER_PAYS
    cause = cause or _REASONS.get(reason)
    if cause is None:
        # Missing bucket and missing object share status and reason; only the text names the bucket.
        missing = Cause.NO_BUCKET if "bucket does not exist" in message else Cause.NO_OBJECT
        by_status = {401: Cause.CREDENTIAL_REFUSED, 403: Cause.DENIED, 404: missing, 412: Cause.ALREADY_EXISTS}
        cause = by_status.get(status or 0) or cause_of_status(status)
    # The answers to downloads are plain text without a reason.
    if cause is Cause.DENIED and "vpcServiceControls" in message:
        cause = Cause.NETWORK_RULES
    if cause is Cause.DENIED and "cloudkms." in message:
        cause = Cause.KMS_DENIED
    headers = getattr(error.response, "headers", None) or {}
    return Failure(cause, safe_code(reason), status, safe_code(headers.get("x-guploader-uploadid"), 24))


def _failure_of_refresh(error: google.auth.exceptions.RefreshError) -> Failure:
    """Google's token endpoint answers RFC 6749 error codes, and says in a text which of its reasons it was."""
    details = next((argument for argument in error.args if isinstance(argument, dict)), {})
    code, text = str(details.get("error", "")), str(details.get("error_description", ""))
    if code == "invalid_grant":
        if "Invalid JWT Signature" in text:
            return Failure(Cause.WRONG_SECRET, code, 400)
        if "account not found" in text:
            return Failure(Cause.UNKNOWN_KEY, code, 400)
        if "reasonable timeframe" in text:
            return Failure(Cause.CLOCK_SKEW, code, 400)
        if "disabled" in text:
            return Failure(Cause.CREDENTIAL_REFUSED, code, 400, detail="disabled")
        return Failure(Cause.CREDENTIAL_REFUSED, code, 400)
    if code in {"disabled_client", "deleted_client", "unauthorized_client", "access_denied"}:
        return Failure(Cause.DENIED, code, 401)
    if error.retryable:
        return Failure(Cause.SERVER_ERROR, safe_code(code))
    return Failure(Cause.CREDENTIAL_REFUSED, safe_code(code))


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it wraps: the SDK's around google-auth's around that of requests, around urllib3's."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) and inner not in chain:
        chain.append(inner)
    return chain


def _cause_of_transport(error: Exception) -> Cause:
    for link in _chain(error):
        if isinstance(link, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
            return Cause.TLS
        if isinstance(link, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError) and not isinstance(
            link,
            urllib3.exceptions.NewConnectionError,  # refused, or no such host: urllib3 calls that a time-out too
        ):
            return Cause.TIMEOUT
        if isinstance(link, requests.exceptions.TooManyRedirects):
            return Cause.REDIRECTED
    broken = requests.exceptions.RequestException | urllib3.exceptions.HTTPError | ConnectionError
    if any(isinstance(link, broken) for link in _chain(error)):
        return Cause.UNREACHABLE
    return Cause.UNKNOWN


class StoreErrors:
    """Turn what the SDK raises into a StoreError."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(
            error,
            google.api_core.exceptions.GoogleAPIError
            | google.auth.exceptions.GoogleAuthError
            | requests.exceptions.RequestException
            | urllib3.exceptions.HTTPError,  # of downloads
        ):
            raise StoreError(failure_of(error)) from None
