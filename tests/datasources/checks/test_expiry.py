"""When credentials end: read from the credential itself, and told in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from clouds import parse_config
from datasources.checks.expiry import key_age_words, near_end_warning
from tests.clouds.examples import example

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def azure(query: str) -> datetime | None:
    expiry = parse_config(example("AZURE", accountKey=f"?sv=2025-05-05&sr=c&sp=rl&{query}&sig=abc")).expiry()
    assert expiry is None or expiry.field == "sas_token"
    return expiry.moment if expiry else None


@pytest.mark.parametrize(
    ("query", "moment"),
    [
        ("se=2027-01-01T00%3A00%3A00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("se=2027-01-01T00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("se=2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ("se=2027-01-01T02:00:00%2B02:00", datetime(2027, 1, 1, tzinfo=UTC)),
        ("se=2027-01-01T00:00:00.1234567Z", datetime(2027, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        # Signed by a user delegation key, which may end first or last.
        ("se=2027-01-01&ske=2026-12-01T00:00:00Z", datetime(2026, 12, 1, tzinfo=UTC)),
        ("se=2027-01-01&ske=2027-12-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("si=policy", None),
        ("si=policy&se=2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ("se=whenever", None),
        ("se=0001-01-01T00:00:00%2B14:00", None),
        ("se=9999-12-31T23:59:59-14:00", None),
    ],
)
def test_a_sas_says_itself_when_it_ends(query: str, moment: datetime | None) -> None:
    assert azure(query) == moment


@pytest.mark.parametrize("provider", ["S3", "S3DelegatedAccess", "GCS", "OBS", "S3Compatible"])
def test_the_others_don_t(provider: str) -> None:
    config = parse_config(example(provider))
    assert config.expiry() is None
    assert config.unusable(NOW) == {}


def test_a_sas_that_ended_is_unusable_and_says_since_when() -> None:
    config = parse_config(example("AZURE", accountKey="?sv=2025-05-05&sp=rl&se=2026-11-03T09:05Z&sig=abc"))
    assert config.unusable(NOW)["sas_token"].startswith("This token ended on 3 November 2026 at 09:05 UTC")
    assert config.unusable(datetime(2026, 11, 3, 9, 4, tzinfo=UTC)) == {}


@pytest.mark.parametrize(
    ("key", "temporary"),
    [("ASIAIOSFODNN7EXAMPLE", True), ("AKIAIOSFODNN7EXAMPLE", False), ("ASIA", False), ("ASIA-minio-user", False)],
)
def test_a_temporary_key_can_t_work_without_its_session(key: str, temporary: bool) -> None:
    problems = parse_config(example("S3", s3AccessKeyId=key)).unusable(NOW)
    assert ("session token" in problems.get("access_key_id", "")) is temporary


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (None, ""),
        (timedelta(days=1, minutes=1), ""),
        (timedelta(hours=23, minutes=1), "It ends in 23 hours."),
        (timedelta(days=-3, minutes=-1), "It expired 3 days ago."),
    ],
)
def test_the_field_warns_within_a_day(left: timedelta | None, words: str) -> None:
    warning = near_end_warning(timezone.now() + left if left else None)
    assert warning.startswith(words)
    assert bool(warning) is bool(words)


def test_only_old_keys_without_an_end_should_be_replaced() -> None:
    old, young = (timezone.now() - timedelta(days=days) for days in (400, 10))
    assert "replaced" in key_age_words(old, ends=False)
    assert "replaced" not in key_age_words(young, ends=False)
    assert key_age_words(old, ends=True) == "This key was made 13 months ago."
