"""Objects that nobody can replace: the words name the retention, and no grant is asked for."""

from __future__ import annotations

import pytest

from clouds import PROVIDERS, Cause, Failure, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.grants import gap
from clouds.permissions import Permission, State, Verdict, state_of
from tests.clouds.examples import example

FAILURE = Failure(Cause.RETENTION, "retentionPolicyNotMet", 403)


@pytest.mark.parametrize("provider", ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"])
def test_the_words_name_it(provider: str) -> None:
    config = parse_config(example(provider))
    words = diagnose(Permission.OVERWRITE, Verdict(state_of(FAILURE), failure=FAILURE, key="input/x"), config, 15)
    assert "retention" in words.summary
    assert "retention policy" in words.cause
    assert "hold" in words.cause
    right = PROVIDERS[provider].words.rights[Permission.OVERWRITE]
    assert right not in words.cause + words.fix
    assert "lacks" not in words.cause
    assert "Grant" not in words.fix
    assert words.field == "path"


def test_it_is_red_and_asks_for_no_grant() -> None:
    assert state_of(FAILURE) is State.DENIED
    assert not gap({Permission.OVERWRITE: (State.DENIED, "retention")})
