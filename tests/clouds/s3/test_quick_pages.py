"""Pages that are read quickly say what botocore alone reads from them, however odd they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds.s3.quick_pages import read_quickly

SPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
ROW = (
    "<Contents><Key>{key}</Key><LastModified>2026-02-11T10:00:00.000Z</LastModified><ETag>&quot;d41d8&quot;</ETag>"
    "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>7</Size><Owner><ID>me</ID></Owner>"
    "<StorageClass>GLACIER</StorageClass></Contents>"
)
HEAD = "<Name>b</Name><Prefix>in/</Prefix><KeyCount>1</KeyCount><MaxKeys>9</MaxKeys><IsTruncated>true</IsTruncated>"
# What clouds.s3.store reads of an answer.
FIELDS = ("Key", "LastModified", "ETag", "Size", "StorageClass")


class Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body


class Reader:
    """A client that gets the answers it is told."""

    def __init__(self, *, quickly: bool) -> None:
        self.client: Any = boto3.Session("key", "secret", region_name="eu-central-1").client("s3")
        self.answer: AWSResponse | None = None
        if quickly:
            read_quickly(self.client)
        self.client.meta.events.register_first("before-send.s3", self._sent)

    def _sent(self, **_: Any) -> Any:
        return self.answer

    def read(self, body: str, status: int) -> Any:
        """What it makes of this answer to a listing; of an error, its class and text."""
        self.answer = AWSResponse("https://b.s3.example.com/", status, HEADERS, Raw(body.encode()))
        try:
            found = self.client.list_objects_v2(Bucket="b")
        except Exception as error:  # noqa: BLE001 - both ways have to fail alike, whatever it is
            return type(error).__name__, str(error)
        rows = [{name: row[name] for name in FIELDS if name in row} for row in found.get("Contents", [])]
        folders = [row["Prefix"] for row in found.get("CommonPrefixes", [])]
        return rows, folders, [found.get(name) for name in ("Name", "IsTruncated", "Prefix", "KeyCount")]


HEADERS: Any = HeadersDict()
QUICK, USUAL = Reader(quickly=True), Reader(quickly=False)


def read_by_both(body: str, status: int = 200) -> Any:
    found = QUICK.read(body, status)
    assert found == USUAL.read(body, status)
    return found


def document(*parts: str, space: str = SPACE) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult{space}>{"".join(parts)}</ListBucketResult>'


@pytest.mark.parametrize(
    "body",
    [
        document(HEAD, ROW.format(key="in/a.jpg"), ROW.format(key="in/b.jpg")),
        document(ROW.format(key="in/a.jpg"), HEAD, "<CommonPrefixes><Prefix>in/c/</Prefix></CommonPrefixes>"),
        document(HEAD, ROW.format(key="in/a.jpg"), space=""),
        document(HEAD, "<EncodingType>url</EncodingType>", ROW.format(key=quote("in/ä b+c%.jpg"))),
        document(HEAD, ROW.format(key=quote("in/ä b+c%.jpg"))),  # where the server does not say that it has encoded
        document(HEAD),
        document(HEAD, "<Contents><Key>in/a.jpg</Key></Contents>"),
        document(HEAD, "<Contents><Key/><ETag></ETag><Size>0</Size></Contents>"),
        document(HEAD, ROW.format(key="in/a.jpg").replace("2026-02-11T10:00:00.000Z", "Wed, 11 Feb 2026 10:00:00 GMT")),
        document(HEAD, ROW.format(key="in/a.jpg").replace("2026-02-11T10:00:00.000Z", "2026-02-11T10:00:00")),
        document(HEAD, ROW.format(key="in/a.jpg").replace("2026-02-11T10:00:00.000Z", "2026-02-11T10:00:00+02:00")),
        document(HEAD, ROW.format(key="in/a.jpg").replace("<Size>7", "<Size>much")),
        document(HEAD, ROW.format(key="in/a.jpg").replace("<Size>7</Size>", "<Size/>")),
        document(HEAD, ROW.format(key="in/a.jpg").replace("2026-02-11T10:00:00.000Z", "yesterday")),
        "<Error><Code>SlowDown</Code><Message>later</Message></Error>",
        "<html><body>Sign in</body></html>",
        "<ListBucketResult><Contents>",
        "",
    ],
)
def test_like_botocore(body: str) -> None:
    read_by_both(body)


def test_an_error() -> None:
    body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    assert read_by_both(body, 403)[0] == "AccessDenied"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30), max_size=5))
def test_names(names: list[str]) -> None:
    body = document(HEAD, *(ROW.format(key=escape(name)) for name in names))
    read_by_both(body)
    coded = document(HEAD, "<EncodingType>url</EncodingType>", *(ROW.format(key=quote(name)) for name in names))
    assert [row["Key"] for row in read_by_both(coded)[0]] == names
