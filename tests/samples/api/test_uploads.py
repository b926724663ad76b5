"""Embeddings that scripts send to this server, because Azure takes no plain PUT."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

import pytest
from django.test import Client

from clouds import parse_config
from clouds.pool import STORES
from datasets.models import Dataset
from datasources import services, tasks
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from samples import uploading
from samples.models import Embedding
from teams.models import Membership, User
from tests.conftest import Call
from tests.contents.conftest import endpoints
from tests.contents.support import READING
from tests.servers import WORKING_RIGHTS, Cloud, Right

__all__ = ["endpoints"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def azure(
    dataset: Dataset, alice: User, clouds: dict[str, Cloud], endpoints: None, monkeypatch: pytest.MonkeyPatch
) -> Cloud:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    cloud = clouds["AZURE"]
    lead(dataset, alice, cloud, WORKING_RIGHTS)
    return cloud


def lead(dataset: Dataset, by: User, cloud: Cloud, rights: Collection[Right]) -> None:
    config = parse_config(cloud.grant(cloud.make_bucket(), "lightly/", rights), configured_endpoints())
    services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=config, thumb_suffix="", by=by)


def url_of(call: Call, alice: User, dataset: Dataset) -> tuple[str, Embedding]:
    answer = call(alice).get(f"/v1/datasets/{dataset.pk}/embeddings/writeCSVUrl", {"name": "default_own"})
    assert answer.status_code == 200, answer.content
    parts = urlsplit(answer.json()["signedWriteUrl"])
    return f"{parts.path}?{parts.query}", Embedding.objects.get(pk=answer.json()["embeddingId"])


def content_of(dataset: Dataset, key: str) -> bytes:
    config = dataset.datasources.get(purpose=Purpose.LIGHTLY).config
    with STORES.borrowed(config, configured_endpoints()) as store:
        return b"".join(store.stream(config.prefix + key))


@pytest.mark.parametrize("size", [100, 1024, 2500])
def test_what_is_sent_is_written(
    client: Client, call: Call, alice: User, dataset: Dataset, azure: Cloud, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "PART_BYTES", 1024)
    url, embedding = url_of(call, alice, dataset)
    content = bytes(range(256)) * 10
    answer = client.put(url, content[:size], content_type="")
    assert answer.status_code == 201, answer.content
    assert content_of(dataset, embedding.key) == content[:size]


def test_who_may_not_change_the_dataset_any_more_writes_nothing(
    client: Client, call: Call, alice: User, dataset: Dataset, azure: Cloud
) -> None:
    url, embedding = url_of(call, alice, dataset)
    assert client.put(url, b"", content_type="").json()["code"] == "EMBEDDING_INVALID"
    huge = client.put(url, b"x", content_type="", headers={"Content-Length": str(10**12)})
    assert (huge.status_code, huge.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert client.put(url[:-3], b"x", content_type="").status_code == 401
    other = Embedding.objects.create(dataset=dataset, name="other", key="x.csv")
    assert client.put(url.replace(embedding.pk, other.pk), b"x", content_type="").status_code == 401
    Embedding.objects.filter(pk=embedding.pk).update(is_processed=True)
    assert client.put(url, b"x", content_type="").status_code == 409
    Embedding.objects.filter(pk=embedding.pk).update(is_processed=False)
    lead(dataset, alice, azure, READING)
    refused = client.put(url, b"x", content_type="")
    assert (refused.status_code, refused.json()["code"]) == (403, "DATASET_DATASOURCE_CREDENTIALS_ERROR")
    Membership.objects.filter(user=alice).delete()
    assert client.put(url, b"x", content_type="").status_code == 404
