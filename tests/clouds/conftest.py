"""Places in the clouds of the tests, for whoever opens stores there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator

import pytest

from tests.clouds.doctor.scenarios import AnyCloud, Place
from tests.servers import ALL_RIGHTS, Right

MakePlace = Callable[..., Place]


@pytest.fixture
def make_place(
    clouds: dict[str, AnyCloud], cloud_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakePlace]:
    """Makes a new bucket of a provider, with a config for somebody who has these rights below `input/`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, cloud_environment[name])
    with contextlib.ExitStack() as stack:

        def make(provider: str, rights: Collection[Right] = ALL_RIGHTS) -> Place:
            cloud = clouds[provider]
            bucket = cloud.make_bucket()
            config = cloud.grant(bucket, "input/", rights)
            return Place(cloud, bucket, "input/", config, dict(cloud_environment), monkeypatch, stack)

        yield make
