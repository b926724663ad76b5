"""A store is one opened place in a cloud. Every cloud implements it, and nobody else calls an SDK."""

import base64
import hashlib
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from clouds.failures import Cause, Failure, StoreError

# What a stream reads at once, and holds in memory.
CHUNK_BYTES = 4 * 1024 * 1024
# Of an object that is written in parts. S3 wants 5 MiB, and its patient calls may take 40 s for one; Google puts 1,024
# together at most, which makes 32 GiB.
PART_BYTES = 32 * 1024 * 1024


class TimeLimit(Protocol):
    """How long the calls of a store may take."""

    def timeout(self) -> float:
        """Seconds that a call which begins now may wait for the cloud. Never 0, which some SDKs read as no limit."""


class CallLimit:
    """The same time for every call."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def timeout(self) -> float:
        return self.seconds


class Deadline:
    """One moment by which everything must be over. Seconds, monotonic."""

    def __init__(self, seconds: float) -> None:
        self.begin_anew(seconds)

    def begin_anew(self, seconds: float) -> None:
        """For a store that is used again: it keeps the object with which it was opened."""
        self.seconds = seconds
        self.ends_at = time.monotonic() + seconds

    def remaining(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())

    @property
    def over(self) -> bool:
        return self.remaining() == 0.0

    def timeout(self) -> float:
        return max(0.05, self.remaining())


@dataclass(frozen=True, slots=True)
class Entry:
    """An object that a listing found. `modified` is Unix time in whole seconds, `size` bytes.

    `directory`: the cloud says that it stands for a directory and is no file, whatever its name.
    `version`: differs when the content does; empty where the cloud tells nothing of the kind.
    `digest`: two objects of one size whose digests are equal have the same content. Empty: the cloud does not tell.
    `storage_class`: as the cloud calls it; empty for its usual one. `archived`: it can't be read without a restore.
    """

    key: str
    modified: int
    size: int
    directory: bool = False
    version: str = ""
    digest: str = ""
    storage_class: str = ""
    archived: bool = False

    def named(self, key: str) -> "Entry":
        """The same under this key. A listing needs a thousand per page, for which dataclasses.replace takes long."""
        return Entry(
            key,
            self.modified,
            self.size,
            self.directory,
            self.version,
            self.digest,
            self.storage_class,
            self.archived,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a listing. `more`: the cloud has further objects after the last of these."""

    entries: list[Entry]
    more: bool
    starts_at_front: bool = False  # the server was asked to begin after a name, and ignored it


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an object's bytes. `version` tells whether two pieces are of one and the same content, if not empty."""

    data: bytes
    version: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What a cloud tells of an object without sending it. `size` in bytes, `version` as of Piece.

    `expires`: when a rule of the bucket deletes it, in Unix seconds; 0 if none does, or the cloud does not tell.
    `content_type` is what who wrote it said, in small letters and without parameters. `metadata`: by names in small
    letters; what else was written along with the object.
    """

    size: int
    content_type: str
    version: str
    metadata: Mapping[str, str]
    expires: int = 0


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


# What buckets whose versioning is suspended call the only version they keep.
UNVERSIONED = "null"


class Written:
    """The versions a store has written of each key, as its cloud names them.

    Without care, every write and every removal of a check would stay for ever in a bucket that keeps versions.
    """

    def __init__(self) -> None:
        self._versions: dict[str, list[str]] = {}

    def note(self, key: str, version: object) -> None:
        """`version` is empty where the bucket keeps none."""
        if version:
            self._versions.setdefault(key, []).append(str(version))

    def taken(self, key: str) -> list[str]:
        """Those of this key, the newest first. They are forgotten."""
        return self._versions.pop(key, [])[::-1]

    def erase(self, key: str, remove: Callable[[], object], remove_version: Callable[[str], object]) -> None:
        """Remove exactly these versions, so that no delete marker comes on top. A plain removal where there are none.

        Raises StoreError. Whoever may not remove versions leaves the object in sight: the next check uses it again, and
        adds one version, where a removal would cost three.
        """
        versions = self.taken(key)
        if not versions:
            remove()
        for version in versions:
            try:
                remove_version(version)
            except StoreError as error:
                if error.failure.cause is Cause.NO_OBJECT:  # another check of the same path was faster
                    continue
                if version != UNVERSIONED:
                    raise
                remove()


class Store(ABC):
    """One opened place in a cloud. Keys are full object names in the bucket. Every method raises StoreError."""

    # Whether 403 for a missing key proves that reading is not allowed (else such clouds hide missing keys behind 403).
    missing_key_denial_is_proof: bool

    def missing_is_proof(self, failure: Failure) -> bool:
        """Whether this answer for a missing key (cause NO_OBJECT) proves that reading is allowed. May make a call."""
        return True

    def is_owner(self, key: str) -> bool:
        """Whether we may read this object for having written it, so that it proves nothing. May make calls."""
        return False

    @abstractmethod
    def keys(self, prefix: str, *, limit: int) -> list[str]:
        """Up to `limit` object names that start with `prefix`, but for those of directories where the cloud tells."""

    @abstractmethod
    def folders(self, prefix: str, *, limit: int) -> list[str]:
        """Names of up to `limit` directories directly below `prefix`, each with its trailing slash."""

    @abstractmethod
    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        """Up to `limit` (1 to 1000) objects whose names start with `prefix` and come after `after`, in order of names.

        `after` is empty or starts with `prefix`; no such object needs to exist. A page that says `more` is never empty.
        """

    @abstractmethod
    def in_plain_order(self) -> bool:
        """Whether names are listed in the order of their characters, so that ranges of names can be listed apart."""

    @abstractmethod
    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        """A URL good for this method (GET, HEAD, PUT) on this object, which need not exist.

        Makes no request. Only of Google's buckets it is asked once who pays, because the URL must name the payer.

        It lives for `seconds`, but not longer than the credential it was signed with.
        """

    @abstractmethod
    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        """The `length` bytes (at least 1) of an object from byte `start` on, as they are stored; fewer where it ends.

        Behind its end there are none. Cause NO_OBJECT when it isn't there, and CHANGED when a `version` is given and it
        has another one by now.
        """

    @abstractmethod
    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet. Cause ALREADY_EXISTS when it does."""

    @abstractmethod
    def replace(self, key: str, data: bytes) -> None:
        """Write an object over an existing one. Cause NO_OBJECT where the cloud can tell that it is gone."""

    @abstractmethod
    def head(self, key: str) -> Head:
        """What is known of an object. Causes as of `read_range`; where the cloud says only 404, NO_OBJECT.

        Takes the right to read it.
        """

    @abstractmethod
    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        """Write an object, whether one is there or not.

        Names of `metadata` are small letters and digits, which all clouds take; values are visible ASCII.
        """

    @abstractmethod
    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        """Begin to write an object in parts, because it is too large for one `write`. Returns what names the upload.

        `beside`: below this prefix lie the parts where a cloud has no such uploads. They stay: remove them afterwards.
        """

    @abstractmethod
    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        """Part `number` (from 1) of it, PART_BYTES long but for the last one. Returns what `end_parts` needs of it.

        A part that is written again replaces the first one.
        """

    @abstractmethod
    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        """Make the object of its parts: what `write_part` returned, in order. It replaces what was there."""

    @abstractmethod
    def drop_parts(self, key: str, upload: str) -> None:
        """Give an upload up, where the cloud would keep its parts. For that, S3 wants s3:AbortMultipartUpload."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object. Clouds differ in whether a missing one is an error (cause NO_OBJECT)."""

    def erase(self, key: str) -> None:
        """Remove an object that this store has written, and of its versions those that this store has written."""
        self.delete(key)

    @abstractmethod
    def cors_rules(self) -> list[CorsRule]:
        """The rules by which the bucket lets pages of other sites read. Needs a right of its own, seldom given."""

    @abstractmethod
    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        """Ask, as a browser at `origin` would and with no credential, whether a script may GET this object.

        It need not exist. Redirects are answers, not orders.
        """

    def stream(self, key: str) -> Iterator[bytes]:
        """The whole object in chunks of CHUNK_BYTES, the last one shorter. Causes as of `read_range`, at any chunk.

        Each is a ranged read of its own. So no connection waits while a chunk is worked on, and a connection that
        breaks costs one chunk, which a patient store reads again.
        """
        start, version = 0, ""
        while True:
            piece = self.read_range(key, start, CHUNK_BYTES, version=version)
            if piece.data:
                yield piece.data
            if len(piece.data) < CHUNK_BYTES:
                return
            start, version = start + len(piece.data), piece.version

    checks_may_keep = False
    """Whether a later check may use this store: each call asks the cloud anew what is allowed, and `confirm` tells
    whether the session is still given. A store that finds out its rights when it is opened would show an old green."""

    def confirm(self) -> None:  # noqa: B027 - most stores work without a session
        """Ask the cloud once more for the session (a role's, a token) with which this store works, if there is one.

        So that a check over a session from before tells of a credential that nobody is given a session for any more.
        Raises StoreError.
        """

    @abstractmethod
    def close(self) -> None:
        """Give connections back. A call that still hangs may end with an error."""


