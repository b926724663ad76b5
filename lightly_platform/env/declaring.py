"""How a variable is declared: as a field of a dataclass that carries all that is said about the variable."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from lightly_platform.env import parsers

T = TypeVar("T")
D = TypeVar("D")


class Group(StrEnum):
    """The tables of docs/deploy.md, in their order."""

    SERVER = "Server"
    ADDRESSES = "Addresses and HTTPS"
    STORES = "Keys, database and queue"
    MAIL = "Mail"
    SIGN_ON = "Signing in with a provider"
    CHECKS = "Checks and datasources"
    MONITORING = "Monitoring"
    CLOUDS = "Other addresses of the clouds"


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What is said about a variable. `must` and `example` complete the sentence about a wrong value.

    `shown_default` and `help` are Markdown, for the table in docs/deploy.md. `secret`: the value is never shown.
    """

    name: str
    parse: Callable[[str], object]
    group: Group
    must: str
    example: str
    shown_default: str
    help: str
    secret: bool

    @property
    def name_of_path(self) -> str:
        """The spelling that gives the path of a file with the value in it."""
        return f"{self.name}_FILE"


def declare(
    name: str,
    parse: Callable[[str], T],
    *,
    group: Group,
    default: D,
    shown_default: str,
    must: str,
    example: str,
    help: str,  # noqa: A002 - the word for it
    secret: bool = False,
) -> T | D:
    """One field of Environment, to be annotated with what `parse` gives, or with that and the default's type."""
    variable = Variable(
        name=name,
        parse=parse,
        group=group,
        must=must,
        example=example,
        shown_default=shown_default,
        help=help,
        secret=secret,
    )
    field: Any = dataclasses.field(default=default, metadata={"variable": variable})
    return field  # type: ignore[no-any-return]


def optional(
    name: str,
    parse: Callable[[str], T],
    *,
    group: Group,
    must: str,
    example: str,
    help: str,  # noqa: A002
    secret: bool = False,
) -> T | None:
    """Nothing by default."""
    return declare(
        name,
        parse,
        group=group,
        default=None,
        shown_default="none",
        must=must,
        example=example,
        help=help,
        secret=secret,
    )


def choice(name: str, values: Sequence[str], *, group: Group, help: str) -> str:  # noqa: A002
    """One of these words, by default the first."""
    return declare(
        name,
        parsers.one_of(values),
        group=group,
        default=values[0],
        shown_default=f"`{values[0]}`",
        must=" or ".join(values),
        example=values[-1],
        help=help,
    )


def flag(name: str, *, group: Group, help: str) -> bool:  # noqa: A002
    return declare(
        name,
        parsers.boolean,
        group=group,
        default=False,
        shown_default="`0`",
        must="1 or 0",
        example="1",
        help=help,
    )


def whole(name: str, least: int, most: int, *, group: Group, default: int, example: str, help: str) -> int:  # noqa: A002
    return declare(
        name,
        parsers.whole(least, most),
        group=group,
        default=default,
        shown_default=f"`{default}`",
        must=f"a whole number from {least} to {most}",
        example=example,
        help=help,
    )


def path(
    name: str,
    parse: Callable[[str], Path],
    *,
    must: str,
    example: str,
    shown_default: str = "none",
    help: str,  # noqa: A002
) -> Path | None:
    return declare(
        name,
        parse,
        group=Group.SERVER,
        default=None,
        shown_default=shown_default,
        must=must,
        example=example,
        help=help,
    )


def existing_file(name: str, *, group: Group, shown_default: str = "none", example: str, help: str) -> Path | None:  # noqa: A002
    return declare(
        name,
        parsers.existing_file,
        group=group,
        default=None,
        shown_default=shown_default,
        must="an existing file",
        example=example,
        help=help,
    )


def url(name: str, *, group: Group, shown_default: str = "none", example: str, help: str) -> str | None:  # noqa: A002
    return declare(
        name,
        parsers.endpoint,
        group=group,
        default=None,
        shown_default=shown_default,
        must="an http:// or https:// address without a query",
        example=example,
        help=help,
    )
