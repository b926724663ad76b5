"""One row of the table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.clouds.doctor.scenarios.places import MOST_STORES, PROVIDERS, STORES, AnyCloud, Condition, Place
from tests.clouds.doctor.scenarios.verdicts import Expectation, Verdicts
from tests.servers import Right

MARKERS = {"", ".lightly", ".lightly/"}
"""Objects by which some tools and clouds mark directories: the one that is checked, and our own in it."""


def content_of(name: str) -> bytes:
    return b"" if name in MARKERS or name.startswith("empty") else f"content of {name}".encode()


@dataclass(frozen=True)
class Row:
    name: str
    rights: frozenset[Right]
    input: Verdicts
    lightly: Verdicts
    but: Mapping[str, Expectation] = field(default_factory=dict)
    """By provider."""
    condition: Condition | None = None
    prefix: str = "input/"
    objects: tuple[str, ...] = ("a.jpg", "sub/b.jpg")
    """Keys below the prefix: see `content_of`."""
    deadline: float = 15
    only: tuple[str, ...] = PROVIDERS
    input_too: bool = False
    """Run the Input check as well although it must say no more than the Lightly check's first two verdicts."""
    region: str = ""
    """The right one, which every failure must name."""

    @property
    def empty(self) -> bool:
        return not set(self.objects) - MARKERS

    def expected(self, provider: str) -> Expectation:
        return self.but.get(provider, Expectation(self.input, self.lightly))

    def applies_to(self, provider: str) -> bool:
        """Whether the condition exists there, even if the row is not run there because another provider is alike."""
        return provider in self.only or (provider == "S3DelegatedAccess" and self.only in (STORES, MOST_STORES))


def row(name: str, rights: set[Right] | frozenset[Right], expected: Expectation, **more: Any) -> Row:
    return Row(name, frozenset(rights), expected.input, expected.lightly, **more)


LIST, READ, CREATE, REPLACE, DELETE = Right
# Seconds, for servers that never answer: to anything, or to some of what they are asked.
SHORTEST, SHORT = 0.4, 1.0


@contextlib.contextmanager
def arranged(
    row: Row, cloud: AnyCloud, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    bucket = cloud.make_bucket()
    for name in row.objects:
        cloud.put(bucket, row.prefix + name, content_of(name))
    cloud.put(bucket, "unrelated.txt", b"unrelated")
    with contextlib.ExitStack() as stack:
        config = cloud.grant(bucket, row.prefix, row.rights)
        place = Place(cloud, bucket, row.prefix, config, dict(environment), monkeypatch, stack)
        if row.condition:
            row.condition(place)
        yield place
