"""What the errors of Azure's SDK mean, and what a SAS says of its own time."""

from datetime import UTC, datetime

import azure.core.exceptions

from clouds.azure.config import moment_of
from clouds.failures import Cause, Failure, cause_of_status, safe_code

# https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
CAUSES = {
    "AuthorizationPermissionMismatch": Cause.DENIED,
    "AuthorizationResourceTypeMismatch": Cause.DENIED,
    "AuthorizationServiceMismatch": Cause.DENIED,
    "AuthorizationSourceIPMismatch": Cause.NETWORK_RULES,
    "AuthorizationProtocolMismatch": Cause.DENIED,
    "InsufficientAccountPermissions": Cause.DENIED,
    "PublicAccessNotPermitted": Cause.DENIED,
    # What Azure answers when the account's firewall does not let a caller in. (Azurite: for any bad signature.)
    "AuthorizationFailure": Cause.NETWORK_RULES,
    # The signature is wrong, or made for another container, or expired by the cloud's clock: it does not say which.
    "AuthenticationFailed": Cause.CREDENTIAL_REFUSED,
    "InvalidAuthenticationInfo": Cause.CREDENTIAL_REFUSED,
    "NoAuthenticationInformation": Cause.CREDENTIAL_REFUSED,
    "KeyBasedAuthenticationNotPermitted": Cause.CREDENTIAL_REFUSED,
    "AccountIsDisabled": Cause.DENIED,
    "ContainerNotFound": Cause.NO_BUCKET,
    "ContainerBeingDeleted": Cause.NO_BUCKET,
    "ContainerDisabled": Cause.NO_BUCKET,
    "InvalidResourceName": Cause.NO_BUCKET,
    # Not of a blob, which is BlobNotFound: so no proof that blobs may be read.
    "ResourceNotFound": Cause.NO_BUCKET,
    "BlobNotFound": Cause.NO_OBJECT,
    "BlobAlreadyExists": Cause.ALREADY_EXISTS,
    "ConditionNotMet": Cause.ALREADY_EXISTS,
    # A SAS with `c` but without `w`: creating is allowed, and the blob is there.
    "UnauthorizedBlobOverwrite": Cause.ALREADY_EXISTS,
    "BlobArchived": Cause.ARCHIVED,
    "BlobImmutableDueToPolicy": Cause.RETENTION,
    "BlobImmutableDueToLegalHold": Cause.RETENTION,
    "ServerBusy": Cause.THROTTLED,
    "OperationTimedOut": Cause.THROTTLED,
    "InternalError": Cause.SERVER_ERROR,
}


def failure_of(error: azure.core.exceptions.AzureError) -> Failure:
    """What an Azure exception means. Reads codes and statuses only."""
    cut_short = azure.core.exceptions.IncompleteReadError
    if isinstance(error.inner_exception, cut_short):  # in the middle of a download
        return Failure(Cause.UNREACHABLE, cut_short.__name__)
    if isinstance(error, azure.core.exceptions.HttpResponseError) and not isinstance(error, cut_short):
        raw = getattr(error, "error_code", None)
        code = str(getattr(raw, "value", raw) or "")
        status = error.status_code
        headers = getattr(error.response, "headers", None) or {}
        cause = CAUSES.get(code)
        if cause is None and isinstance(error, azure.core.exceptions.ClientAuthenticationError):
            cause = Cause.CREDENTIAL_REFUSED
        if cause is None and status == 403:
            cause = Cause.DENIED
        return Failure(
            cause or cause_of_status(status), safe_code(code), status, safe_code(headers.get("x-ms-request-id"))
        )
    return Failure(_cause_of_transport(error), safe_code(type(error).__name__))


def _cause_of_transport(error: azure.core.exceptions.AzureError) -> Cause:
    inner = type(getattr(error, "inner_exception", None)).__name__
    if "SSL" in inner or "Certificate" in inner or "SSLError" in str(type(error.__cause__)):
        return Cause.TLS
    if isinstance(
        error, azure.core.exceptions.ServiceResponseTimeoutError | azure.core.exceptions.ServiceRequestTimeoutError
    ):
        return Cause.TIMEOUT
    if isinstance(
        error,
        azure.core.exceptions.ServiceRequestError
        | azure.core.exceptions.ServiceResponseError
        | azure.core.exceptions.IncompleteReadError,
    ):
        return Cause.TIMEOUT if "Timeout" in inner else Cause.UNREACHABLE
    if type(error).__name__ == "AzureSigningError":
        return Cause.MALFORMED_CREDENTIAL
    return Cause.UNKNOWN


def failure_of_time(fields: dict[str, str]) -> Failure | None:
    """What the token itself says of its time. The cloud would answer one and the same code for it and for a forgery."""
    now = datetime.now(UTC)
    end, start = moment_of(fields.get("se", "")), moment_of(fields.get("st", ""))
    if end and end < now:
        return Failure(Cause.EXPIRED, "se")
    if start and start > now:
        return Failure(Cause.NOT_YET_VALID, "st")
    return None
