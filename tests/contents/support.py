"""What the tests of listings share: a bucket with everything in it, and calls as the official client makes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from django.utils import timezone

from clouds import parse_config
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from tests.servers import Cloud, Config, Right

PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"]
# Roles list on the same server and by the same code as keys of S3 do. What differs is how URLs are signed.
on_every_server = pytest.mark.parametrize("storage", ["S3", "AZURE", "GCS", "OBS", "S3Compatible"], indirect=True)
READING = {Right.LIST, Right.READ}
AGENT = "Lightly/1.5.26 (Linux)"

INPUT, OUTPUT, FLAT = "raw data+1/", "out/", "flat/"
IMAGES = [
    "plain.jpg",
    "UPPER.JPG",
    "Mixed.JpEg",
    "with space.png",
    "a+b.png",
    "a#b.png",
    "50%25 off?.gif",
    "percent%.webp",
    "and&equals=;.bmp",
    "quote'(1)~!.tif",
    "ünï/☃😀 深.tiff",
    "dir/deep/er/x.ppm",
    "dir/deep/er.pgm",
    "dir/sub/.lightly/nested.jpg",
    ".lightly.jpg",
    ".lightlyx/x.jpg",
    "zz.png",
]
VIDEOS = ["v/clip.MP4", "v/a b.mov", "v/x.hevc", "v/x.webm", "v/x.avi", "v/x.m4v", "v/x.mpg", "v/x.mpeg"]
OTHERS = [
    "notes.txt",
    "noextension",
    "jpg",
    "dir/jpg",
    "x.jpg.bak",
    ".lightly/thumbnails/a_thumb.jpg",
    ".lightly/x.mp4",
]
PREDICTIONS = ["plain.json", "a+b.json", "dir/deep/er/x.json", "v/clip-007-MP4.json", "dir/schema.json"]
METADATA = ["plain.json", "with space.json"]
# A folder of more than one page, with pages a quarter as large as the clouds' own.
FLAT_COUNT, FLAT_PAGE = 300, 250


@dataclass
class Storage:
    """One provider's bucket with everything in it."""

    cloud: Cloud
    bucket: str
    input: Config
    lightly: Config
    flat: Config


def connect(dataset: Dataset, purpose: Purpose, config: Config) -> Datasource:
    datasource = Datasource(dataset=dataset, purpose=purpose)
    datasource.set_config(parse_config(config, configured_endpoints()))
    datasource.save()
    return datasource


def green(datasource: Datasource) -> Datasource:
    """As after a check of what it is now that granted everything."""
    check = PermissionCheck.objects.create(
        datasource=datasource,
        revision=datasource.revision,
        provider=datasource.provider,
        path=datasource.path,
        state=CheckState.DONE,
        outcome=Outcome.GREEN,
        finished_at=timezone.now(),
    )
    datasource.latest_check = check
    datasource.save(update_fields=["latest_check"])
    return datasource


def relevant_file(storage: Storage, text: str) -> str:
    """Its name, in the Lightly datasource."""
    name = f".lightly/relevant-{time.monotonic_ns()}.txt"
    storage.cloud.put(storage.bucket, OUTPUT + name, text.encode())
    return name


class Listings:
    """What the client does, in one process: Listings(call(alice), dataset).all("list")"""

    def __init__(self, script: Any, dataset: Dataset) -> None:
        self.script = script
        self.path = f"/v1/datasets/{dataset.pk}/datasource"

    def ask(self, path: str, **query: object) -> Any:
        return self.script.get(f"{self.path}/{path}", {name: str(value) for name, value in query.items()}, agent=AGENT)

    def answer(self, path: str, **query: object) -> Any:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def refusal(self, path: str, **query: object) -> tuple[int, str, str]:
        answer = self.ask(path, **query)
        return answer.status_code, answer.json()["code"], answer.json()["error"]

    def pages(self, path: str, **query: object) -> Iterator[list[dict[str, str]]]:
        """Like clients up to 1.4.5: the first page by its window, the others by the cursor."""
        page = self.answer(path, **query)
        again = {name: value for name, value in query.items() if name not in {"from", "to", "cursor"}}
        while True:
            assert set(page) == {"hasMore", "cursor", "data"}
            assert page["cursor"]
            yield page["data"]
            if not page["hasMore"]:
                if "cursor" not in query:
                    assert self.answer(path, **again, cursor=page["cursor"])["data"] == []
                return
            page = self.answer(path, **again, cursor=page["cursor"])

    def all(self, path: str, **query: object) -> list[dict[str, str]]:
        return [row for page in self.pages(path, **query) for row in page]

    def names(self, path: str, **query: object) -> list[str]:
        return [row["fileName"] for row in self.all(path, **query)]

    def shards(self, path: str, count: int, **query: object) -> list[list[str]]:
        """Like client 1.5.26: cursors first, then each to its end."""
        cursors = self.answer(f"{path}/dnc", dncShards=count, **query)["cursors"]
        again = {name: value for name, value in query.items() if name not in {"from", "to"}}
        return [self.names(path, **again, cursor=cursor) for cursor in cursors]


def joined(shards: list[list[str]]) -> list[str]:
    return [name for shard in shards for name in shard]


def fetch(url: str, client: Client, method: str = "GET", **headers: str) -> requests.Response:
    """As any program would, following this server's redirects too."""
    if urlsplit(url).hostname == "testserver":
        answer = client.generic(method, url)
        assert answer.status_code == 302, answer.content
        url = answer["Location"]
    return requests.request(method, url, headers=headers, timeout=10)


PATHS: list[tuple[str, dict[str, str]]] = [
    ("list", {}),
    ("list/dnc", {"dncShards": "2"}),
    ("predictions/list", {"taskName": "boxes"}),
    ("predictions/list/dnc", {"taskName": "boxes", "dncShards": "2"}),
    ("metadata/list", {}),
    ("metadata/list/dnc", {"dncShards": "2"}),
    ("predictions/file", {"fileName": "boxes/schema.json"}),
    ("metadata/file", {"fileName": "schema.json"}),
    ("embeddings/file", {"fileName": "a.csv"}),
    ("fileHEAD", {"fileName": "plain.jpg"}),
    ("predictions/writeUrl", {"fileName": "a.json"}),
    ("processedUntilTimestamp", {}),
]
