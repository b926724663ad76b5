"""The first pictures of a dataset on the home page."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contents.models import Index, IndexedFile
from contents.thumbnails.cache import Cache, Picture, Refusal
from contents.thumbnails.files import TILE_SIDE, Listed, stored_name
from contents.thumbnails.reasons import Reason
from datasets.models import Dataset
from datasources.models import Datasource
from teams.models import User
from tests.conftest import Login
from tests.contents.index.memory import made_index
from tests.contents.media.making import jpeg

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "kept")]


def cover(client: Client, dataset: Dataset) -> tuple[int, str]:
    response = client.get(reverse("contents:cover", args=[dataset.pk]))
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.content.decode()


def keep(kept: Cache, source: Datasource, index: Index, key: str, entry: Picture | Refusal) -> None:
    file = IndexedFile.objects.get(index=index.pk, key=key)
    kept.write(stored_name(Listed(source, index, file), TILE_SIDE), entry)


def test_nothing_to_show(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    client = login(alice)
    assert cover(client, dataset) == (204, "")
    made_index(source, ["notes.txt"])
    assert cover(client, dataset) == (204, "")


def test_the_first_that_can_be_shown(
    login: Login, alice: User, source: Datasource, dataset: Dataset, kept: Cache
) -> None:
    index = made_index(source, [f"{number}.jpg" for number in range(9)])
    IndexedFile.objects.filter(key="0.jpg").update(size=0)
    keep(kept, source, index, "1.jpg", Refusal(Reason.CORRUPT))
    keep(kept, source, index, "2.jpg", Picture(jpeg(), "image/jpeg"))
    status, html = cover(login(alice), dataset)
    assert status == 200
    assert html.count("<img ") == 1
    rows = re.findall(r"/thumbnail/(\d+)/", html)
    keys = dict(IndexedFile.objects.values_list("pk", "key"))
    assert list(dict.fromkeys(keys[int(row)] for row in rows)) == ["2.jpg", "3.jpg", "4.jpg", "5.jpg"]
    Index.objects.update(path="s3://elsewhere/")
    assert cover(login(alice), dataset)[0] == 204


def test_what_it_costs(login: Login, alice: User, source: Datasource, dataset: Dataset) -> None:
    """The home page itself asks nothing of it; a row in view asks as much of few files as of many."""
    client, costs = login(alice), []
    for count in (5, 800):
        Index.objects.all().delete()
        made_index(source, [f"{number:04}.jpg" for number in range(count)])
        cover(client, dataset)
        with CaptureQueriesContext(connection) as asked:
            assert cover(client, dataset)[0] == 200
        costs.append(len(asked))
    assert costs[0] == costs[1]
    assert costs[0] <= 11
    with CaptureQueriesContext(connection) as asked:
        html = client.get("/").content.decode()
    assert f"/datasets/{dataset.pk}/contents/input/gallery/" in html
    assert not [query for query in asked.captured_queries if "contents_" in query["sql"]]
