"""A store is one opened place in a cloud. Every cloud implements it, and nobody else calls an SDK."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar


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
    missing_key_denial_is_proof: ClassVar[bool]

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
    def read(self, key: str, *, limit: int = 1) -> bytes:
        """The first `limit` bytes of an object. Cause NO_OBJECT when it isn't there."""

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

    @abstractmethod
    def close(self) -> None:
        """Give connections back. A call that still hangs may end with an error."""
