"""Signed URLs of the storage of `make demo`: right ones go on to moto with a signature in their headers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from botocore.config import Config

from lightly_platform.demo.signed_urls import SignedUrls

KEY = "raw/street/a b+c ü.mp4"


def signed(secret: str = "right", *, seconds: int = 60) -> str:
    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9999",
        region_name="eu-central-1",
        aws_access_key_id="reader",
        aws_secret_access_key=secret,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url: str = client.generate_presigned_url("get_object", {"Bucket": "acme", "Key": KEY}, ExpiresIn=seconds)
    return url


def asked(url: str, method: str = "GET") -> tuple[str, dict[str, Any] | None]:
    """The status, and what moto would be asked; None: it is not asked."""
    seen: list[dict[str, Any]] = []
    statuses: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return [b""]

    parts = urlsplit(url)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(parts.path).encode().decode("latin-1"),
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc,
        "HTTP_RANGE": "bytes=0-",
    }
    SignedUrls(app, {"reader": "right"})(environ, lambda status, _headers, *_: statuses.append(status))  # type: ignore[arg-type]
    return statuses[0], seen[0] if seen else None


def test_the_right_one_goes_on() -> None:
    status, environ = asked(signed())
    assert status == "200 OK"
    assert environ
    assert environ["HTTP_AUTHORIZATION"].startswith("AWS4-HMAC-SHA256 Credential=reader/")
    assert environ["HTTP_RANGE"] == "bytes=0-"
    assert "X-Amz" not in environ["QUERY_STRING"]


@pytest.mark.parametrize(
    "url",
    [
        signed("wrong"),
        signed().replace("mp4", "mp5"),
        signed().replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        signed().replace("X-Amz-Expires=60", "X-Amz-Expires=x"),
        signed().replace("reader", "nobody"),
        "http://127.0.0.1:9999/acme/a?X-Amz-Signature=x",
    ],
    ids=range(6),
)
def test_all_others_are_refused(url: str) -> None:
    assert asked(url) == ("403 Forbidden", None)


def test_an_old_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(seconds=61)

    url = signed()
    monkeypatch.setattr("lightly_platform.demo.signed_urls.datetime", Later)
    assert asked(url) == ("403 Forbidden", None)


def test_what_is_not_signed_so_goes_on_as_it_is() -> None:
    for url, method in (("http://127.0.0.1:9999/acme/a?list-type=2", "GET"), (signed(), "PUT")):
        _, environ = asked(url, method)
        assert environ
        assert "HTTP_AUTHORIZATION" not in environ
