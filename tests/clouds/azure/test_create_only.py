"""A SAS with `c` and without `w`, where an older test file lies: it may create, whatever the server calls its refusal.

Azurite says AuthorizationPermissionMismatch, as for a letter that is missing. Azure says UnauthorizedBlobOverwrite.
"""

from __future__ import annotations

import pytest

from clouds import Cause, Failure, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.probe import PROBE_KEY, probe
from clouds.permissions import ALL, Permission, State, Verdict, state_of
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import Place
from tests.clouds.examples import SIGNATURE, example
from tests.servers import AzureCloud

GRANTED, DENIED = State.GRANTED, State.DENIED


def with_letters(place: Place, letters: str) -> None:
    assert isinstance(place.cloud, AzureCloud)
    place.config = place.cloud.config(place.bucket, "input/", place.cloud.container_sas(place.bucket, letters))


@pytest.mark.parametrize("as_azurite", [True, False])
@pytest.mark.parametrize("letters", ["cl", "rcl", "c", "rc", "rcdl", "cd"])
@pytest.mark.parametrize("there", [True, False])
def test_write_is_granted(letters: str, as_azurite: bool, there: bool, make_place: MakePlace) -> None:
    place = make_place("AZURE")
    assert isinstance(place.cloud, AzureCloud)
    place.monkeypatch.setattr(place.cloud.gate, "as_azurite", as_azurite)
    with_letters(place, letters)
    key = f"input/{PROBE_KEY}"
    if there:
        place.cloud.put(place.bucket, key, b"older")
    for _ in range(2):
        report = probe(parse_config(place.config, place.endpoints), ALL, place.endpoints, 15)
        assert report.verdicts[Permission.WRITE].state is GRANTED
        assert report.verdicts[Permission.OVERWRITE].state is DENIED
    left = set(place.cloud.keys(place.bucket)) - {key}
    # Where nothing tells that the file is there, and nothing may be deleted, another one was written.
    assert len(left) <= (2 if letters == "c" and as_azurite else 0)


@pytest.mark.parametrize("letters", ["rl", "l", "r", "rdl"])
def test_write_is_denied_without_the_letter(letters: str, make_place: MakePlace) -> None:
    place = make_place("AZURE")
    with_letters(place, letters)
    report = probe(parse_config(place.config, place.endpoints), ALL, place.endpoints, 15)
    verdict = report.verdicts[Permission.WRITE]
    assert verdict.state is DENIED
    words = diagnose(Permission.WRITE, verdict, parse_config(place.config, place.endpoints), 15)
    assert f"Your token has the letters {''.join(letters)}, it lacks c (create) and w (write)." in words.cause


@pytest.mark.parametrize(
    ("letters", "permission"),
    [("c", Permission.WRITE), ("w", Permission.WRITE), ("cw", Permission.OVERWRITE), ("rl", Permission.LIST)],
)
def test_the_words_never_contradict_the_letters(letters: str, permission: Permission) -> None:
    token = f"?sv=2025-05-05&sr=c&sp={letters}&se=2099-01-01T00%3A00%3A00Z&sig={SIGNATURE}%3D"
    failure = Failure(Cause.DENIED, "AuthorizationPermissionMismatch", 403)
    config = parse_config(example("AZURE", accountKey=token))
    words = diagnose(permission, Verdict(state_of(failure), failure=failure, key="input/x"), config, 15)
    assert f"the letters {letters}" in words.cause
    assert "lacks" not in words.cause
    assert words.field == ""
