"""Why an operation of a cloud failed: the causes, and what may be kept of a cloud's own words."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why an operation failed, the same words for every cloud. `diagnosis.py` turns them into sentences."""

    DENIED = "denied"
    EXPLICIT_DENY = "explicit_deny"  # a rule forbids it, so that no grant would help
    NETWORK_RULES = "network_rules"  # refused for where we call from: says nothing of the right itself
    UNKNOWN_KEY = "unknown_key"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - the name of a cause, not a password
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CREDENTIAL_REFUSED = "credential_refused"  # the cloud doesn't say whether it is wrong, expired or for another place
    MALFORMED_CREDENTIAL = "malformed_credential"
    WRONG_REGION = "wrong_region"
    NO_BUCKET = "no_bucket"
    NO_OBJECT = "no_object"
    ALREADY_EXISTS = "already_exists"
    CHANGED = "changed"  # replaced by somebody while it was read in pieces
    ARCHIVED = "archived"
    KMS_DENIED = "kms_denied"
    RETENTION = "retention"  # a policy or a hold keeps objects unchanged, so that no grant would help
    CALLER_PAYS = "caller_pays"  # the bucket bills who calls, and nobody was named who can be billed
    CANNOT_ASSUME_ROLE = "cannot_assume_role"
    NO_PRINCIPAL = "no_principal"  # the platform itself has no AWS identity to assume roles with
    CLOCK_SKEW = "clock_skew"
    REDIRECTED = "redirected"
    ADDRESS_BLOCKED = "address_blocked"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    QUOTA = "quota"  # no room left: says nothing against the right
    SUSPENDED = "suspended"  # the user or the account is blocked as a whole
    NOT_SUPPORTED = "not_supported"  # the storage can't do this, now or later
    HIDDEN = "hidden"  # the cloud answers 403 for a key that may simply not exist
    UNKNOWN = "unknown"


# A detail of HIDDEN: the object that we wrote opened, but the cloud opens it to its writer in any case.
OWN_OBJECT = "own object"

# Trying again may help.
PASSING = frozenset({Cause.THROTTLED, Cause.SERVER_ERROR, Cause.TIMEOUT, Cause.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause with the facts the cloud gave along: never its message text, which may carry anything."""

    cause: Cause
    code: str = ""
    status: int | None = None
    request_id: str = ""
    region: str = ""  # the right one, where the cloud names it
    detail: str = ""  # what else the cloud named, as one of a few words of ours


class StoreError(Exception):
    """Raised by every Store operation that did not succeed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.cause} ({failure.code or failure.status or 'no code'})")
        self.failure = failure


def not_storage(status: int | None = 200) -> StoreError:
    """Success without what only this cloud's storage sends along: some other server answers, and it proves nothing."""
    return StoreError(Failure(Cause.UNKNOWN, "NotStorage", status))


_SAFE_CODE = re.compile(r"[^A-Za-z0-9_.:-]")


def safe_code(code: object, limit: int = 80) -> str:
    """A provider's error code or request id as we may show it: a short word, whatever a hostile server sent."""
    return _SAFE_CODE.sub("", str(code or ""))[:limit]


def safe_name(name: str, limit: int = 300) -> str:
    """An object's name as we may store and show it: no control or half characters, and of bounded length."""
    shown = "".join("\ufffd" if unicodedata.category(letter).startswith("C") else letter for letter in name[:limit])
    return shown if len(name) <= limit else f"{shown}…"


def cause_of_status(status: int | None) -> Cause:
    """What an HTTP status alone tells, for answers that carry no code we know."""
    if status == 429 or status == 503:
        return Cause.THROTTLED
    if status == 501:
        return Cause.NOT_SUPPORTED
    if status == 507:
        return Cause.QUOTA
    if status is not None and status >= 500:
        return Cause.SERVER_ERROR
    if status is not None and 300 <= status < 400 and status != 304:
        return Cause.REDIRECTED
    return Cause.UNKNOWN
