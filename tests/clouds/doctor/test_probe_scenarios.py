"""Every row of `scenarios.TABLE` on real servers, and what must hold of every run whatever its verdicts."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from clouds import Cause, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.probe import PROBE_KEY, Report, probe
from clouds.permissions import ALL, READ_ONLY, Permission, State
from clouds.s3 import store as s3
from tests.clouds.doctor.scenarios import PROVIDERS, TABLE, YES, AnyCloud, Expected, Place, Row, content_of, is_write
from tests.servers import Exchange, Right

CASES = [(provider, row) for row in TABLE for provider in row.only]
IDS = [f"{provider}: {row.name}" for provider, row in CASES]
NEEDS = {"INPUT": READ_ONLY, "LIGHTLY": ALL}


def test_the_table_is_long_enough() -> None:
    assert all(sum(provider in row.only for row in TABLE) >= 12 for provider in PROVIDERS)
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.fixture(scope="module")
def platform(cloud_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The platform's own AWS identity in the environment, and nothing from the machine this runs on."""
    own = {name: value for name, value in cloud_environment.items() if name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (own | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
            patch.setenv(name, value)
        s3._session.cache_clear()
        yield cloud_environment
    s3._session.cache_clear()


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


@pytest.mark.parametrize("purpose", NEEDS)
@pytest.mark.parametrize(("provider", "row"), CASES, ids=IDS)
def test_scenario(
    provider: str,
    row: Row,
    purpose: str,
    clouds: dict[str, AnyCloud],
    platform: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = clouds[provider]
    with arranged(row, cloud, platform, monkeypatch) as place:
        before = contents(cloud, place.bucket)
        expectation = row.expected(provider)
        expected = expectation.input if purpose == "INPUT" else expectation.lightly
        # Where we may write, our own object may be there already the second and the third time.
        writes = purpose == "LIGHTLY" and expectation.lightly[2][0] is State.GRANTED
        runs = 3 if writes and row.deadline > 1 else 1
        for number in range(runs):
            mark = len(cloud.requests)
            report = timed_probe(place, NEEDS[purpose], row.deadline)
            assert outcomes(report, purpose) == list(expected), f"run {number + 1}: {report}"
            assert report.empty == (row.empty and expected[0] == YES)
            requests = [exchange for exchange in cloud.requests[mark:] if place.bucket in exchange.path]
            assert_no_metadata(requests, place)
            if purpose == "INPUT":
                assert not [exchange for exchange in requests if is_write(exchange.method, exchange.path)]
            assert_words(report, place, row)
            assert_storage(place, row, purpose, report, before)


def timed_probe(place: Place, needs: frozenset[Permission], deadline: float) -> Report:
    config = parse_config(place.config, place.endpoints)
    started = time.monotonic()
    report = probe(config, needs, place.endpoints, deadline)
    assert time.monotonic() - started < deadline + 1
    return report


def outcomes(report: Report, purpose: str) -> list[Expected]:
    pairs = [
        (verdict.state, verdict.failure.cause if verdict.failure else None) for verdict in report.verdicts.values()
    ]
    assert list(report.verdicts) == list(Permission)
    if purpose == "INPUT":
        assert pairs[2:] == [(State.SKIPPED, None)] * 2
        return pairs[:2]
    return pairs


def contents(cloud: AnyCloud, bucket: str) -> dict[str, bytes]:
    return {key: cloud.get(bucket, key) for key in cloud.keys(bucket)}


def assert_storage(place: Place, row: Row, purpose: str, report: Report, before: dict[str, bytes]) -> None:
    """Users' objects are untouched, and at most our one tiny object has come to them."""
    after = contents(place.cloud, place.bucket)
    prefix = parse_config(place.config, place.endpoints).prefix
    left = after.pop(prefix + PROBE_KEY, None)
    assert after == before
    # Google cannot grant replacing without deleting.
    may_delete = Right.DELETE in row.rights or (place.cloud.provider == "GCS" and Right.REPLACE in row.rights)
    failures = [verdict.failure for verdict in report.verdicts.values() if verdict.failure]
    in_time = Cause.TIMEOUT not in {failure.cause for failure in failures}
    if purpose == "INPUT" or (may_delete and in_time):
        assert left is None
    if left is not None:
        assert report.verdicts[Permission.WRITE].state in {State.GRANTED, State.UNKNOWN}
        assert len(left) < 100


def assert_no_metadata(requests: list[Exchange], place: Place) -> None:
    """Metadata of a bucket needs rights of its own, which a key that is right for the work may not have."""
    bucket = quote(place.bucket)
    for method, target, _ in requests:
        path, _, query = target.partition("?")
        assert method != "HEAD", target
        assert "location" not in query, target  # S3, OBS
        assert "apiversion" not in query, target  # OBS
        assert not path.endswith(f"/b/{bucket}"), target  # GCS
        assert "restype=container" not in query or "comp=list" in query, target  # Azure


def assert_words(report: Report, place: Place, row: Row) -> None:
    """Every verdict can be told, with the right region where there is one, and without any secret."""
    config = parse_config(place.config, place.endpoints)
    for permission, verdict in report.verdicts.items():
        diagnosis = diagnose(permission, verdict, config, row.deadline)
        words = "\n".join(
            [diagnosis.summary, diagnosis.tried, diagnosis.answered, diagnosis.cause, diagnosis.fix, repr(verdict)]
        )
        assert diagnosis.summary
        if verdict.failure:
            assert diagnosis.cause
            assert diagnosis.fix
            assert verdict.failure.region == row.region
            assert row.region in words
        assert not [secret for secret in secrets_of(place) if secret in words]


def secrets_of(place: Place) -> list[str]:
    config = place.config
    match config["type"]:
        case "S3":
            return [config["s3SecretAccessKey"]]
        case "S3DelegatedAccess":
            return [place.environment["AWS_SECRET_ACCESS_KEY"]]
        case "AZURE":
            return [config["accountKey"], config["accountKey"].partition("sig=")[2]]
        case "GCS":
            key = json.loads(config["gcsCredentials"])["private_key"]
            return str(key).splitlines()[1:-1]
    return [config["obsSecretAccessKey"]]
