"""Buckets whose caller pays: signed links name the payer as the checks do, and nobody is asked for a grant."""

from __future__ import annotations

import pytest
import requests

from clouds import Cause, Deadline, Endpoints, Failure, open_store, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.grants import gap
from clouds.permissions import Permission, State, Verdict
from tests.clouds.conftest import MakePlace
from tests.clouds.examples import example
from tests.servers import GCSCloud, S3Cloud


@pytest.mark.parametrize("provider", ["S3", "GCS"])
def test_links_work_after_a_call(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    assert isinstance(place.cloud, S3Cloud | GCSCloud)
    place.cloud.let_caller_pay(place.bucket)
    place.cloud.put(place.bucket, "input/a.jpg", b"12345")
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
    assert store.keys("input/", limit=5) == ["input/a.jpg"]
    assert requests.get(store.sign("input/a.jpg", seconds=60), timeout=10).content == b"12345"
    written = requests.put(store.sign("input/b.json", seconds=60, method="PUT"), data=b"{}", timeout=10)
    assert written.status_code == 200
    assert place.cloud.get(place.bucket, "input/b.json") == b"{}"
    store.close()


def test_google_is_asked_once_who_pays(make_place: MakePlace) -> None:
    """A link may be made by a process that has never called the bucket."""
    place = make_place("GCS")
    assert isinstance(place.cloud, GCSCloud)
    place.cloud.let_caller_pay(place.bucket)
    place.cloud.put(place.bucket, "input/a.jpg", b"12345")
    for calls in (2, 0):  # who pays, and the same with a payer
        store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
        mark = len(place.cloud.requests)
        links = [store.sign("input/a.jpg", seconds=60) for _ in range(3)]
        made = [exchange for exchange in place.cloud.requests[mark:] if place.bucket in exchange.path]
        assert len(made) == calls
        assert requests.get(links[2], timeout=10).content == b"12345"
        store.close()


def test_google_bills_no_project_where_the_owner_pays(make_place: MakePlace) -> None:
    place = make_place("GCS")
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
    store.create("input/a.jpg", b"1")
    store.read_range("input/a.jpg", 0, 1)
    assert "userProject" not in store.sign("input/a.jpg", seconds=60)
    paths = [exchange.path for exchange in place.cloud.requests if place.bucket in exchange.path]
    assert paths
    assert not [path for path in paths if "userProject" in path]
    store.close()


def test_links_to_aws_name_the_payer_without_a_call() -> None:
    store = open_store(parse_config(example("S3")), Endpoints(), Deadline(5))
    assert "&x-amz-request-payer=requester&" in store.sign("input/a.jpg", seconds=60)


def test_other_s3_servers_hear_of_no_payer_before_they_deny(make_place: MakePlace) -> None:
    """Some do not know it (Cloudflare R2 answers 501)."""
    place = make_place("S3")
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
    store.create("input/a.jpg", b"1")
    assert "payer" not in store.sign("input/a.jpg", seconds=60)
    store.close()


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (400, "required", "Bucket is a requester pays bucket but no user project provided."),
        (400, "", "Bucket is a requester pays bucket but no user project provided."),
        (400, "userProjectMissing", "Bucket is requester pays bucket but no user project provided."),
        (403, "userProjectAccessDenied", "Requester does not have serviceusage.services.use permissions."),
        (403, "forbidden", "sa@p.iam.gserviceaccount.com does not have serviceusage.services.use access."),
        (400, "invalid", "User project specified in the request is invalid."),
    ],
)
def test_what_google_says(status: int, reason: str, message: str) -> None:
    from google.api_core.exceptions import from_http_status

    from clouds.gcs.failures import failure_of

    errors = [{"reason": reason, "message": message}] if reason else []
    assert failure_of(from_http_status(status, message, errors=errors)).cause is Cause.CALLER_PAYS


def test_a_missing_parameter_is_something_else() -> None:
    from google.api_core.exceptions import BadRequest

    from clouds.gcs.failures import failure_of

    assert failure_of(BadRequest("Required", errors=[{"reason": "required"}])).cause is Cause.UNKNOWN


def test_the_words_name_the_project_and_ask_for_no_grant_on_the_bucket() -> None:
    verdict = Verdict(State.DENIED, failure=Failure(Cause.CALLER_PAYS, "required", 400), key="input/")
    words = diagnose(Permission.LIST, verdict, parse_config(example("GCS")), 15)
    assert "requester pays" in words.cause
    assert "acme-vision" in words.cause
    assert words.field == "project_id"
    assert "storage." not in words.fix
    assert not gap({Permission.LIST: (State.DENIED, "caller_pays")})
