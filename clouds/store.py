"""A store is one opened place in a cloud. Every cloud implements it, and nobody else calls an SDK."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from clouds.failures import Cause, Failure, StoreError

# What a stream reads at once, and holds in memory.
CHUNK_BYTES = 4 * 1024 * 1024


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
class Piece:
    """A part of an object's bytes. `version` tells whether two pieces are of one and the same content, if not empty."""

    data: bytes
    version: str = ""


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
        """Up to `limit` object names that start with `prefix`."""

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
        """A URL good for this method (GET, HEAD, PUT) on this object, which need not exist. Makes no request.

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
    def delete(self, key: str) -> None:
        """Remove an object. Clouds differ in whether a missing one is an error (cause NO_OBJECT)."""

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

    @abstractmethod
    def close(self) -> None:
        """Give connections back. A call that still hangs may end with an error."""


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
