"""What the client downloads lists of: exactly the right files, whatever they are called, and each URL opens its file.

Every object contains its own key, so that a URL that opens another file is noticed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.client.conftest import OfficialClient
from tests.e2e.client.storages import LIGHTLY, TASK, Listed, Storage, names, storage_of
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"]


def wrong_urls(storage: Storage, listed: Listed) -> list[str]:
    """Those that don't open what they are for, and how."""
    local = threading.local()

    def problem(row: tuple[str, str, str]) -> str:
        kind, name, url = row
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.get(url, timeout=60)
        right = answer.status_code == 200 and answer.content == storage.key(kind, name).encode()
        return "" if right else f"{answer.status_code} {answer.content[:200]!r} for {name}: {url}"

    rows = [(kind, name, url) for kind, rows in listed.items() for name, url in rows]
    with ThreadPoolExecutor(8) as pool:
        return [found for found in pool.map(problem, rows) if found]


def without_signatures(listed: Listed) -> set[tuple[str, str]]:
    return {(name, url.partition("?")[0]) for rows in listed.values() for name, url in rows}


def hosts(listed: Listed) -> set[str]:
    return {urlsplit(url).netloc for rows in listed.values() for _, url in rows}


@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_five_thousand_objects_in_one_and_in_eight_shards(
    official: OfficialClient, five_thousand: Storage, stack: Stack, person: Person, name: str
) -> None:
    dataset = stack.backstage.dataset(name, person, **five_thousand.grants())
    eight, one = (
        official.script("list_files.py", dataset_id=dataset, task=TASK, more={"divide_and_conquer_shards": shards})
        for shards in (8, 1)
    )
    assert names(one) == five_thousand.expected
    assert names(eight) == five_thousand.expected
    assert wrong_urls(five_thousand, eight) == []
    assert without_signatures(one) == without_signatures(eight)
    assert official.environment["LIGHTLY_TOKEN"] not in str(one)


@pytest.mark.parametrize("version", ["1.3.3", "1.4.5"], indirect=True)
def test_five_thousand_objects_page_by_page(
    official: OfficialClient, five_thousand: Storage, stack: Stack, person: Person, name: str
) -> None:
    dataset = stack.backstage.dataset(name, person, **five_thousand.grants())
    listed = official.script("list_files.py", dataset_id=dataset, task=TASK, more={})
    assert names(listed) == five_thousand.expected
    assert wrong_urls(five_thousand, {kind: rows[::100] for kind, rows in listed.items()}) == []


def test_new_samples_come_once(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    storage = storage_of(clouds["S3"], 60, 20)
    dataset = stack.backstage.dataset(name, person, **storage.grants())
    said = official.script("list_new_files.py", dataset_id=dataset)
    assert said == {"untouched": 0, "inside": True, "counts": [60, 0, 60], "outside": [0, 0]}


def test_relevant_files_only(
    official: OfficialClient, five_thousand: Storage, stack: Stack, person: Person, name: str
) -> None:
    exact = [
        next(sample for sample in five_thousand.samples if sample.startswith(word)) for word in ("ün", "#", "plus+")
    ]
    lines = [
        *exact,
        "does not/exist.jpg",
        "img_0000* img_00004* !img_000041.jpg",
        "with space/* *1.*",
        "text/*",
    ]
    file = f".lightly/{name} relevant.txt"
    five_thousand.cloud.put(five_thousand.bucket, LIGHTLY + file, "\n".join(lines).encode())
    wanted = {
        *exact,
        *(f"img_{number:06}.jpg" for number in range(100) if number // 10 != 4 or number == 41),
        *(
            sample
            for sample in five_thousand.samples
            if sample.startswith("with space/") and not sample.endswith("1.JPG")
        ),
    }
    dataset = stack.backstage.dataset(name, person, **five_thousand.grants())
    more: dict[str, object] = {"relevant_filenames_file_name": file}
    if official.version == "1.5.26":
        more |= {"divide_and_conquer_shards": 3, "use_redirected_read_url": True}
    listed = official.script("list_files.py", dataset_id=dataset, task=TASK, more=more)
    stems = {sample.rpartition(".")[0] for sample in wanted}
    expected = {
        kind: [file for file in files if stem(kind, file) in stems] for kind, files in five_thousand.expected.items()
    }
    assert expected["samples"] == sorted(wanted)
    assert names(listed) == expected
    # Lasting URLs are this server's, and carry something else than the person's token.
    if official.version == "1.5.26":
        assert hosts(listed) == {urlsplit(stack.url).netloc}
        assert official.environment["LIGHTLY_TOKEN"] not in str(listed)
        assert wrong_urls(five_thousand, listed) == []


def stem(kind: str, file: str) -> str:
    folder = {"samples": "", "predictions": f".lightly/predictions/{TASK}/", "metadata": ".lightly/metadata/"}[kind]
    return file.removeprefix(folder).rpartition(".")[0]


def test_urls_of_single_files(
    official: OfficialClient, five_thousand: Storage, stack: Stack, person: Person, name: str
) -> None:
    """Also of such that do not exist."""
    dataset = stack.backstage.dataset(name, person, **five_thousand.grants())
    predictions = [
        file.removeprefix(".lightly/predictions/") for file in sample_of(five_thousand.expected["predictions"])
    ]
    metadata = [file.removeprefix(".lightly/metadata/") for file in sample_of(five_thousand.expected["metadata"])]
    wanted = {"predictions": predictions, "metadata": metadata, "embeddings": ["no such.csv"]}
    urls = official.script("read_urls.py", dataset_id=dataset, **wanted)
    assert requests.get(*urls.pop("embeddings"), timeout=60).status_code == 404
    listed = {
        kind: [[f".lightly/{kind}/{file}", url] for file, url in zip(wanted[kind], found, strict=True)]
        for kind, found in urls.items()
    }
    assert wrong_urls(five_thousand, listed) == []


def sample_of(files: Iterable[str]) -> list[str]:
    """One of each kind of name."""
    return list({file.rpartition("/")[0]: file for file in files}.values())


@pytest.mark.parametrize("provider", PROVIDERS[1:])
@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_every_provider(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str, provider: str
) -> None:
    storage = storage_of(clouds[provider], 160, 32)
    dataset = stack.backstage.dataset(name, person, **storage.grants())
    one, listed = (
        official.script("list_files.py", dataset_id=dataset, task=TASK, more={"divide_and_conquer_shards": shards})
        for shards in (1, 8)
    )
    assert names(one) == storage.expected
    assert names(listed) == storage.expected
    assert wrong_urls(storage, listed) == []
    assert (hosts(listed) == {urlsplit(stack.url).netloc}) is (provider == "S3DelegatedAccess")
