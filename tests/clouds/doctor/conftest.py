"""What the tests of checks on real servers share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def platform(cloud_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The platform's own AWS identity in the environment, and nothing from the machine this runs on."""
    own = {name: value for name, value in cloud_environment.items() if name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (own | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
            patch.setenv(name, value)
        yield cloud_environment