def content_md5(data: bytes) -> str:
    """The header Content-MD5 of an upload.

    Buckets with Object Lock (S3, WORM of OBS) take no object without a checksum. All servers know this oldest one.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def bare_type(content_type: str | None) -> str:
    """Without parameters, in small letters: `image/jpeg`."""
    return (content_type or "").partition(";")[0].strip().lower()


def small_names(metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """Servers and SDKs write the names of headers with capitals or without."""
    return {str(name).lower(): str(value) for name, value in (metadata or {}).items()}


_EXPIRY = re.compile(r'expiry-date="([^"]+)"')


def expiry_in(header: str | None) -> int:
    """Unix seconds, of `x-amz-expiration` and `x-obs-expiration`: `expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", …`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    found = _EXPIRY.search(header or "")
    try:
        return int(parsedate_to_datetime(found.group(1)).timestamp()) if found else 0
    except ValueError:
        return 0


def missing_without_words(error: StoreError) -> StoreError:
    """Answers to HEAD have no body, so no code: 404 means that the object is not there, or its bucket."""
    if error.failure.status == 404 and error.failure.cause is Cause.UNKNOWN:
        return StoreError(replace(error.failure, cause=Cause.NO_OBJECT))
    return error


def is_missing(store: Store, key: str, failure: Failure) -> bool:
    """Whether an object can't be read because it is not there. Call it with the failure of having tried.

    S3 denies what is missing to whoever may not list there. Some servers, such as Ceph's, do so too to those who may
    list the object's folder and not the whole bucket. To these a listing tells.
    """
    if failure.cause is Cause.NO_OBJECT:
        return True
    if failure.cause not in {Cause.DENIED, Cause.EXPLICIT_DENY, Cause.HIDDEN}:
        return False
    try:
        return key not in store.keys(key, limit=1)
    except StoreError:
        return False  # who may not list learns what the first answer was


def piece_of_refusal(error: StoreError) -> Piece:
    """What a refused ranged read stands for: nothing where the object has ended. Else raises why it was refused."""
    if error.failure.status == 416:
        return Piece(b"")
    if error.failure.status == 412:
        raise StoreError(replace(error.failure, cause=Cause.CHANGED)) from None
    raise error


def whole_piece(data: bytes, *, expected: int, version: str = "") -> Piece:
    """A piece that has all the bytes the answer announced. Raises UNREACHABLE where the connection broke before."""
    if len(data) < expected:
        raise StoreError(Failure(Cause.UNREACHABLE, "IncompleteRead"))
    return Piece(data, version)
