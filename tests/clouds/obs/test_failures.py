"""What the errors of OBS, and those of sockets below its SDK, are taken for."""

from __future__ import annotations

import http.client
import socket
import ssl
from types import SimpleNamespace

import pytest

from clouds import Cause, Failure
from clouds.obs import failures as obs
from tests.clouds.errors import HOSTILE

OBS_CODES = [
    ("AccessDenied", 403, Cause.DENIED),
    ("AccessForbidden", 403, Cause.DENIED),
    ("AllAccessDisabled", 403, Cause.DENIED),
    ("InArrearOrInsufficientBalance", 403, Cause.DENIED),
    ("DeniedByPolicy", 403, Cause.DENIED),
    ("SomethingNew", 403, Cause.DENIED),
    (None, 403, Cause.DENIED),
    ("InvalidAccessKeyId", 403, Cause.UNKNOWN_KEY),
    ("SignatureDoesNotMatch", 403, Cause.WRONG_SECRET),
    ("ExpiredToken", 400, Cause.EXPIRED),
    ("InvalidToken", 400, Cause.CREDENTIAL_REFUSED),
    ("RequestTimeTooSkewed", 403, Cause.CLOCK_SKEW),
    ("NoSuchBucket", 404, Cause.NO_BUCKET),
    ("InvalidBucketName", 400, Cause.NO_BUCKET),
    ("NoSuchKey", 404, Cause.NO_OBJECT),
    (None, 404, Cause.UNKNOWN),  # some web server's
    ("PreconditionFailed", 412, Cause.ALREADY_EXISTS),
    (None, 412, Cause.ALREADY_EXISTS),
    ("InvalidObjectState", 403, Cause.ARCHIVED),
    ("ObjectLocked", 403, Cause.RETENTION),
    ("PermanentRedirect", 301, Cause.WRONG_REGION),
    ("TemporaryRedirect", 307, Cause.REDIRECTED),
    (None, 302, Cause.REDIRECTED),
    ("SlowDown", 503, Cause.THROTTLED),
    ("ServiceUnavailable", 503, Cause.THROTTLED),
    ("InternalError", 500, Cause.SERVER_ERROR),
    (None, 502, Cause.SERVER_ERROR),
    ("InsufficientStorageSpace", 409, Cause.QUOTA),
    ("QuotaExceeded", 403, Cause.QUOTA),
    ("UserSuspended", 403, Cause.SUSPENDED),
    ("NotImplemented", 501, Cause.NOT_SUPPORTED),
    ("SomethingNew", 400, Cause.UNKNOWN),
]


@pytest.mark.parametrize(("code", "status", "cause"), OBS_CODES)
def test_obs_codes(code: str | None, status: int, cause: Cause) -> None:
    answer = SimpleNamespace(errorCode=code, status=status, requestId="0000018A", errorMessage=HOSTILE, body=HOSTILE)
    assert obs.failure_of(answer) == Failure(cause, code or "", status, "0000018A")


OBS_TRANSPORT = [
    (ConnectionRefusedError(), Cause.UNREACHABLE),
    (socket.gaierror(), Cause.UNREACHABLE),
    (http.client.BadStatusLine("x"), Cause.UNREACHABLE),
    (http.client.IncompleteRead(b""), Cause.UNREACHABLE),
    (ssl.SSLCertVerificationError(), Cause.TLS),
    (ssl.SSLEOFError(), Cause.TLS),
    (TimeoutError(), Cause.TIMEOUT),
    (ValueError(), Cause.UNKNOWN),
]


@pytest.mark.parametrize(("error", "cause"), OBS_TRANSPORT, ids=repr)
def test_obs_transport(error: Exception, cause: Cause) -> None:
    assert obs.failure_of_transport(error) == Failure(cause, type(error).__name__)


def test_every_code_in_the_table_is_tested() -> None:
    assert set(obs.CAUSES) <= {code for code, _, _ in OBS_CODES}
