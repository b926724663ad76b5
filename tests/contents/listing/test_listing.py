"""/v1/datasets/{id}/datasource/list and its relatives, for every provider, against real storage servers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from clouds import Deadline, open_store, parse_config
from clouds.s3 import store as s3
from contents.listing import listing
from datasets.models import Dataset
from datasets.services import create_dataset, share_dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose
from teams.models import Membership, User
from tests.conftest import Call
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS, Cloud, Config, Right, Trouble

pytestmark = pytest.mark.django_db

PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"]
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
FLAT_COUNT = 1_200


@dataclass
class Storage:
    """One provider's bucket with everything in it."""

    cloud: Cloud
    bucket: str
    input: Config
    lightly: Config
    flat: Config


@pytest.fixture(scope="module")
def storages(clouds: dict[str, Cloud]) -> dict[str, Storage]:
    """Filled side by side: each is its own server. The two ways into S3 share a bucket."""

    def fill(cloud: Cloud) -> str:
        bucket = cloud.make_bucket()
        keys = [INPUT + name for name in IMAGES + VIDEOS + OTHERS]
        keys += [f"{OUTPUT}.lightly/predictions/boxes/{name}" for name in ["schema.json", *PREDICTIONS]]
        keys += [f"{OUTPUT}.lightly/predictions/tasks.json", f"{OUTPUT}.lightly/predictions/other/plain.json"]
        keys += [f"{OUTPUT}.lightly/metadata/{name}" for name in ["schema.json", *METADATA]]
        keys += [f"{FLAT}img_{number:06}.jpg" for number in range(FLAT_COUNT)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: cloud.put(bucket, key, f"this is {key}".encode()), keys))
        return bucket

    own = [cloud for provider, cloud in clouds.items() if provider != "S3DelegatedAccess"]
    with ThreadPoolExecutor() as pool:
        buckets = dict(zip([cloud.provider for cloud in own], pool.map(fill, own), strict=True))
    buckets["S3DelegatedAccess"] = buckets["S3"]
    return {
        provider: Storage(
            cloud,
            buckets[provider],
            cloud.grant(buckets[provider], INPUT, READING),
            cloud.grant(buckets[provider], OUTPUT, WORKING_RIGHTS),
            cloud.grant(buckets[provider], FLAT, ALL_RIGHTS),
        )
        for provider, cloud in clouds.items()
    }


