"""What every cloud has in common: the declaration of a datasource's fields, the Store, and the causes of failure.

Plain Python: nothing here or in the files beside it knows Django, Celery or a database.
"""

import re
import time
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Protocol, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

# A path segment of a bucket: no control characters, which no console shows and no client can type.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
    ARCHIVED = "archived"
    KMS_DENIED = "kms_denied"
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
    HIDDEN = "hidden"  # the cloud answers 403 for a key that may simply not exist
    UNKNOWN = "unknown"


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
    if status is not None and status >= 500:
        return Cause.SERVER_ERROR
    if status is not None and 300 <= status < 400 and status != 304:
        return Cause.REDIRECTED
    return Cause.UNKNOWN


class Deadline:
    """One moment by which everything must be over. Seconds, monotonic."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends_at = time.monotonic() + seconds

    def remaining(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())

    @property
    def over(self) -> bool:
        return self.remaining() == 0.0

    def timeout(self) -> float:
        """Seconds for a network call: the rest of the time, and never 0, which some SDKs read as 'no limit'."""
        return max(0.05, self.remaining())


@dataclass(frozen=True)
class Endpoints:
    """Where the clouds are, when not at their public addresses, and which private hosts a user may name."""

    s3: str | None = None
    sts: str | None = None
    azure: str | None = None  # a template with {account}
    gcs: str | None = None
    gcs_token: str | None = None
    gcs_certs: str | None = None
    allowed_private_hosts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Entry:
    """An object that a listing found. `modified` is Unix time in whole seconds, `size` bytes."""

    key: str
    modified: int
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a listing. `more`: the cloud has further objects after the last of these."""

    entries: list[Entry]
    more: bool
    starts_at_front: bool = False  # the server was asked to begin after a name, and ignored it


@dataclass(frozen=True, slots=True)
class CorsRule:
    """A rule of a bucket: pages at these origins may use these methods. One `*` in an origin stands for anything."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a cloud answered to the question a browser asks before the real request (OPTIONS)."""

    status: int
    code: str = ""
    origin: str = ""  # Access-Control-Allow-Origin
    methods: str = ""  # Access-Control-Allow-Methods


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a credential ends, and the field it was entered in. `moment` has a time zone."""

    moment: datetime
    field: str


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a cloud publishes of a key: when it was made, and when it ends (None: never)."""

    made: datetime
    ends: datetime | None


