"""URLs of single files, for every provider, against real storage servers."""

from __future__ import annotations

import pytest
import requests
from django.test import Client

from datasets.models import Dataset
from tests.contents.support import OUTPUT, Listings, Storage, fetch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


def test_urls_of_single_files(connected: Dataset, listings: Listings, client: Client, storage: Storage) -> None:
    for path, name, key in [
        ("predictions/file", "boxes/schema.json", ".lightly/predictions/boxes/schema.json"),
        ("predictions/file", ".lightly/predictions/boxes/a+b.json", ".lightly/predictions/boxes/a+b.json"),
        ("metadata/file", "with space.json", ".lightly/metadata/with space.json"),
    ]:
        assert fetch(listings.answer(path, fileName=name), client).content == f"this is {OUTPUT}{key}".encode()
    # Whether a file exists is nobody's question here. Ceph hides it from whoever may list one directory alone.
    missing = 403 if storage.cloud.provider == "S3Compatible" else 404
    assert fetch(listings.answer("embeddings/file", fileName="none.csv"), client).status_code == missing
    for name in ["a+b.png", ".lightly/metadata/plain.json"]:
        head = fetch(listings.answer("fileHEAD", fileName=name), client, "HEAD")
        assert head.status_code == 200, name
        assert int(head.headers["Content-Length"]) > 10
    url = listings.answer("predictions/writeUrl", fileName="new task/ü+1.json")
    assert requests.put(url, b"{}", headers={"x-ms-blob-type": "BlockBlob"}, timeout=10).ok
    assert f"{OUTPUT}.lightly/predictions/new task/ü+1.json" in storage.cloud.keys(storage.bucket)
    read = fetch(listings.answer("predictions/file", fileName="new task/ü+1.json"), client)
    assert read.content == b"{}"
