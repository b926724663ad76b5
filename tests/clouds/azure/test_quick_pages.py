"""Pages that are read quickly say what Azure's SDK alone reads from them, however odd they are."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, ContainerClient
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from clouds.azure import quick_pages
from clouds.azure.quick_pages import EntryPages, entry_of
from clouds.store import Entry

ADDRESS = re.compile(" at 0x[0-9a-f]+")
DATE, MD5 = "Wed, 11 Feb 2026 10:00:00 GMT", "<Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5>"
ROW = (
    "<Blob><Name>{name}</Name><Properties><Creation-Time>Tue, 10 Feb 2026 10:00:00 GMT</Creation-Time>"
    f"<Last-Modified>{DATE}</Last-Modified><Etag>0x8DE1234</Etag><Content-Length>7</Content-Length>"
    f"<Content-Type>image/jpeg</Content-Type><Content-Encoding /><Content-Language />{MD5}"
    "<Cache-Control /><Content-Disposition /><BlobType>BlockBlob</BlobType><AccessTier>Cool</AccessTier>"
    "<AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
    "<ServerEncrypted>true</ServerEncrypted></Properties><Metadata>{metadata}</Metadata><OrMetadata /></Blob>"
)
PLAIN = ROW.format(name="in/a.jpg", metadata="")


class Told(BaseAdapter):
    """A connection on which the answers come that it is told, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, bytes, str]] = []
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, body, kind = self.answers.pop(0)
        answer.raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        answer.headers["Content-Type"] = kind
        answer.request, answer.url = request, str(request.url)
        self.asked.append(answer.url)
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def container(told: Told) -> ContainerClient:
    transport = RequestsTransport()
    transport.open()
    transport.session.mount("https://", told)
    service = BlobServiceClient(
        "https://a.blob.core.windows.net", credential="sv=x&sig=x", retry_total=0, transport=transport
    )
    return service.get_container_client("c")


def outcome(pages: Any) -> Any:
    """All pages, and whether there is more after each; of an error, its class and text."""
    found: list[tuple[list[Entry], bool]] = []
    try:
        while True:
            entries = [each if isinstance(each, Entry) else entry_of(each) for each in next(pages)]
            found.append((entries, pages.more if isinstance(pages, EntryPages) else bool(pages.continuation_token)))
    except StopIteration:
        return found
    except Exception as error:  # noqa: BLE001 - both ways have to fail alike, whatever it is
        return found, type(error).__name__, getattr(error, "error_code", None), ADDRESS.sub("", str(error))


def read_by_both(
    told: Told, container: ContainerClient, *bodies: bytes | str, status: int = 200, kind: str = "application/xml"
) -> Any:
    outcomes, asked = [], []
    for quickly in (True, False):
        told.answers = [(status, body.encode() if isinstance(body, str) else body, kind) for body in bodies]
        told.asked = []
        pages = EntryPages(container) if quickly else container.list_blobs(include=["metadata"]).by_page()
        outcomes.append(outcome(pages))
        asked.append(told.asked)
    assert outcomes[0] == outcomes[1]
    assert asked[0] == asked[1]
    return outcomes[0]


def document(*rows: str, marker: str = "<NextMarker />") -> str:
    return (
        '\ufeff<?xml version="1.0" encoding="utf-8"?>'
        '<EnumerationResults ServiceEndpoint="https://a/" ContainerName="c">'
        f"<Prefix>in/</Prefix><MaxResults>9</MaxResults><Blobs>{''.join(rows)}</Blobs>{marker}</EnumerationResults>"
    )


