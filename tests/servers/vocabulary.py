"""The words every test server shares, so that one scenario suite can be run over all five providers."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Protocol, TypedDict, runtime_checkable

from tests.servers.gate import Exchange

# A datasource configuration in the spelling of the REST API, without its `purpose`.
Config = dict[str, str]


class Right(StrEnum):
    """What a principal may do below a prefix. REPLACE means: put something where something already is."""

    LIST = "list"
    READ = "read"
    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"


ALL_RIGHTS = frozenset(Right)
# What a Lightly datasource needs: everything but DELETE.
WORKING_RIGHTS = ALL_RIGHTS - {Right.DELETE}


class Trouble(StrEnum):
    """How a bucket can misbehave although the caller did everything right."""

    THROTTLED = "throttled"
    SERVER_ERROR = "server error"
    SILENT = "silent"
    """Takes the request and never answers."""
    RESET = "reset"
    """Takes the request and closes the connection without an answer."""


class Conditions(TypedDict, total=False):
    """What else can be special about a fresh principal. A provider refuses the ones it does not know."""

    expired: bool


@runtime_checkable
class Cloud(Protocol):
    """One provider's storage, run by the tests on 127.0.0.1."""

    provider: str

    @property
    def requests(self) -> list[Exchange]:
        """What reached this cloud so far as (method, path with query, status), except the operator's own calls.

        `requests.clear()` forgets it.
        """

    @property
    def address(self) -> str:
        """`host:port` which product code talks to."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def environment(self, address: str | None = None) -> dict[str, str]:
        """The variables a product process needs to reach this cloud; `address` puts a fault proxy in between."""

    def make_bucket(self) -> str:
        """Name of a new, empty bucket or container."""

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Store an object as the operator, past all rights."""

    def keys(self, bucket: str) -> list[str]:
        """Every key in the bucket, sorted, as the operator sees it."""

    def grant(self, bucket: str, prefix: str, rights: Collection[Right], *, expired: bool = False) -> Config:
        """A config for a fresh principal with exactly these rights below `prefix`; its path is bucket/prefix."""

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        """Let every request for this bucket (except the operator's) go wrong; None heals it."""

    def with_wrong_secret(self, config: Config) -> Config: ...

    def with_unknown_key(self, config: Config) -> Config: ...

    def with_missing_bucket(self, config: Config) -> Config: ...

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        """The same principal looking elsewhere."""

    def expired(self, config: Config) -> Config:
        """The same principal after its time has run out; the given config may stop working as well."""

    def at_address(self, config: Config, address: str) -> Config:
        """The config with its own endpoint aimed elsewhere; unchanged where the endpoint is the environment's."""
