"""Every verdict can be explained, in our own words, and in nobody else's."""

from __future__ import annotations

import dataclasses
import itertools
import random
import re
import subprocess
from types import SimpleNamespace
from typing import Any

import azure.core.exceptions
import botocore.exceptions
import google.api_core.exceptions
import google.auth.exceptions
import pytest
from pydantic import SecretStr

from clouds import PROVIDERS, Cause, CloudConfig, Endpoints, Failure, parse_config
from clouds.azure import failures as azure_cloud
from clouds.azure.config import AzureConfig
from clouds.doctor.diagnosis import UNREADABLE, Diagnosis, answer_of, diagnose
from clouds.gcs import failures as gcs
from clouds.obs import failures as obs
from clouds.permissions import ALL, Evidence, Permission, State, Verdict, state_of
from clouds.policies import Platform
from clouds.s3 import failures as s3
from tests.clouds.examples import example, secrets_of

CONFIGS: dict[str, CloudConfig] = {provider: parse_config(example(provider)) for provider in PROVIDERS}
KEY = "input/a.jpg"


def words(diagnosis: Diagnosis) -> str:
    """All sentences; the command, which is no sentence, stands apart."""
    return "\n".join(dataclasses.astuple(dataclasses.replace(diagnosis, command="")))


def assert_shell(text: str) -> None:
    """It is whole: every quote is closed, and bash could read it."""
    subprocess.run(["bash", "-n"], input=text, text=True, check=True, capture_output=True)


def explain(provider: str, permission: Permission, failure: Failure, state: State | None = None) -> Diagnosis:
    verdict = Verdict(state or state_of(failure), 12, failure, KEY)
    return diagnose(permission, verdict, CONFIGS[provider], 15)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_explained_whole(provider: str, cause: Cause) -> None:
    for permission in Permission:
        diagnosis = explain(provider, permission, Failure(cause, "SomeCode", 403, "request-1"))
        assert 0 < len(diagnosis.summary) <= 80
        sentences = (diagnosis.tried, diagnosis.cause, diagnosis.fix, diagnosis.how_to_be_sure)
        for sentence in (diagnosis.answered, *sentences):
            assert sentence
            assert sentence == sentence.strip()
            assert "\n" not in sentence
        for sentence in sentences:
            assert sentence.endswith(".")
        assert diagnosis.field in {"", *CONFIGS[provider].fields()}
        assert_shell(diagnosis.command)
        assert PROVIDERS[provider].words.rights[permission] in diagnosis.tried
        assert CONFIGS[provider].display_key(KEY) in diagnosis.tried
        assert not [secret for secret in secrets_of(provider) if secret in words(diagnosis)]
        for blank in ("None", "{", "}", "  ", "()"):
            assert blank not in words(diagnosis)
        assert diagnosis.answered == (
            "No answer within 15 s." if cause is Cause.TIMEOUT else "403 SomeCode (request request-1)"
        )