@pytest.mark.parametrize(
    "body",
    [
        document(PLAIN, PLAIN.replace("a.jpg", "b.jpg")),
        document(PLAIN)[1:],  # without the byte order mark
        document(),
        document(PLAIN).replace("<Blobs>", "\n<Blobs>\n  "),
        document(PLAIN.replace(MD5, "<Content-MD5 />")),
        document(PLAIN.replace(MD5, "")),
        document(PLAIN.replace(MD5, "<Content-MD5>no</Content-MD5>")),
        document(PLAIN.replace("Cool", "Hot")),
        document(PLAIN.replace("Cool", "Archive")),
        document(PLAIN.replace("<AccessTier>Cool</AccessTier>", "")),
        document(PLAIN.replace("BlockBlob", "AppendBlob")),
        document(PLAIN.replace("BlockBlob", "Blob")),
        document(PLAIN.replace("0x8DE1234", "&quot;0x8DE1234&quot;")),
        document(PLAIN.replace("<Etag>0x8DE1234</Etag>", "")),
        document(PLAIN.replace("<Metadata></Metadata>", "")),
        document(ROW.format(name="in/d", metadata="<hdi_isfolder>true</hdi_isfolder>")),
        document(ROW.format(name="in/d", metadata="<Hdi_IsFolder>True</Hdi_IsFolder><a>b</a>")),
        document(ROW.format(name="in/d", metadata="<hdi_isfolder>false</hdi_isfolder>")),
        document(ROW.format(name="in/d", metadata="<hdi_isfolder />")),
        document(PLAIN.replace("<Name>in/", '<Name Encoded="true">in%2F%0b%EF%BF%BF+')),
        document(PLAIN.replace("<Name>in/", '<Name Encoded="false">in%2F')),
        document(PLAIN.replace("<Name>in/", '<Name Encoded="maybe">in%2F')),
        document(PLAIN.replace("<Name>in/", "<Name>in%2F")),
        document(PLAIN.replace("<Name>in/", "<Name> in/\r\n\t&#13;&#9; ")),
        document(PLAIN.replace("in/a.jpg", "")),
        document(PLAIN.replace("<Content-Length>7", "<Content-Length>much")),
        document(PLAIN.replace("<Content-Length>7", "<Content-Length> 1_0 ")),
        document(PLAIN.replace("<Content-Length>7</Content-Length>", "<Content-Length />")),
        document(PLAIN.replace("<Content-Length>7</Content-Length>", "")),
        document(PLAIN.replace("<Content-Length>7", "<Content-Length>8</Content-Length><Content-Length>7")),
        document(PLAIN.replace(DATE, "yesterday")),
        document(PLAIN.replace(DATE, "Wed, 31 Feb 2026 10:00:00 GMT")),
        document(PLAIN.replace(DATE, "Wed, 11 Feb 2026 10:00:00 +0200")),
        document(PLAIN.replace(DATE, "11 Feb 2026 10:00:00 GMT")),
        document(PLAIN.replace(DATE, "Wed, 11 Feb 2026 10:00:60 GMT")),
        document("<Blob><Name>in/a.jpg</Name></Blob>"),
        document("<Blob />"),
        document(PLAIN, "<BlobPrefix><Name>in/d/</Name></BlobPrefix>"),
        document(PLAIN).replace("<Blobs>", "<Blobs /><Blobs>"),
        document(PLAIN).replace("<Blobs>", "").replace("</Blobs>", ""),
        document(PLAIN).replace("EnumerationResults", "Enumeration"),
        document(PLAIN).replace("<Enumeration", '<Enumeration xmlns="https://example.com/" '),
        document(PLAIN).replace("utf-8", "latin-1").replace("a.jpg", "ä.jpg"),
        "<html><body>Sign in</body></html>",
        "<EnumerationResults><Blobs>",
        "{}",
        "",
        b"\xff\xfe\x00",
    ],
)
def test_like_the_sdk(told: Told, container: ContainerClient, body: str | bytes) -> None:
    read_by_both(told, container, body)


def test_pages_go_on_by_markers(told: Told, container: ContainerClient) -> None:
    marker = "<NextMarker>2!76!a b+c%2F&amp;=</NextMarker>"
    empty = document(marker=marker)
    found = read_by_both(told, container, document(PLAIN, marker=marker), empty, document(PLAIN))
    assert [(len(entries), more) for entries, more in found] == [(1, True), (0, True), (1, False)]
    assert "marker=2%2176%21a%20b%2Bc%252F%26%3D" in told.asked[1]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500, 503])
@pytest.mark.parametrize("body", ["<Error><Code>ServerBusy</Code><Message>no</Message></Error>", document(PLAIN)])
def test_an_error(told: Told, container: ContainerClient, status: int, body: str) -> None:
    assert len(read_by_both(told, container, body, status=status)) == 4


@pytest.mark.parametrize(
    "kind", ["text/html", "application/json", "application/xml; charset=latin-1", "application/xml; charset=utf-8"]
)
def test_another_kind_of_answer(told: Told, container: ContainerClient, kind: str) -> None:
    read_by_both(told, container, document(PLAIN.replace("a.jpg", "ä.jpg")), kind=kind)


def test_an_error_on_a_later_page(told: Told, container: ContainerClient) -> None:
    """What is left of the page before is not taken for this one."""
    told.answers = [
        (200, document(PLAIN, marker="<NextMarker>m</NextMarker>").encode(), "application/xml"),
        (200, document(PLAIN.replace("in/a.jpg", "in/b.jpg").replace(DATE, f"{DATE} ")).encode(), "application/xml"),
    ]
    pages = EntryPages(container)
    assert [entry.key for entry in next(pages)] == ["in/a.jpg"]
    assert [entry.key for entry in next(pages)] == ["in/b.jpg"]


def test_usual_pages_are_read_quickly(told: Told, container: ContainerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(quick_pages, "entry_of", made.append)
    told.answers = [(200, document(PLAIN).encode(), "application/xml")]
    assert [entry.key for page in EntryPages(container) for entry in page] == ["in/a.jpg"]
    assert not made


IN_XML = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(IN_XML, max_size=30), max_size=5))
def test_names(told: Told, container: ContainerClient, names: list[str]) -> None:
    plain = document(*(ROW.format(name=escape(name), metadata="") for name in names))
    read_by_both(told, container, plain)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=30), max_size=5))
def test_encoded_names(told: Told, container: ContainerClient, names: list[str]) -> None:
    rows = (ROW.format(name=quote(name), metadata="").replace("<Name>", '<Name Encoded="true">') for name in names)
    ((entries, _),) = read_by_both(told, container, document(*rows))
    assert [entry.key for entry in entries] == names
