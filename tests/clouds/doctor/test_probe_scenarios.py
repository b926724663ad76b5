"""Every case of the table on real servers, and what must hold of every run whatever its verdicts."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from clouds import Cause, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.probe import PROBE_KEY, Report, probe
from clouds.permissions import Permission, State
from tests.clouds.doctor.scenarios import PROVIDERS, AnyCloud, Place
from tests.clouds.doctor.scenarios.cases import CASES, NEEDS, TABLE, Case, kinds_at
from tests.clouds.doctor.scenarios.places import is_write, secrets_of
from tests.clouds.doctor.scenarios.rows import Row, arranged
from tests.clouds.doctor.scenarios.verdicts import YES, Expected
from tests.servers import Exchange, Right


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_table_is_long_enough(provider: str) -> None:
    assert sum(provider in row.only for row in TABLE) >= 12
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_everything_a_check_can_say_is_seen(provider: str) -> None:
    """At every provider, although not every row runs everywhere, and few run for both checks."""
    seen = set().union(*(case.kinds for case in CASES if case.provider == provider))
    assert seen == kinds_at(provider)


def test_both_checks_are_run_where_they_answer_differently() -> None:
    ran = {(case.provider, case.row.name, case.purpose) for case in CASES}
    for row in TABLE:
        for provider in row.only:
            expected = row.expected(provider)
            if expected.input != expected.lightly[:2]:
                assert (provider, row.name, "INPUT") in ran
            assert (provider, row.name, "LIGHTLY") in ran


@pytest.mark.parametrize("case", CASES, ids=str)
def test_scenario(
    case: Case, clouds: dict[str, AnyCloud], platform: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud, row, purpose = clouds[case.provider], case.row, case.purpose
    with arranged(row, cloud, platform, monkeypatch) as place:
        before = contents(cloud, place.bucket)
        for number in range(case.runs):
            mark = len(cloud.requests)
            report = timed_probe(place, NEEDS[purpose], row.deadline)
            assert outcomes(report, purpose) == list(case.expected), f"run {number + 1}: {report}"
            assert report.empty == (row.empty and case.expected[0] == YES)
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
    kept = Cause.RETENTION in {failure.cause for failure in failures}
    in_time = Cause.TIMEOUT not in {failure.cause for failure in failures}
    if purpose == "INPUT" or (may_delete and in_time and not kept):
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
