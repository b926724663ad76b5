"""What the official client is told when files can't be listed or signed: its error codes, and our words."""

import contextlib
from collections.abc import Iterator

from django.http import Http404

from clouds import Cause
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.failures import PASSING
from clouds.permissions import Verdict, state_of
from contents.listing.errors import (
    CredentialsUnreadableError,
    CursorError,
    CursorProblem,
    ListingError,
    Named,
    NoDatasourceError,
    ReadUrlError,
    RelevantFileError,
    RelevantFileProblem,
    StoreFailedError,
    TokenProblem,
    WrongNameError,
)
from contents.listing.walker import Unreliable, UnreliableServerError
from core.api.errors import ApiError

_OF_CREDENTIALS = frozenset(
    {
        Cause.DENIED,
        Cause.EXPLICIT_DENY,
        Cause.NETWORK_RULES,
        Cause.UNKNOWN_KEY,
        Cause.WRONG_SECRET,
        Cause.EXPIRED,
        Cause.NOT_YET_VALID,
        Cause.CREDENTIAL_REFUSED,
        Cause.MALFORMED_CREDENTIAL,
        Cause.KMS_DENIED,
        Cause.CALLER_PAYS,
        Cause.CANNOT_ASSUME_ROLE,
        Cause.NO_PRINCIPAL,
        Cause.SUSPENDED,
    }
)
_CURSOR_MESSAGES = {
    CursorProblem.UNKNOWN: "This cursor is not from this server. Start the listing again without a cursor.",
    CursorProblem.OTHER_LISTING: "This cursor belongs to another listing. Start again without a cursor.",
    CursorProblem.DATASOURCE_CHANGED: (
        "The datasource has changed since this listing began. Start again without a cursor."
    ),
}
_NAME_MESSAGES = {
    Named.TASK: "taskName: this can't be the name of a prediction task.",
    Named.RELEVANT_FILE: ("relevantFilenamesFileName: must be relative to the Lightly datasource, without ./ or ../"),
    Named.FILE: "The name must be relative to the datasource's root, without ./ or ../ in it.",
}
_TOKEN_ERRORS = {
    TokenProblem.MALFORMED: (
        401,
        "JWT_MALFORMED",
        "The publicToken of this URL is missing or not one of this server.",
    ),
    TokenProblem.OTHER_DATASET: (401, "JWT_INVALID", "The publicToken of this URL is for another dataset."),
    TokenProblem.REVOKED: (
        401,
        "JWT_INVALID",
        "The read URLs of this dataset were revoked. List its files again.",
    ),
    TokenProblem.EXPIRED: (401, "JWT_INVALID", "This URL has expired. Export the files again."),
    TokenProblem.DATASOURCE_REPLACED: (
        404,
        "DATASET_DATASOURCE_UNKNOWN",
        "The datasource was replaced after this URL was created. List its files again.",
    ),
}
_UNRELIABLE_MESSAGES = {
    Unreliable.STUCK: "the storage server says that there are more files, but does not list them",
    Unreliable.DISORDERED: "the storage server does not list the files in order of their names",
}


def malformed(message: str) -> ApiError:
    """422, where others get 400: the client takes 400 on listings for a passing problem and tries for half a minute."""
    return ApiError(422, "MALFORMED_REQUEST", message)


@contextlib.contextmanager
def client_errors() -> Iterator[None]:
    """What goes wrong inside becomes an ApiError, or Http404 where a person lost access."""
    try:
        yield
    except ReadUrlError as error:
        if error.problem is TokenProblem.PERSON_GONE:
            raise Http404 from None
        raise ApiError(*_TOKEN_ERRORS[error.problem]) from None
    except ListingError as error:
        raise _of_listing(error) from None
    except UnreliableServerError as error:
        message = f"{error.place}: {_UNRELIABLE_MESSAGES[error.problem]}, so some of them would be missing."
        raise ApiError(422, "DATASET_DATASOURCE_INVALID", message) from None


def _of_listing(error: ListingError) -> ApiError:
    match error:
        case CursorError():
            return malformed(_CURSOR_MESSAGES[error.problem])
        case WrongNameError():
            return malformed(_NAME_MESSAGES[error.named])
        case NoDatasourceError():
            message = f"The dataset has no {error.purpose} datasource. Configure one first."
            return ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message)
        case CredentialsUnreadableError():
            return ApiError(422, "DATASET_DATASOURCE_INVALID", f"{UNREADABLE.tried} {UNREADABLE.fix}")
        case RelevantFileError():
            return _of_relevant_file(error)
        case StoreFailedError():
            return _of_store(error)
    raise error


def _of_relevant_file(error: RelevantFileError) -> ApiError:
    if error.problem is RelevantFileProblem.TOO_LARGE:
        message = f"{error.place}: more than {error.limit // 1024**2} MB."
        return ApiError(422, "DATASET_DATASOURCE_FILE_TOO_LARGE", message)
    if error.problem is RelevantFileProblem.BUSY:
        words = f"{error.place} waits until other large files are read. Try again in 10 s."
        return ApiError(503, "ILLEGAL_ACTION_RESOURCE_IN_USE", words, retry_after=10)
    detail = "This file does not exist." if error.problem is RelevantFileProblem.MISSING else error.detail
    return ApiError(422, "DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID", f"{error.place}: {detail}")


def _of_store(error: StoreFailedError) -> ApiError:
    failure, config = error.failure, error.config
    verdict = Verdict(state_of(failure), failure=failure, key=config.prefix)
    words = diagnose(error.permission, verdict, config, error.seconds)
    message = f"{error.purpose} datasource {config.path}: {words.summary}. {words.cause} {words.fix}"
    if failure.cause in PASSING:  # the client tries for half a minute when it gets a 503
        return ApiError(503, "DATASET_DATASOURCE_INVALID", message)
    if failure.cause in _OF_CREDENTIALS:
        return ApiError(403, "DATASET_DATASOURCE_CREDENTIALS_ERROR", message)
    return ApiError(422, "DATASET_DATASOURCE_INVALID", message)
