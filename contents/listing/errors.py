"""Why files can't be listed or signed, as plain data. The words and codes for clients are made in `contents.api`."""

from enum import StrEnum

from clouds import CloudConfig, Failure
from clouds.permissions import Permission


class ListingError(Exception):
    """What every error of this folder is, but for the ones a walk through a store raises itself (`walker`)."""


class CursorProblem(StrEnum):
    UNKNOWN = "unknown"  # not one that this server gave out
    OTHER_LISTING = "other listing"  # of another person, dataset, kind or task
    DATASOURCE_CHANGED = "datasource changed"


class CursorError(ListingError):
    def __init__(self, problem: CursorProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class Named(StrEnum):
    """What a name is for."""

    TASK = "task"
    RELEVANT_FILE = "relevant filenames file"
    FILE = "file"


class WrongNameError(ListingError):
    """A name that can't be one."""

    def __init__(self, named: Named) -> None:
        super().__init__(named)
        self.named = named


class NoDatasourceError(ListingError):
    """`purpose` is the label of the one that is missing."""

    def __init__(self, purpose: str) -> None:
        super().__init__(purpose)
        self.purpose = purpose


class CredentialsUnreadableError(ListingError):
    """The stored config can't be decrypted, or no longer fits its declaration."""


class StoreFailedError(ListingError):
    """The cloud refused, or did not answer within `seconds`. `purpose` is the datasource's label."""

    def __init__(
        self, failure: Failure, *, permission: Permission, purpose: str, config: CloudConfig, seconds: float
    ) -> None:
        super().__init__(failure.cause)
        self.failure = failure
        self.permission = permission
        self.purpose = purpose
        self.config = config
        self.seconds = seconds


class RelevantFileProblem(StrEnum):
    MISSING = "missing"
    TOO_LARGE = "too large"
    WRONG = "wrong"
    BUSY = "busy"  # others are read first


class RelevantFileError(ListingError):
    """`place` is the file as a person writes it; `detail` says what is wrong in it; `limit` is in bytes."""

    def __init__(self, problem: RelevantFileProblem, place: str, *, detail: str = "", limit: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.detail = detail
        self.limit = limit


class TokenProblem(StrEnum):
    MALFORMED = "malformed"
    OTHER_DATASET = "other dataset"
    PERSON_GONE = "person gone"
    REVOKED = "revoked"
    EXPIRED = "expired"
    DATASOURCE_REPLACED = "datasource replaced"


class ReadUrlError(ListingError):
    """The public token of one of this server's read URLs opens nothing."""

    def __init__(self, problem: TokenProblem) -> None:
        super().__init__(problem)
        self.problem = problem
