"""Who may list, and what the client is told when it does not work."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clouds import parse_config
from contents.listing import opening
from core.api import lanes
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.conftest import Call, fill
from tests.contents.support import INPUT, PATHS, READING, Listings, Storage, connect
from tests.servers import Right, Trouble

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


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
    monkeypatch.setattr(opening, "DEADLINE_SECONDS", 1.0)
    bucket = storage.cloud.make_bucket()
    connect(dataset, Purpose.INPUT, storage.cloud.grant(bucket, "", READING))
    for trouble in (Trouble.THROTTLED, Trouble.SERVER_ERROR, Trouble.SILENT, Trouble.RESET):
        storage.cloud.trouble(bucket, trouble)
        assert listings.refusal("list")[:2] == (503, "DATASET_DATASOURCE_INVALID"), trouble
    storage.cloud.trouble(bucket, None)
    assert listings.all("list") == []


def test_credentials_that_can_not_be_read(on_s3: Dataset, listings: Listings) -> None:
    Datasource.objects.update(sealed_config=json.dumps({}))
    assert listings.refusal("list")[:2] == (422, "DATASET_DATASOURCE_INVALID")
    assert listings.refusal("fileHEAD", fileName="plain.jpg")[:2] == (422, "DATASET_DATASOURCE_INVALID")


@pytest.mark.parametrize(
    ("lane", "path", "query"),
    [
        ("LISTING", "list", {}),
        ("LISTING", "predictions/list/dnc", {"taskName": "boxes", "dncShards": "2"}),
        ("SIGNING", "metadata/file", {"fileName": "schema.json"}),
        ("SIGNING", "fileHEAD", {"fileName": "plain.jpg"}),
    ],
)
def test_a_full_lane_says_when_to_come_back(
    on_s3: Dataset,
    listings: Listings,
    monkeypatch: pytest.MonkeyPatch,
    lane: str,
    path: str,
    query: dict[str, str],
) -> None:
    """The client's HTTP library sleeps for so long and asks again, by itself."""
    with monkeypatch.context() as patch:
        fill(patch, getattr(lanes, lane))
        answer = listings.ask(path, **query)
        assert answer.status_code == 503
        assert answer["Retry-After"] == "1"
        assert answer.json()["code"] == "ILLEGAL_ACTION_RESOURCE_IN_USE"
        assert "Try again in 1 s" in answer.json()["error"]
        # Whoever sends more than fits is refused before anything is looked up, and so learns nothing of the dataset.
        with CaptureQueriesContext(connection) as queries:
            answer = Listings(listings.script, Dataset(pk="0" * 24)).ask(path, **query)
        assert answer.status_code == 503
        assert not queries.captured_queries
    assert listings.ask(path, **query).status_code == 200


def test_a_full_lane_and_read_urls_of_this_server(
    on_s3: Dataset, listings: Listings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = listings.all("list", useRedirectedReadUrl="True")[0]["readUrl"]
    with monkeypatch.context() as patch:
        fill(patch, lanes.SIGNING)
        answer = client.get(url)
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert client.get(url).status_code == 302
