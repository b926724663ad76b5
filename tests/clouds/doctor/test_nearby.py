"""What is suggested where nothing lies under a path: the nearest names there are."""

from __future__ import annotations

import pytest

from clouds import Endpoints, parse_config
from clouds.doctor.probe import Report, probe
from clouds.permissions import READ_ONLY, Permission, State
from tests.clouds.doctor.scenarios import PROVIDERS, AnyCloud, endpoints_of
from tests.servers import Right

LIST, READ, _CREATE, _REPLACE, _DELETE = Right


@pytest.fixture
def endpoints(cloud_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, cloud_environment[name])
    return endpoints_of(cloud_environment)


def states(report: Report) -> dict[Permission, State]:
    return {permission: verdict.state for permission, verdict in report.verdicts.items()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_names_near_a_typo_are_suggested(provider: str, clouds: dict[str, AnyCloud], endpoints: Endpoints) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    for key in ("input/a.jpg", "inputs 2/ü/a.jpg", "unlike/a.jpg", "input.jpg", "data/Bilder ü/a.jpg", "data/x/a.jpg"):
        cloud.put(bucket, key, b"1")
    everywhere = cloud.grant(bucket, "", {LIST, READ})

    def similar(prefix: str) -> tuple[tuple[str, ...], bool]:
        report = probe(parse_config(cloud.with_path(everywhere, bucket, prefix), endpoints), READ_ONLY, endpoints, 15)
        assert states(report)[Permission.LIST] is State.GRANTED
        return report.similar, report.empty

    assert similar("inptu/") == (("input/", "inputs 2/"), True)
    assert similar("inputs/") == (("input/", "inputs 2/"), True)
    assert similar("data/Bilder/") == (("data/Bilder ü/",), True)
    assert similar("dat/Bilder ü/") == (("data/Bilder ü/",), True)
    assert similar("dat/Bilder/") == (("data/Bilder ü/",), True)  # two typos
    assert similar("dat/nothing like it/") == (("data/",), True)
    assert similar("input/nothing like it/") == ((), True)
    assert similar("input/a.jpg/") == (("input/",), True)  # a file
    assert similar("input.jpg/") == (("",), True)  # a file in the bucket's root
    assert similar("quite-else/") == ((), True)
    assert similar("input/") == ((), False)
    assert similar("") == ((), False)


@pytest.mark.parametrize("provider", [provider for provider in PROVIDERS if provider != "AZURE"])
def test_nothing_is_suggested_where_the_parent_is_none_of_our_business(
    provider: str, clouds: dict[str, AnyCloud], endpoints: Endpoints
) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    cloud.put(bucket, "input/a.jpg", b"1")
    report = probe(parse_config(cloud.grant(bucket, "inptu/", {LIST, READ}), endpoints), READ_ONLY, endpoints, 15)
    assert states(report)[Permission.LIST] is State.GRANTED
    assert (report.similar, report.empty) == ((), True)