@pytest.fixture(autouse=True)
def endpoints(cloud_environment: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The product talks to the test servers, with the platform's own AWS identity for roles."""
    for name, value in cloud_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
        else:
            setattr(settings, name, value.split(",") if name == "LIGHTLY_ALLOWED_PRIVATE_HOSTS" else value)
    s3._session.cache_clear()
    yield
    s3._session.cache_clear()


@pytest.fixture(params=PROVIDERS)
def storage(storages: dict[str, Storage], request: pytest.FixtureRequest) -> Storage:
    return storages[request.param]


def connect(dataset: Dataset, purpose: Purpose, config: Config) -> Datasource:
    datasource = Datasource(dataset=dataset, purpose=purpose)
    datasource.set_config(parse_config(config, configured_endpoints()))
    datasource.save()
    return datasource


@pytest.fixture
def connected(dataset: Dataset, storage: Storage) -> Dataset:
    connect(dataset, Purpose.INPUT, storage.input)
    connect(dataset, Purpose.LIGHTLY, storage.lightly)
    return dataset


@pytest.fixture
def on_s3(dataset: Dataset, storages: dict[str, Storage]) -> Dataset:
    connect(dataset, Purpose.INPUT, storages["S3"].input)
    connect(dataset, Purpose.LIGHTLY, storages["S3"].lightly)
    return dataset


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


@pytest.fixture
def listings(call: Call, alice: User, dataset: Dataset) -> Listings:
    return Listings(call(alice), dataset)


def fetch(url: str, client: Client, method: str = "GET", **headers: str) -> requests.Response:
    """As any program would, following this server's redirects too."""
    if urlsplit(url).hostname == "testserver":
        answer = client.generic(method, url)
        assert answer.status_code == 302, answer.content
        url = answer["Location"]
    return requests.request(method, url, headers=headers, timeout=10)


# --- what is listed -------------------------------------------------------------------------------------------------
def test_exactly_the_images_and_every_url_opens(connected: Dataset, listings: Listings, client: Client) -> None:
    rows = listings.all("list")
    assert sorted(row["fileName"] for row in rows) == sorted(IMAGES)
    for row in rows:
        content = f"this is {INPUT}{row['fileName']}".encode()
        assert fetch(row["readUrl"], client).content == content, row
        part = fetch(row["readUrl"], client, Range="bytes=5-8")
        assert (part.status_code, part.content) == (206, content[5:9]), row


def test_exactly_the_videos_of_a_video_dataset(connected: Dataset, listings: Listings) -> None:
    Dataset.objects.update(type="Videos")
    assert sorted(listings.names("list")) == sorted(VIDEOS)


def check_flat(shards: list[list[str]], count: int) -> None:
    assert sorted(joined(shards)) == [f"img_{number:06}.jpg" for number in range(FLAT_COUNT)]
    assert len(shards) == count
    assert max(len(shard) for shard in shards) <= 1.5 * FLAT_COUNT / count


def test_a_flat_directory_is_really_divided(dataset: Dataset, storage: Storage, listings: Listings) -> None:
    connect(dataset, Purpose.INPUT_OUTPUT, storage.flat)
    check_flat(listings.shards("list", 1), 1)
    check_flat(listings.shards("list", 8), 8)


def test_a_large_flat_directory_is_divided_by_guessing(
    dataset: Dataset, storage: Storage, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXACT_CLOUD_PAGES", 0)
    connect(dataset, Purpose.INPUT_OUTPUT, storage.flat)
    cursors = listings.answer("list/dnc", dncShards=8)["cursors"]
    assert len(cursors) == 8
    # Two of the eight are enough to see that the cloud takes cuts for what they are.
    both = [listings.names("list", cursor=cursor) for cursor in cursors[3:5]]
    first, last = both[0][0], both[1][-1]
    expected = [name for number in range(FLAT_COUNT) if first <= (name := f"img_{number:06}.jpg") <= last]
    assert joined(both) == expected
    assert all(0 < len(shard) <= 1.5 * FLAT_COUNT / 8 for shard in both)


def test_pages_and_shards_of_odd_names(connected: Dataset, listings: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors rest on every single name once."""
    monkeypatch.setattr(listing, "MOST_PER_CLOUD_PAGE", 4)
    monkeypatch.setattr(listing, "MOST_CLOUD_PAGES", 1)
    assert sorted(listings.names("list")) == sorted(IMAGES)
    monkeypatch.setattr(listing, "EXACT_CLOUD_PAGES", 0)
    assert sorted(joined(listings.shards("list", 8))) == sorted(IMAGES)


def test_the_look_ahead_ends(on_s3: Dataset, listings: Listings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page without anything fitting says that there is more, instead of keeping the caller waiting."""
    monkeypatch.setattr(listing, "MOST_PER_CLOUD_PAGE", 1)
    monkeypatch.setattr(listing, "MOST_CLOUD_PAGES", 1)
    Dataset.objects.update(type="Videos")
    pages = list(listings.pages("list"))
    assert [] in pages
    assert sorted(row["fileName"] for page in pages for row in page) == sorted(VIDEOS)


def test_an_empty_datasource_has_a_cursor(dataset: Dataset, storage: Storage, listings: Listings) -> None:
    connect(dataset, Purpose.INPUT, storage.cloud.grant(storage.cloud.make_bucket(), "nothing/", READING))
    assert listings.shards("list", 8) == [[]]
    assert listings.all("list") == []


def test_the_window_includes_both_ends_in_whole_seconds(
    connected: Dataset, storage: Storage, listings: Listings
) -> None:
    config = parse_config(storage.input, configured_endpoints())
    store = open_store(config, configured_endpoints(), Deadline(10))
    times = {
        entry.key.removeprefix(INPUT): entry.modified
        for entry in store.page(INPUT, after="", limit=1000).entries
        if entry.key.removeprefix(INPUT) in IMAGES
    }
    store.close()
    first, last = min(times.values()), max(times.values())
    assert abs(first - time.time()) < 600
    assert sorted(listings.names("list", **{"from": first, "to": last})) == sorted(IMAGES)
    at_last = sorted(name for name, moment in times.items() if moment == last)
    assert sorted(listings.names("list", **{"from": last, "to": last})) == at_last
    assert sorted(name for shard in listings.shards("list", 3, **{"from": last}) for name in shard) == at_last
    assert listings.names("list", **{"from": last + 1}) == []
    assert listings.names("list", to=first - 1) == []


# --- predictions, metadata, single files ----------------------------------------------------------------------------
def test_predictions_and_metadata(connected: Dataset, listings: Listings, client: Client) -> None:
    predictions = [f".lightly/predictions/boxes/{name}" for name in PREDICTIONS]
    metadata = [f".lightly/metadata/{name}" for name in METADATA]
    rows = listings.all("predictions/list", taskName="boxes") + listings.all("metadata/list")
    assert sorted(row["fileName"] for row in rows) == sorted(predictions + metadata)
    for row in rows:
        assert fetch(row["readUrl"], client).content == f"this is {OUTPUT}{row['fileName']}".encode()
    assert sorted(joined(listings.shards("predictions/list", 3, taskName="boxes"))) == sorted(predictions)
    assert sorted(joined(listings.shards("metadata/list", 3))) == sorted(metadata)
    assert listings.names("predictions/list", taskName="unknown") == []


def test_urls_of_single_files(connected: Dataset, listings: Listings, client: Client, storage: Storage) -> None:
    for path, name, key in [
        ("predictions/file", "boxes/schema.json", ".lightly/predictions/boxes/schema.json"),
        ("predictions/file", ".lightly/predictions/boxes/a+b.json", ".lightly/predictions/boxes/a+b.json"),
        ("metadata/file", "with space.json", ".lightly/metadata/with space.json"),
    ]:
        assert fetch(listings.answer(path, fileName=name), client).content == f"this is {OUTPUT}{key}".encode()
    # Whether a file exists is nobody's question here.
    assert fetch(listings.answer("embeddings/file", fileName="none.csv"), client).status_code == 404
    for name in ["a+b.png", ".lightly/metadata/plain.json"]:
        head = fetch(listings.answer("fileHEAD", fileName=name), client, "HEAD")
        assert head.status_code == 200, name
        assert int(head.headers["Content-Length"]) > 10
    url = listings.answer("predictions/writeUrl", fileName="new task/ü+1.json")
    assert requests.put(url, b"{}", headers={"x-ms-blob-type": "BlockBlob"}, timeout=10).ok
    assert f"{OUTPUT}.lightly/predictions/new task/ü+1.json" in storage.cloud.keys(storage.bucket)
    read = fetch(listings.answer("predictions/file", fileName="new task/ü+1.json"), client)
    assert read.content == b"{}"


def relevant_file(storage: Storage, text: str) -> str:
    """Its name, in the Lightly datasource."""
    name = f".lightly/relevant-{time.monotonic_ns()}.txt"
    storage.cloud.put(storage.bucket, OUTPUT + name, text.encode())
    return name


def test_relevant_filenames(connected: Dataset, storage: Storage, listings: Listings) -> None:
    name = relevant_file(storage, "with space.png\nmissing.jpg\ndir/* dir/deep/* !dir/deep/er.pgm\nünï*\nnotes.txt\n")
    query = {"relevantFilenamesFileName": name}
    expected = sorted(["with space.png", "dir/sub/.lightly/nested.jpg", "dir/deep/er.pgm", "ünï/☃😀 深.tiff"])
    assert sorted(listings.names("list", **query)) == expected
    assert sorted(joined(listings.shards("list", 3, **query))) == expected
    assert listings.names("metadata/list", **query) == [".lightly/metadata/with space.json"]
    name = relevant_file(storage, "a+b.PNG\ndir/deep/er/*")
    assert sorted(listings.names("predictions/list", taskName="boxes", relevantFilenamesFileName=name)) == [
        ".lightly/predictions/boxes/a+b.json",
        ".lightly/predictions/boxes/dir/deep/er/x.json",
    ]


def test_relevant_filenames_spare_the_cloud(
    dataset: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storages["S3"]
    connect(dataset, Purpose.INPUT, storage.flat)
    connect(dataset, Purpose.LIGHTLY, storage.lightly)
    monkeypatch.setattr(listing, "MOST_PER_CLOUD_PAGE", 50)
    name = relevant_file(storage, "img_000700.jpg\nimg_0011*")
    storage.cloud.requests.clear()
    assert listings.names("list", relevantFilenamesFileName=name) == [
        "img_000700.jpg",
        *(f"img_{number:06}.jpg" for number in range(1_100, 1_200)),
    ]
    assert sum("list-type=2" in path for _method, path, _status in storage.cloud.requests) <= 4


@pytest.mark.parametrize(
    ("text", "words"), [(None, "does not exist"), ("fine.jpg\n../up.jpg", "Line 2"), ("a*.jpg", "white space")]
)
def test_a_relevant_filenames_file_that_is_no_good(
    on_s3: Dataset, storages: dict[str, Storage], listings: Listings, text: str | None, words: str
) -> None:
    name = ".lightly/none.txt" if text is None else relevant_file(storages["S3"], text)
    for path, query in [("list", {}), ("list/dnc", {"dncShards": 2})]:
        status, code, error = listings.refusal(path, relevantFilenamesFileName=name, **query)
        assert (status, code) == (422, "DATASET_DATASOURCE_RELEVANT_FILENAMES_INVALID")
        assert name in error
        assert words in error


def test_a_relevant_filenames_file_has_a_sane_size(
    on_s3: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_RELEVANT_BYTES", 10)
    name = relevant_file(storages["S3"], "x" * 11)
    status, code, _error = listings.refusal("list", relevantFilenamesFileName=name)
    assert (status, code) == (422, "DATASET_DATASOURCE_FILE_TOO_LARGE")


# --- cursors --------------------------------------------------------------------------------------------------------
def test_cursors_outlive_the_process(on_s3: Dataset, storages: dict[str, Storage], listings: Listings) -> None:
    """Nothing is kept between two requests but what may be lost."""
    name = relevant_file(storages["S3"], "a+b.png\nzz.png")
    cursors = listings.answer("list/dnc", dncShards=2, relevantFilenamesFileName=name)["cursors"]
    listing._relevant_of_run.clear()
    s3._session.cache_clear()
    found = [row["fileName"] for cursor in cursors for row in listings.all("list", cursor=cursor)]
    assert found == ["a+b.png", "zz.png"]


def test_cursors_of_others_and_made_up_ones(
    on_s3: Dataset, listings: Listings, call: Call, alice: User, bob: User, storages: dict[str, Storage]
) -> None:
    cursor = listings.answer("list")["cursor"]
    shard = listings.answer("metadata/list/dnc", dncShards=1)["cursors"][0]
    boxes = listings.answer("predictions/list", taskName="boxes")["cursor"]
    other = create_dataset(name="other", owner=alice)
    connect(other, Purpose.INPUT_OUTPUT, storages["S3"].input)
    bobs = Listings(call(bob), on_s3)
    assert bobs.answer("list")["data"]
    foreign: list[Callable[[], Any]] = [
        lambda: bobs.refusal("list", cursor=cursor),
        lambda: Listings(call(alice), other).refusal("list", cursor=cursor),
        lambda: listings.refusal("metadata/list", cursor=cursor),
        lambda: listings.refusal("list", cursor=shard),
        lambda: listings.refusal("predictions/list", cursor=boxes, taskName="other"),
        lambda: listings.refusal("list", cursor=cursor[:-2] + "xx"),
        lambda: listings.refusal("list", cursor="made-up"),
        lambda: listings.refusal("list", cursor="W10:x:y"),
        lambda: listings.refusal("list", cursor="\0"),
    ]
    for ask in foreign:
        status, code, error = ask()
        assert (status, code) == (422, "MALFORMED_REQUEST")
        assert "Start" in error
    Datasource.objects.filter(purpose=Purpose.INPUT).update(revision=7)
    assert listings.refusal("list", cursor=cursor)[0] == 422


# --- read URLs of this server ---------------------------------------------------------------------------------------
def test_redirected_urls_carry_a_token_of_their_own(
    connected: Dataset, storage: Storage, listings: Listings, client: Client
) -> None:
    shard = listings.answer("list/dnc", dncShards=1)["cursors"][0]
    for rows in [
        listings.all("list", useRedirectedReadUrl="True"),
        listings.all("list", cursor=shard, useRedirectedReadUrl="True"),
    ]:
        assert sorted(row["fileName"] for row in rows) == sorted(IMAGES)
        for row in rows:
            assert row["readUrl"].startswith(f"http://testserver{listings.path}/readurlRedirect?")
            assert listings.script.token not in row["readUrl"]
        assert fetch(rows[0]["readUrl"], client).content == f"this is {INPUT}{rows[0]['fileName']}".encode()
        assert fetch(rows[0]["readUrl"], client, "HEAD").status_code == 200
    direct = listings.all("list", useRedirectedReadUrl="False")[0]["readUrl"]
    assert direct.startswith("http://testserver/") is (storage.cloud.provider == "S3DelegatedAccess")


def test_redirected_urls_end(
    on_s3: Dataset, listings: Listings, client: Client, call: Call, alice: User, bob: User, charlie: User
) -> None:
    url = listings.all("list", useRedirectedReadUrl="True")[0]["readUrl"]
    bobs = Listings(call(bob), on_s3).all("list", useRedirectedReadUrl="True")[0]["readUrl"]
    other = create_dataset(name="other", owner=charlie)

    def status(address: str) -> int:
        return client.get(address).status_code

    assert (status(url), status(bobs)) == (302, 302)
    token = parse_qs(urlsplit(url).query)["publicToken"][0]
    assert status(url.replace(on_s3.pk, other.pk)) == 401
    assert status(url[:-2]) == 401
    assert status(url.split("&publicToken")[0]) == 422
    # It opens this datasource's files and nothing beside it.
    assert status(url.split("?")[0] + f"?path=../out/x&publicToken={token}") == 422
    # Not a key to anything else.
    assert client.get(f"/v1/datasets/{on_s3.pk}", {"token": token}).status_code == 401
    Membership.objects.filter(user=bob).delete()
    assert (status(url), status(bobs)) == (302, 404)
    share_dataset(dataset=on_s3, emails=[bob.email])
    assert status(bobs) == 302
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert status(bobs) == 404
    call_command("revokereadurls", on_s3.pk)
    assert status(url) == 401
    assert status(listings.all("list", useRedirectedReadUrl="True")[0]["readUrl"]) == 302
    on_s3.datasources.filter(purpose=Purpose.INPUT).delete()
    assert status(url) == 401
    with pytest.raises(CommandError):
        call_command("revokereadurls", "0" * 24)


# --- who, and what goes wrong ---------------------------------------------------------------------------------------
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


@pytest.mark.parametrize(("path", "query"), PATHS)
def test_outsiders_learn_nothing(
    on_s3: Dataset, listings: Listings, call: Call, bob: User, charlie: User, path: str, query: dict[str, str]
) -> None:
    assert listings.ask(path, **query).status_code == 200
    # Members look; only writing wants more.
    assert Listings(call(bob), on_s3).ask(path, **query).status_code == (403 if path.endswith("writeUrl") else 200)
    status, code, _error = Listings(call(charlie), on_s3).refusal(path, **query)
    assert (status, code) == (404, "DATASET_UNKNOWN")
    assert listings.script.client.get(f"{listings.path}/{path}", query).status_code == 401


def test_processed_until(dataset: Dataset, listings: Listings, call: Call, bob: User) -> None:
    path = f"{listings.path}/processedUntilTimestamp"
    assert listings.answer("processedUntilTimestamp") == {"processedUntilTimestamp": 0}
    assert listings.script.put(path, {"processedUntilTimestamp": 1_900_000_000}).status_code == 204
    assert listings.answer("processedUntilTimestamp") == {"processedUntilTimestamp": 1_900_000_000}
    wrong: object
    for wrong in ({"processedUntilTimestamp": -1}, {"processedUntilTimestamp": 10**12}, {}, []):
        assert listings.script.put(path, wrong).status_code == 400
    assert call(bob).put(path, {"processedUntilTimestamp": 1}).status_code == 403


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("list/dnc", {}),
        ("list/dnc", {"dncShards": 0}),
        ("list/dnc", {"dncShards": "many"}),
        ("list", {"from": "yesterday"}),
        ("list", {"to": 10**30}),
        ("list", {"relevantFilenamesFileName": "../up.txt"}),
        ("predictions/list", {}),
        ("predictions/list", {"taskName": "../metadata"}),
        ("predictions/list", {"taskName": "a\0"}),
        ("predictions/file", {}),
        ("predictions/file", {"fileName": "../schema.json"}),
        ("predictions/file", {"fileName": "a\0.json"}),
        ("fileHEAD", {"fileName": "/plain.jpg"}),
    ],
)
def test_lasting_faults_are_no_400(on_s3: Dataset, listings: Listings, path: str, query: dict[str, object]) -> None:
    """The client would ask again and again, for half a minute."""
    status, code, error = listings.refusal(path, **query)
    assert (status, code) == (422, "MALFORMED_REQUEST")
    assert error


def test_no_worker_runs_yet(on_s3: Dataset, listings: Listings) -> None:
    status, code, _error = listings.refusal("metadata/list", relevantFilenamesRunId="0" * 24)
    assert (status, code) == (404, "DOCKER_RUN_UNKNOWN")


def test_without_datasources(dataset: Dataset, listings: Listings) -> None:
    for path, query in PATHS[:-1]:
        assert listings.refusal(path, **query)[:2] == (404, "DATASET_DATASOURCE_UNKNOWN")


def test_a_refusal_of_the_cloud_is_explained(dataset: Dataset, storage: Storage, listings: Listings) -> None:
    """At once and with the words of the bulbs."""
    cloud = storage.cloud
    datasource = connect(dataset, Purpose.INPUT, cloud.grant(storage.bucket, INPUT, {Right.READ}))
    for path, query in PATHS[:2]:
        status, code, error = listings.refusal(path, **query)
        assert (status, code) == (403, "DATASET_DATASOURCE_CREDENTIALS_ERROR")
        assert "denied" in error
    datasource.set_config(parse_config(cloud.with_missing_bucket(storage.input), configured_endpoints()))
    datasource.save()
    status, code, error = listings.refusal("list")
    # Azure and the roles of S3 don't get as far as to miss a bucket that isn't theirs.
    assert status in {403, 422}
    assert code.startswith("DATASET_DATASOURCE_")
    datasource.set_config(parse_config(cloud.with_wrong_secret(storage.input), configured_endpoints()))
    datasource.save()
    assert listings.refusal("list")[:2] == (403, "DATASET_DATASOURCE_CREDENTIALS_ERROR")


def test_passing_faults_of_the_cloud_are_503(
    dataset: Dataset, storage: Storage, listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "DEADLINE_SECONDS", 1.0)
    bucket = storage.cloud.make_bucket()
    connect(dataset, Purpose.INPUT, storage.cloud.grant(bucket, "", READING))
    for trouble in (Trouble.THROTTLED, Trouble.SERVER_ERROR, Trouble.SILENT, Trouble.RESET):
        storage.cloud.trouble(bucket, trouble)
        assert listings.refusal("list")[:2] == (503, "DATASET_DATASOURCE_INVALID"), trouble
    storage.cloud.trouble(bucket, None)
    assert listings.all("list") == []


def test_what_was_found_before_a_fault_is_not_lost(
    dataset: Dataset, storages: dict[str, Storage], listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = storages["S3"].cloud
    connect(dataset, Purpose.INPUT, storages["S3"].flat)
    monkeypatch.setattr(listing, "MOST_PER_CLOUD_PAGE", 100)
    usual, asked = s3.S3Store.page, []

    def failing(store: s3.S3Store, prefix: str, *, after: str, limit: int) -> Any:
        asked.append(after)
        if len(asked) == 2:
            cloud.trouble(storages["S3"].bucket, Trouble.THROTTLED)
        return usual(store, prefix, after=after, limit=limit)

    monkeypatch.setattr(s3.S3Store, "page", failing)
    try:
        page = listings.answer("list")
    finally:
        cloud.trouble(storages["S3"].bucket, None)
    assert (len(page["data"]), page["hasMore"]) == (100, True)
    names = listings.names("list", cursor=page["cursor"])
    assert names[0] == "img_000100.jpg"
    assert len(names) == FLAT_COUNT - 100


def test_credentials_that_can_not_be_read(on_s3: Dataset, listings: Listings) -> None:
    Datasource.objects.update(sealed_config=json.dumps({}))
    assert listings.refusal("list")[:2] == (422, "DATASET_DATASOURCE_INVALID")
    assert listings.refusal("fileHEAD", fileName="plain.jpg")[:2] == (422, "DATASET_DATASOURCE_INVALID")