OWN = Endpoints(
    s3="http://minio.internal:9000",
    sts="http://sts.internal:9000",
    azure="http://azurite.internal:10000/{account}",
    gcs="http://gcs.internal:4443",
)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("cause", Cause)
def test_words_and_commands_lead_to_the_operators_own_server(provider: str, cause: Cause) -> None:
    """Where there is one, nothing is asked of the public cloud, where there is no such bucket."""
    for permission in Permission:
        failure = Failure(cause, "SomeCode", 403)
        verdict = Verdict(state_of(failure), 12, failure, KEY)
        found = diagnose(permission, verdict, CONFIGS[provider], 15, Platform(endpoints=OWN))
        assert_shell(found.command)
        for public in ("amazonaws.com", "blob.core.windows.net", "storage.googleapis.com"):
            assert public not in words(found) + found.command
        if provider in {"S3", "S3DelegatedAccess"}:
            for line in found.command.replace("\\\n", "").splitlines():
                own = "http://sts.internal:9000" if line.startswith("aws sts") else "http://minio.internal:9000"
                assert line.startswith(("aws kms", "aws ec2")) or not line.startswith("aws") or own in line, line
        if cause is Cause.DENIED and provider in {"AZURE", "GCS"}:
            assert {"AZURE": "http://azurite.internal:10000/account", "GCS": "http://gcs.internal:4443"}[
                provider
            ] in found.command


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_sentence_must_name(provider: str) -> None:
    config = CONFIGS[provider]
    if isinstance(config, AzureConfig):  # whose letters tell what it may
        config = config.model_copy(update={"sas_token": SecretStr("sp=t&sr=c&sv=2024-11-04&sig=abc")})
    for permission, right in PROVIDERS[provider].words.rights.items():
        verdict = Verdict(State.DENIED, 12, Failure(Cause.DENIED, "AccessDenied", 403), KEY)
        denied = diagnose(permission, verdict, config, 15)
        assert right in denied.summary
        for part in re.split(r" or | and ", right.removeprefix("SAS permission ")):
            assert part in denied.cause
            assert part in denied.fix
        assert config.bucket in denied.fix
    missing = explain(provider, Permission.LIST, Failure(Cause.NO_BUCKET, "NoSuchBucket", 404))
    assert config.bucket in missing.summary
    region = explain(provider, Permission.LIST, Failure(Cause.WRONG_REGION, "x", 301, region="eu-central-1"))
    assert "eu-central-1" in region.summary
    assert "eu-central-1" in region.fix
    assert "does not say" in explain(provider, Permission.LIST, Failure(Cause.WRONG_REGION, "x", 301)).cause
    assert "SomeCode" in explain(provider, Permission.LIST, Failure(Cause.UNKNOWN, "SomeCode", 418)).summary
    assert explain(provider, Permission.LIST, Failure(Cause.UNKNOWN)).summary == "unexpected answer"
    assert config.path in explain(provider, Permission.READ, Failure(Cause.HIDDEN, "", 403)).fix


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("permission", Permission)
def test_verdicts_without_a_cause(provider: str, permission: Permission) -> None:
    config = CONFIGS[provider]
    granted = diagnose(permission, Verdict(State.GRANTED, 12, key=KEY), config, 15)
    assert (granted.answered, granted.cause, granted.fix) == ("It worked.", "", "")
    assert PROVIDERS[provider].words.rights[permission] in granted.tried
    untried = diagnose(permission, Verdict(State.SKIPPED), config, 15)
    assert untried.summary == "not needed here"
    skipped = explain(provider, permission, Failure(Cause.DENIED, "AccessDenied", 403), State.SKIPPED)
    assert "Write" in skipped.cause + skipped.fix
    for state in (State.DENIED, State.UNKNOWN):
        with pytest.raises(ValueError, match=state):
            diagnose(permission, Verdict(state), config, 15)


@pytest.mark.parametrize(
    ("permission", "key", "evidence", "proof"),
    [
        (Permission.LIST, "", Evidence(1, first="a.jpg"), "Listed 1 object; first: a.jpg"),
        (Permission.LIST, "", Evidence(1000, True, "a.jpg"), "Listed 1,000+ objects; first: a.jpg"),
        (Permission.LIST, "", Evidence(2, first="a\nb" + 100 * "c"), f"Listed 2 objects; first: a\ufffdb{57 * 'c'}…"),
        (Permission.LIST, "", Evidence(), "Listed; there are no files yet"),
        (Permission.READ, "a.jpg", Evidence(), "Read 1 byte of a.jpg"),
        (Permission.READ, "", Evidence(missing=True), "Asked for a file that is not there, and was told so"),
        (Permission.WRITE, "", Evidence(removed=True), "Created and removed the test file"),
        (Permission.WRITE, "", Evidence(existed=True, removed=True), "Found its test file and removed it"),
        (Permission.WRITE, "", Evidence(existed=True), "Found its test file, so writing is allowed"),
        (Permission.WRITE, "", Evidence(), "Created the test file"),
        (Permission.OVERWRITE, "", Evidence(), "Replaced the test file"),
    ],
)
def test_a_green_bulb_says_what_was_seen(permission: Permission, key: str, evidence: Evidence, proof: str) -> None:
    config = CONFIGS["S3"]
    verdict = Verdict(State.GRANTED, 12, key=config.prefix + key, evidence=evidence)
    assert diagnose(permission, verdict, config, 15).summary == proof


@pytest.mark.parametrize(
    "cause", [Cause.EXPIRED, Cause.WRONG_SECRET, Cause.UNKNOWN_KEY, Cause.CREDENTIAL_REFUSED], ids=str
)
def test_what_befalls_a_roles_session_is_not_blamed_on_the_external_id(cause: Cause) -> None:
    diagnosis = explain("S3DelegatedAccess", Permission.LIST, Failure(cause, "ExpiredToken", 400))
    assert "external" not in words(diagnosis)
    assert "temporary key" in diagnosis.summary


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("AuthorizationResourceTypeMismatch", "resource types"),
        ("AuthorizationServiceMismatch", "blob service"),
        ("AuthorizationProtocolMismatch", "https"),
        ("AccountIsDisabled", "disabled"),
    ],
)
def test_azure_says_what_else_is_wrong_with_a_sas(code: str, word: str) -> None:
    assert word in explain("AZURE", Permission.LIST, Failure(Cause.DENIED, code, 403)).cause


