"""Pages that are read quickly say what Google's SDK alone reads from them, however odd they are."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from clouds.gcs import quick_pages
from clouds.gcs.quick_pages import entries_of, entry_of

ROW = {
    "name": "in/a.jpg",
    "timeCreated": "2026-02-11T10:00:00.123Z",
    "size": "7",
    "generation": "1770804000123456",
    "md5Hash": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "storageClass": "NEARLINE",
}


ODD: list[Any] = [None, "", 7, "0", " 7", "x", [], {}]


class Told(BaseAdapter):
    """A connection on which the answers come that it is told, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, str(request.url), request
        # The SDK asks for the bucket too, in a thread of its own.
        told = self.answers.pop(0) if "/b/b/o?" in answer.url else {}
        answer.raw = HTTPResponse(io.BytesIO(json.dumps(told).encode()), preload_content=False)
        answer.headers["Content-Type"] = "application/json"
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def client(told: Told) -> storage.Client:
    session = AuthorizedSession(AnonymousCredentials())
    session.mount("https://", told)
    # The SDK's types end here.
    made: Any = storage.Client
    client: storage.Client = made(project="p", credentials=AnonymousCredentials(), _http=session)
    return client


def outcome(client: Any, *, quickly: bool) -> Any:
    """All pages with the token after each; of an error, its class and text."""
    found: list[Any] = []
    pages = client.list_blobs("b")
    try:
        for page in pages.pages:
            entries = entries_of(page) if quickly else [entry_of(blob) for blob in page]
            found.append((entries, pages.next_page_token))
    except Exception as error:  # noqa: BLE001 - both ways have to fail alike, whatever it is
        return found, type(error).__name__, str(error)
    return found


def read_by_both(told: Told, client: Any, *answers: Any) -> Any:
    told.answers = list(answers)
    quick = outcome(client, quickly=True)
    told.answers = list(answers)
    assert quick == outcome(client, quickly=False)
    return quick


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ROW.items() if key != name}


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        *(without(name) for name in ROW if name != "name"),
        *({**ROW, name: value} for name in ROW if name != "name" for value in ODD),
        {**ROW, "size": 7},
        {**ROW, "size": "1_0"},
        {**ROW, "size": "9" * 30},
        {**ROW, "storageClass": "STANDARD"},
        {**ROW, "timeCreated": "2026-02-11T10:00:00Z"},
        {**ROW, "timeCreated": "2026-02-11T10:00:00.123456789Z"},
        {**ROW, "timeCreated": "1969-12-31T23:59:59.900Z"},
        {**ROW, "timeCreated": "2026-02-31T10:00:00Z"},
        {**ROW, "timeCreated": "2026-02-11T24:00:00Z"},
        {**ROW, "timeCreated": "2026-02-11T10:00:00+02:00"},
        {**ROW, "timeCreated": "2026-02-11T10:00:00.1Z and more"},
        {**ROW, "more": "than asked for"},
    ],
)
def test_like_the_sdk(told: Told, client: storage.Client, row: dict[str, Any]) -> None:
    read_by_both(told, client, {"items": [ROW, row]})


def test_pages_go_on_by_tokens(told: Told, client: storage.Client) -> None:
    found = read_by_both(told, client, {"items": [ROW], "nextPageToken": "a/+="}, {"nextPageToken": "b"}, {})
    assert [(len(entries), token) for entries, token in found] == [(1, "a/+="), (0, "b"), (0, None)]


def test_usual_pages_are_read_quickly(told: Told, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(quick_pages, "entry_of", made.append)
    told.answers = [{"items": [ROW]}]
    assert [entry.key for page in client.list_blobs("b").pages for entry in entries_of(page)] == ["in/a.jpg"]
    assert not made


@settings(max_examples=40, deadline=None)
@given(names=st.lists(st.text(min_size=1, max_size=30), max_size=5))
def test_names(told: Told, client: storage.Client, names: list[str]) -> None:
    ((entries, _),) = read_by_both(told, client, {"items": [{**ROW, "name": name} for name in names]})
    assert [entry.key for entry in entries] == names
