"""The four permissions a datasource may need, and what is known of each."""

from dataclasses import dataclass
from enum import StrEnum

from clouds.failures import Cause, Failure


class Permission(StrEnum):
    LIST = "list"
    READ = "read"
    WRITE = "write"
    OVERWRITE = "overwrite"


class State(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


ALL = frozenset(Permission)
READ_ONLY = frozenset({Permission.LIST, Permission.READ})

# These say nothing about the permission: trying again, or from elsewhere, may well succeed.
NO_PROOF = {
    Cause.NETWORK_RULES,
    Cause.TIMEOUT,
    Cause.UNREACHABLE,
    Cause.TLS,
    Cause.THROTTLED,
    Cause.SERVER_ERROR,
    Cause.CLOCK_SKEW,
    Cause.HIDDEN,
    Cause.NO_OBJECT,
    Cause.CHANGED,
    Cause.NO_PRINCIPAL,
    Cause.NOT_SUPPORTED,
    Cause.ARCHIVED,
    Cause.UNKNOWN,
}


@dataclass(frozen=True)
class Evidence:
    """What a permission that is granted was seen to do, so that people need not believe a green bulb."""

    objects: int = 0  # list: how many names were found, without directory markers and the platform's own test file
    more: bool = False  # list: there may be more names than that
    first: str = ""  # list: the first of them, below the path
    missing: bool = False  # read: no file was there, and the cloud said so, which it tells only to those who may read
    existed: bool = False  # write: the test file was there already
    removed: bool = False  # write: the test file was deleted again


@dataclass(frozen=True)
class Verdict:
    """What is known of one permission. `milliseconds` is None for what was not tried or did not finish."""

    state: State
    milliseconds: int | None = None
    failure: Failure | None = None
    key: str = ""  # the object or prefix that was tried
    evidence: Evidence = Evidence()


def state_of(failure: Failure) -> State:
    return State.UNKNOWN if failure.cause in NO_PROOF else State.DENIED
