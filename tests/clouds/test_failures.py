"""What answers are taken for whatever the cloud, and what may be kept of them. The codes of each are in its folder."""

from __future__ import annotations

import json
from types import SimpleNamespace

import azure.core.exceptions
import google.api_core.exceptions
import pytest

from clouds import Cause
from clouds.azure import failures as azure_cloud
from clouds.failures import cause_of_status, safe_code
from clouds.gcs import failures as gcs
from clouds.obs import failures as obs
from clouds.permissions import NO_PROOF
from clouds.s3 import failures as s3
from tests.clouds.errors import HOSTILE, azure_error, client_error, refresh_error

STATUSES = [
    (429, Cause.THROTTLED),
    (503, Cause.THROTTLED),
    (500, Cause.SERVER_ERROR),
    (501, Cause.NOT_SUPPORTED),
    (502, Cause.SERVER_ERROR),
    (507, Cause.QUOTA),
    (504, Cause.SERVER_ERROR),
    (301, Cause.REDIRECTED),
    (302, Cause.REDIRECTED),
    (307, Cause.REDIRECTED),
    (304, Cause.UNKNOWN),
    (200, Cause.UNKNOWN),
    (400, Cause.UNKNOWN),
    (418, Cause.UNKNOWN),
    (None, Cause.UNKNOWN),
]


@pytest.mark.parametrize(("status", "cause"), STATUSES)
def test_a_status_without_a_code(status: int | None, cause: Cause) -> None:
    assert cause_of_status(status) is cause


def test_codes_are_short_words_whatever_was_sent() -> None:
    assert safe_code("KMS.DisabledException") == "KMS.DisabledException"
    assert safe_code("tx0000-11:ab_c") == "tx0000-11:ab_c"
    assert safe_code(None) == ""
    assert safe_code(HOSTILE) == "scriptalert1scriptSet-Cookie:x1" + "A" * 49
    assert safe_code("größe\u202e日本\x00'\"&") == "gre"


def test_no_mishap_of_the_network_is_taken_for_a_denial() -> None:
    assert Cause.CLOCK_SKEW in NO_PROOF  # it is this server's clock that is wrong, not what the user entered
    assert {Cause.TIMEOUT, Cause.UNREACHABLE, Cause.TLS, Cause.THROTTLED, Cause.SERVER_ERROR, Cause.UNKNOWN} <= NO_PROOF
    assert not NO_PROOF & {Cause.DENIED, Cause.WRONG_SECRET, Cause.EXPIRED, Cause.NO_BUCKET, Cause.KMS_DENIED}


def test_nothing_a_hostile_cloud_says_gets_further_than_a_word() -> None:
    google_error = google.api_core.exceptions.from_http_status(
        418, HOSTILE, errors=[{"reason": HOSTILE}], response=SimpleNamespace(headers={"x-guploader-uploadid": HOSTILE})
    )
    microsoft_error = azure_error(azure.core.exceptions.HttpResponseError, HOSTILE, 418)
    microsoft_error.response.headers["x-ms-request-id"] = HOSTILE  # type: ignore[union-attr]
    amazon_error = client_error(HOSTILE, 418, HOSTILE)
    amazon_error.response["ResponseMetadata"]["RequestId"] = HOSTILE
    failures = [
        s3.failure_of(amazon_error),
        azure_cloud.failure_of(microsoft_error),
        gcs.failure_of(google_error),
        gcs.failure_of(refresh_error(HOSTILE, HOSTILE)),
        obs.failure_of(SimpleNamespace(errorCode=HOSTILE, status=418, requestId=HOSTILE)),
    ]
    for failure in failures:
        told = json.dumps([failure.code, failure.request_id, failure.region])
        assert "<" not in told
        assert " " not in failure.code + failure.request_id
        assert "\\" not in told
        assert max(len(failure.code), len(failure.request_id)) <= 80