def test_what_nobody_can_read_has_a_diagnosis_as_well() -> None:
    assert all((UNREADABLE.summary, UNREADABLE.tried, UNREADABLE.cause, UNREADABLE.fix))


@pytest.mark.parametrize(
    ("failure", "answer"),
    [
        (Failure(Cause.DENIED, "AccessDenied", 403, "abc"), "403 AccessDenied (request abc)"),
        (Failure(Cause.DENIED, "", 403), "403"),
        (Failure(Cause.UNREACHABLE, "gaierror"), "gaierror"),
        (Failure(Cause.ADDRESS_BLOCKED), "No answer."),
        (Failure(Cause.TIMEOUT, "ReadTimeoutError"), "No answer within 2.5 s."),
    ],
)
def test_what_the_cloud_said_in_codes(failure: Failure, answer: str) -> None:
    assert answer_of(failure, 2.5) == answer


# --- hostile clouds -------------------------------------------------------------------------------------------------
PIECES = [
    "<b>",
    "</script>",
    "{{ x }}",
    "{% x %}",
    "\n",
    "\r\n",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\ud800",
    "&lt;",
    "'",
    '"',
]
PIECES += ["=HYPERLINK()", "javascript:alert(1)", " ", "größe", "😀", "A" * 2000, "%s", "%n", "../..", "Secret", "7"]


def hostile(chance: random.Random) -> str:
    return "".join(chance.choices(PIECES, k=chance.randint(1, 8)))


def failures_of_a_hostile_cloud(chance: random.Random) -> dict[str, Failure]:
    """What is left of an answer in which every text is the attacker's."""
    status = chance.choice([200, 301, 400, 401, 403, 404, 409, 412, 416, 429, 500, 503])
    answer: Any = {
        "Error": {"Code": hostile(chance), "Message": hostile(chance), "Region": hostile(chance)},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": hostile(chance)},
    }
    amazon = botocore.exceptions.ClientError(answer, "GetObject")
    headers = {"x-ms-request-id": hostile(chance), "x-guploader-uploadid": hostile(chance)}
    response: Any = SimpleNamespace(status_code=status, reason=hostile(chance), headers=headers)
    microsoft = azure.core.exceptions.HttpResponseError(hostile(chance), response=response)
    microsoft.error_code = hostile(chance)  # type: ignore[attr-defined]
    google_error: Exception = google.api_core.exceptions.from_http_status(
        max(status, 300), hostile(chance), errors=[{"reason": hostile(chance)}], response=response
    )
    if chance.random() < 0.5:
        details = {"error": hostile(chance), "error_description": hostile(chance)}
        google_error = google.auth.exceptions.RefreshError(hostile(chance), details)
    huawei = SimpleNamespace(errorCode=hostile(chance), status=status, requestId=hostile(chance))
    return {
        "S3": s3.failure_of(amazon),
        "S3DelegatedAccess": s3.failure_of_role(amazon),
        "AZURE": azure_cloud.failure_of(microsoft),
        "GCS": gcs.failure_of(google_error),
        "OBS": obs.failure_of(huawei),
        "S3Compatible": s3.failure_of(amazon),
    }


@pytest.mark.parametrize("seed", range(60))
def test_the_words_are_ours_whatever_a_hostile_cloud_answers(seed: int) -> None:
    chance = random.Random(seed)
    failures = failures_of_a_hostile_cloud(chance)
    for provider, permission in itertools.product(PROVIDERS, sorted(ALL)):
        state = chance.choice([State.DENIED, State.UNKNOWN, State.SKIPPED])
        # An object's name is the cloud's as well: as much of it is shown as can be.
        verdict = Verdict(state, 12, failures[provider], f"input/{hostile(chance)}")
        diagnosis = diagnose(permission, verdict, CONFIGS[provider], 15)
        for text in (
            diagnosis.summary,
            diagnosis.answered,
            diagnosis.cause,
            diagnosis.fix,
            diagnosis.how_to_be_sure,
        ):
            assert not set(text) & set('<>{}%"\\&;=')
            assert len(text) < 400
        assert len(diagnosis.tried) < 500
        for text in dataclasses.astuple(diagnosis):
            assert "\x00" not in text  # which no database takes
            assert "\n" not in text or text is diagnosis.command
            assert "\u202e" not in text
            text.encode()
