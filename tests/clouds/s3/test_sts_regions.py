"""In which regions STS is asked for a role's keys, when it does not know the platform in the bucket's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from clouds import Cause, Failure, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.permissions import Permission, Verdict, state_of
from clouds.s3 import clients as s3
from tests.clouds.examples import example


@pytest.mark.parametrize(
    ("own", "region", "others"),
    [
        ("eu-central-1", "ap-south-2", ["eu-central-1", "us-east-1"]),
        (None, "ap-south-2", ["us-east-1"]),
        ("us-east-1", "ap-south-2", ["us-east-1"]),
        ("eu-central-1", "us-east-1", ["eu-central-1"]),
        (None, "us-east-1", []),
        # Another partition knows nobody of this one.
        ("eu-central-1", "cn-northwest-1", ["cn-north-1"]),
        ("us-gov-east-1", "us-gov-west-1", ["us-gov-east-1"]),
        (None, "us-iso-west-1", []),
    ],
)
def test_other_regions(own: str | None, region: str, others: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_session", lambda: SimpleNamespace(region_name=own))
    assert s3._other_regions(region) == others


def test_the_words_name_the_region_and_deny_no_credentials() -> None:
    failure = Failure(Cause.NO_PRINCIPAL, "InvalidClientTokenId", 403, region="ap-south-2")
    config = parse_config(example("S3DelegatedAccess", s3Region="ap-south-2"))
    words = diagnose(Permission.LIST, Verdict(state_of(failure), failure=failure, key="input/"), config, 15)
    assert "ap-south-2" in words.summary
    assert "no valid AWS credentials" not in words.cause
    assert "enable ap-south-2" in words.fix
    assert words.field == "region"
