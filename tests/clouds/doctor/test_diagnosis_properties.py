"""Whatever a provider answers, no diagnosis shows its raw text, a stack trace or a secret.

The errors are the SDKs' own exceptions, raised, with every text in them made up by the provider.
"""

from __future__ import annotations

import dataclasses
import subprocess
from types import SimpleNamespace
from typing import Any

import azure.core.exceptions
import botocore.exceptions
import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clouds import Cause, Failure, parse_config
from clouds.azure import failures as azure_cloud
from clouds.doctor.diagnosis import diagnose
from clouds.failures import safe_code
from clouds.gcs import failures as gcs
from clouds.obs import failures as obs
from clouds.permissions import Permission, Verdict, state_of
from clouds.policies import Platform
from clouds.s3 import failures as s3
from tests.clouds.doctor.scenarios import PROVIDERS
from tests.clouds.examples import example, secrets_of

CONFIGS = {provider: parse_config(example(provider)) for provider in PROVIDERS}

# Long enough never to stand anywhere by chance: what must not be seen.
planted = st.text("0123456789abcdef", min_size=24, max_size=32)
# Texts in which the code looks for fixed words, so that all its branches are taken.
marker_words = st.sampled_from(
    [
        "",
        "with an explicit deny in a VPC endpoint policy",
        "with an explicit deny in a resource-based policy",
        "because no permissions boundary allows the action",
        "kms:Decrypt cloudkms.useToDecrypt",
        "bucket does not exist",
        "vpcServiceControlsUniqueIdentifier",
        "Invalid JWT Signature",
        "Account has been disabled",
        "reasonable timeframe",
    ]
)
codes = st.one_of(
    st.sampled_from(sorted({*s3.CAUSES, *azure_cloud.CAUSES, *obs.CAUSES, *gcs._REASONS, "invalid_grant"})),
    st.text(max_size=20),
)
statuses = st.sampled_from([200, 301, 307, 400, 401, 403, 404, 409, 412, 416, 429, 500, 503])


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a provider sends: its code, a text with something planted in it, its status and its name for the request."""

    code: str
    text: str
    secret: str
    status: int
    request_id: str


answers = st.builds(
    lambda code, before, words, secret, after, status, request_id: Answer(
        code, f"{before} {words} {secret} {after}", secret, status, request_id
    ),
    codes, st.text(max_size=30), marker_words, planted, st.text(max_size=30), statuses, st.text(max_size=30),
)  # fmt: skip


def raised(error: Exception) -> Exception:
    """With a traceback, as it comes out of an SDK, and one error inside another."""
    try:
        try:
            raise ConnectionError(str(error))
        except ConnectionError as inner:
            raise error from inner
    except type(error) as caught:
        return caught


def amazon(answer: Answer) -> Failure:
    body: Any = {
        "Error": {"Code": answer.code, "Message": answer.text, "HostId": answer.text, "Region": answer.text},
        "ResponseMetadata": {"HTTPStatusCode": answer.status, "RequestId": answer.request_id, "Body": answer.text},
    }
    return s3.failure_of(raised(botocore.exceptions.ClientError(body, answer.text)))


def amazon_role(answer: Answer) -> Failure:
    body: Any = {
        "Error": {"Code": answer.code, "Message": answer.text},
        "ResponseMetadata": {"HTTPStatusCode": answer.status, "RequestId": answer.request_id},
    }
    return s3.failure_of_role(raised(botocore.exceptions.ClientError(body, "AssumeRole")))


def microsoft(answer: Answer) -> Failure:
    response: Any = SimpleNamespace(
        status_code=answer.status,
        reason=answer.text,
        headers={"x-ms-request-id": answer.request_id, "x-ms-meta": answer.text},
        text=lambda *_: answer.text,
        body=answer.text.encode,
    )
    error = azure.core.exceptions.HttpResponseError(answer.text, response=response)
    error.error_code = answer.code  # type: ignore[attr-defined]
    return azure_cloud.failure_of(raised(error))  # type: ignore[arg-type]


def google_call(answer: Answer) -> Failure:
    response: Any = SimpleNamespace(
        headers={"x-guploader-uploadid": answer.request_id},
        text=answer.text,
        content=answer.text.encode(errors="replace"),
    )
    error = google.api_core.exceptions.from_http_status(
        max(answer.status, 300),
        answer.text,
        errors=[{"reason": answer.code, "message": answer.text, "debugInfo": answer.text}],
        response=response,
    )
    return gcs.failure_of(raised(error))


def google_token(answer: Answer) -> Failure:
    details = {"error": answer.code, "error_description": answer.text}
    return gcs.failure_of(raised(google.auth.exceptions.RefreshError(answer.text, details)))


def huawei(answer: Answer) -> Failure:
    return obs.failure_of(
        SimpleNamespace(
            errorCode=answer.code,
            errorMessage=answer.text,
            reason=answer.text,
            body=answer.text,
            status=answer.status,
            requestId=answer.request_id,
            hostId=answer.text,
        )
    )


# What does not reach an answer at all carries texts as well: addresses, headers, whatever a library says.
def broken_line(answer: Answer) -> Failure:
    return s3.failure_of(raised(botocore.exceptions.EndpointConnectionError(endpoint_url=answer.text)))


def broken_azure(answer: Answer) -> Failure:
    return azure_cloud.failure_of(raised(azure.core.exceptions.ServiceRequestError(answer.text)))  # type: ignore[arg-type]


def broken_google(answer: Answer) -> Failure:
    return gcs.failure_of(raised(requests.exceptions.ConnectionError(answer.text)))


def broken_obs(answer: Answer) -> Failure:
    return obs.failure_of_transport(raised(OSError(5, answer.text)))


SOURCES = [
    ("S3", amazon),
    ("S3", broken_line),
    ("S3DelegatedAccess", amazon),
    ("S3DelegatedAccess", amazon_role),
    ("AZURE", microsoft),
    ("AZURE", broken_azure),
    ("GCS", google_call),
    ("GCS", google_token),
    ("GCS", broken_google),
    ("OBS", huawei),
    ("OBS", broken_obs),
]


@pytest.mark.parametrize(("provider", "source"), SOURCES, ids=lambda value: getattr(value, "__name__", value))
@given(answer=answers)
@settings(deadline=None, max_examples=60)
def test_no_raw_answer_stack_trace_or_secret(provider: str, source: Any, answer: Answer) -> None:
    # Code and request id are meant to be seen; hypothesis likes to draw the same text twice.
    assume(answer.secret not in safe_code(answer.code) + safe_code(answer.request_id))
    failure = source(answer)
    config = CONFIGS[provider]
    for permission in Permission:
        verdict = Verdict(state_of(failure), 12, failure, "input/a.jpg")
        diagnosis = diagnose(permission, verdict, config, 15, Platform(external_id="lightly-of-the-team"))
        shown = "\n".join(dataclasses.astuple(diagnosis))
        assert answer.secret not in shown
        assert "Traceback" not in shown
        assert 'File "' not in shown
        assert not [secret for secret in secrets_of(provider) if secret in shown]
        for sentence in (diagnosis.summary, diagnosis.cause, diagnosis.fix, diagnosis.how_to_be_sure):
            assert sentence
            assert "\n" not in sentence


@given(
    key=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    provider=st.sampled_from(PROVIDERS),
    permission=st.sampled_from(list(Permission)),
)
@settings(deadline=None, max_examples=60)
def test_an_objects_name_stays_text_in_commands(key: str, provider: str, permission: Permission) -> None:
    """It is the cloud's, or whoever may write there: no shell may take it for anything else."""
    failure = Failure(Cause.DENIED, "AccessDenied", 403)
    verdict = Verdict(state_of(failure), 12, failure, key)
    diagnosis = diagnose(permission, verdict, CONFIGS[provider], 15)
    stubs = "aws() { :; }; az() { :; }; gcloud() { :; }; obsutil() { :; }; tr() { :; }; grep() { :; };"
    # Were a part of the name a command, bash would not find it, or would write where nothing may be written.
    done = subprocess.run(
        ["bash", "-ec", f"cd /proc/self; SAS_TOKEN= SECRET_ACCESS_KEY=; {stubs}\n{diagnosis.command}"],
        capture_output=True,
        text=True,
        timeout=20,
        env={},
    )
    assert "not found" not in done.stderr
    assert "syntax error" not in done.stderr