class Store(Protocol):
    """One opened place in a cloud. Keys are full object names in the bucket. Every method raises StoreError."""

    # Whether 403 for a missing key proves that reading is not allowed (else such clouds hide missing keys behind 403).
    missing_key_denial_is_proof: ClassVar[bool]

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        """Up to `limit` object names that start with `prefix`."""

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        """Names of up to `limit` directories directly below `prefix`, each with its trailing slash."""

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        """Up to `limit` (1 to 1000) objects whose names start with `prefix` and come after `after`, in order of names.

        `after` is empty or starts with `prefix`; no such object needs to exist. A page that says `more` is never empty.
        """

    def in_plain_order(self) -> bool:
        """Whether names are listed in the order of their characters, so that ranges of names can be listed apart."""

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        """A URL good for this method (GET, HEAD, PUT) on this object, which need not exist. Makes no request.

        It lives for `seconds`, but not longer than the credential it was signed with.
        """

    def read(self, key: str, *, limit: int = 1) -> bytes:
        """The first `limit` bytes of an object. Cause NO_OBJECT when it isn't there."""

    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet. Cause ALREADY_EXISTS when it does."""

    def replace(self, key: str, data: bytes) -> None:
        """Write an object over an existing one. Cause NO_OBJECT where the cloud can tell that it is gone."""

    def delete(self, key: str) -> None: ...

    def cors_rules(self) -> list[CorsRule]:
        """The rules by which the bucket lets pages of other sites read. Needs a right of its own, seldom given."""

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        """Ask, as a browser at `origin` would and with no credential, whether a script may GET this object.

        It need not exist. Redirects are answers, not orders.
        """

    def close(self) -> None:
        """Give connections back. A call that still hangs may end with an error."""


class CloudConfig(BaseModel, ABC):
    """A datasource's fields, declared once: form, REST schema, validation and docs are derived from this.

    Per field, `title` is the label, `description` the help, `examples[0]` the example shown in errors, and
    `json_schema_extra` says `where` people find or make the value (console, then command; `code` in backticks), and may
    say `binds_secret` (changing it needs the secret again), `multiline`, `from_team` (the field begins with what the
    team has under the same name).
    A `SecretStr` is write-only everywhere.
    """

    model_config = ConfigDict(
        populate_by_name=True, extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )

    provider_label: ClassVar[str]
    provider_short: ClassVar[str]
    credential_label: ClassVar[str] = "Access key"  # what can end, as people call it
    lifetime_note: ClassVar[str] = ""  # what is to be said of its end besides a date
    scheme: ClassVar[str] = ""  # "s3" for s3://bucket/path/; empty where paths carry none

    type: str
    path: str = Field(alias="fullPath")

    @property
    def bucket(self) -> str:
        return self._split()[0]

    @property
    def prefix(self) -> str:
        """The directory inside the bucket: empty for its root, otherwise ending in a slash."""
        return self._split()[1]

    def _split(self) -> tuple[str, str]:
        bucket, _, prefix = self.path.removeprefix(f"{self.scheme}://").partition("/")
        return bucket, prefix

    def display_key(self, key: str) -> str:
        """A key of this bucket as a user writes it."""
        scheme = f"{self.scheme}://" if self.scheme else ""
        return f"{scheme}{self.bucket}/{key}"

    @abstractmethod
    def open(self, endpoints: Endpoints, deadline: Deadline) -> Store:
        """Connect. May call the cloud (tokens, roles); raises StoreError, also for credentials that can't be used."""

    @property
    def principal(self) -> str:
        """Who this is to the cloud (access key id, role, service account): not secret, helps people to find it."""
        return ""

    def expiry(self) -> Expiry | None:
        """When the credential ends, as far as it says so itself. Makes no call."""
        return None

    def unusable(self, now: datetime) -> dict[str, str]:
        """Why this can't work whatever the cloud says, by field. Asked when people save, never of what is stored."""
        return {}

    def key_facts(self, endpoints: Endpoints, deadline: Deadline) -> KeyFacts | None:
        """What the cloud publishes of the key, None if it doesn't. Makes a call; raises StoreError."""
        return None

    @classmethod
    def fields(cls) -> dict[str, FieldInfo]:
        """All fields but the type, in the order people fill them in: what may stay empty comes last."""
        named = [(name, info) for name, info in cls.model_fields.items() if name != "type"]
        return dict(sorted(named, key=lambda field: not field[1].is_required()))

    @classmethod
    def help_anchor(cls) -> str:
        """The anchor of this cloud's heading on the pages made from the declarations."""
        return re.sub(r"[^a-z0-9]+", "-", cls.provider_label.lower()).strip("-")

    @classmethod
    def secret_fields(cls) -> list[str]:
        return [name for name, info in cls.fields().items() if info.annotation is SecretStr]

    def target(self) -> dict[str, str]:
        """What a stored secret was given for. If any of it changes, the secret must be entered again."""
        bound = {name: str(getattr(self, name)) for name, info in self.fields().items() if extra(info, "binds_secret")}
        return {"type": self.type, "bucket": self.bucket, **bound}

    def revealed(self) -> dict[str, Any]:
        """All fields with secrets in clear, keyed as the REST API spells them. For encryption only."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            (type(self).model_fields[name].alias or name): (
                value.get_secret_value() if isinstance(value, SecretStr) else value
            )
            for name, value in values.items()
            if value is not None
        }

    def with_secrets_of(self, other: Self) -> Self:
        return self.model_copy(update={name: getattr(other, name) for name in self.secret_fields()})


def _one_word(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("The value is missing.")
    if not text.isprintable() or " " in text:
        raise ValueError("There is a space or a line break inside. Copy the value anew, alone and whole.")
    return SecretStr(text)


# A write-only credential that is one word, however it was copied.
SecretWord = Annotated[SecretStr, AfterValidator(_one_word)]


def extra(info: FieldInfo, name: str) -> Any:
    return info.json_schema_extra.get(name) if isinstance(info.json_schema_extra, dict) else None


def normalise_path(value: str, *, scheme: str, bucket_pattern: re.Pattern[str], example: str) -> str:
    """`scheme://bucket/some/dir/` from what a person typed. Raises ValueError with a sentence and an example."""

    def wrong(what: str) -> ValueError:
        return ValueError(f"{what} For example: {example}")

    text = value.strip()
    if not text:
        raise wrong("The path is missing.")
    if _CONTROL.search(text):
        raise wrong("The path contains a line break or another control character.")
    found_scheme, separator, rest = text.partition("://")
    if scheme:
        if not separator:
            raise wrong(f"The path must start with {scheme}://.")
        if found_scheme != scheme:
            raise wrong(f"The path must start with {scheme}://, not {found_scheme}://.")
    elif separator:
        raise wrong("Give the container and the path in it, not an address.")
    else:
        rest = text
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise wrong("The name of the bucket is missing." if scheme else "The name of the container is missing.")
    if not bucket_pattern.fullmatch(bucket):
        raise wrong(f"{bucket!r} can't be the name of a {'bucket' if scheme else 'container'}.")
    key = key.removesuffix("/")
    segments = key.split("/") if key else []
    if any(segment in {".", ".."} for segment in segments):
        raise wrong("The path must not contain '.' or '..' as a directory.")
    if any(not segment.strip() for segment in segments):
        raise wrong("The path contains an empty directory name (two slashes in a row).")
    prefix = f"{scheme}://" if scheme else ""
    return "/".join([f"{prefix}{bucket}", *segments]) + "/"


def directory_names(prefix: str, keys: Iterable[str]) -> list[str]:
    """The directories directly below `prefix` in which these keys lie, without doubles, in order."""
    names = (key.removeprefix(prefix).split("/", 1) for key in keys)
    return list(dict.fromkeys(f"{parts[0]}/" for parts in names if len(parts) == 2))
