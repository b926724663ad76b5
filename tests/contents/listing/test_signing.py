"""URLs of single files, for every provider, against real storage servers."""

from __future__ import annotations

import pytest
import requests
from django.test import Client

from datasets.models import Dataset
from datasources.models import Purpose
from tests.contents.support import OUTPUT, Listings, Storage, connect, fetch
from tests.servers import WORKING_RIGHTS, S3Cloud, S3DelegatedCloud
from tests.servers.s3 import KMS_KEY, only_encrypted_with

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


@pytest.mark.parametrize("storage", ["S3", "S3DelegatedAccess"], indirect=True)
def test_urls_to_write_to_a_bucket_that_requires_a_kms_key(
    dataset: Dataset, listings: Listings, client: Client, storage: Storage
) -> None:
    """The headers are those that the official client sends, once LIGHTLY_S3_SSE_KMS_KEY names the key."""
    cloud = storage.cloud
    assert isinstance(cloud, S3Cloud | S3DelegatedCloud)
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, OUTPUT, WORKING_RIGHTS)
    cloud.attach_policy(config, only_encrypted_with(KMS_KEY, bucket))
    connect(dataset, Purpose.LIGHTLY, config | {"s3ServerSideEncryptionKMSKey": KMS_KEY})
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KMS_KEY}
    for name in ("a.json", "ü+1 b.json"):
        url = listings.answer("predictions/writeUrl", fileName=f"boxes/{name}")
        assert requests.put(url, b"{}", timeout=10).status_code == 403
        assert requests.put(url, b"{}", headers=headers, timeout=10).ok
        own = cloud if isinstance(cloud, S3Cloud) else cloud.s3
        assert own.kms_key_of(bucket, f"{OUTPUT}.lightly/predictions/boxes/{name}") == KMS_KEY
        # Who reads sends nothing of the kind, and S3 would refuse it.
        assert fetch(listings.answer("predictions/file", fileName=f"boxes/{name}"), client).content == b"{}"
