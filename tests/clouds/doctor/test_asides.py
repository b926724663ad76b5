"""The CORS note and the facts of a key, against the real servers: the document we offer must turn the note good."""

from __future__ import annotations

import json
import logging
import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import CorsRule as AzureRule

from clouds import CloudConfig, Endpoints, parse_config
from clouds.doctor import cors
from clouds.doctor.asides import Asides, SideQuestions
from clouds.doctor.cors import CorsState
from clouds.doctor.shared import SharedStore
from clouds.failures import StoreError
from clouds.provider import Document, open_store
from clouds.s3 import store as s3
from clouds.store import Deadline
from tests.clouds.doctor.scenarios import PROVIDERS, AnyCloud, endpoints_of
from tests.servers import (
    WORKING_RIGHTS,
    AzureCloud,
    CephCloud,
    Config,
    GCSCloud,
    OBSCloud,
    Right,
    S3Cloud,
    S3DelegatedCloud,
    Trouble,
)
from tests.servers.faults import silent
from tests.servers.s3 import policy_for

SITE = "https://lightly.example.com"
OTHER_SITE = "https://other.example.com"


@pytest.fixture
def endpoints(cloud_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, cloud_environment[name])
    return endpoints_of(cloud_environment)


def begun(config: CloudConfig, endpoints: Endpoints, seconds: float) -> tuple[SideQuestions, SharedStore]:
    """With a store opened for it, as the probe does beside it."""
    shared = SharedStore()
    asked = SideQuestions(config, endpoints, SITE, seconds, shared)
    try:
        store = open_store(config, endpoints, Deadline(seconds))
    except StoreError:
        shared.lend(None)
    else:
        shared.lend(store)
        shared.give_up(store.close)
    return asked, shared


def looked(config: CloudConfig, endpoints: Endpoints, seconds: float = 15) -> Asides:
    return begun(config, endpoints, seconds)[0].results(wait=True)


def working(cloud: AnyCloud, bucket: str) -> Config:
    return cloud.grant(bucket, "street/", WORKING_RIGHTS)


def reading_rules(cloud: AnyCloud, bucket: str) -> Config:
    """Who may also read the bucket's CORS rules."""
    match cloud:
        case S3Cloud() | S3DelegatedCloud():
            policy = policy_for(bucket, "street/", WORKING_RIGHTS)
            right = {"Effect": "Allow", "Action": "s3:GetBucketCORS", "Resource": f"arn:aws:s3:::{bucket}"}
            return cloud.grant_policy(bucket, "street/", policy | {"Statement": [*policy["Statement"], right]})
        case GCSCloud():
            return cloud.grant(bucket, "street/", WORKING_RIGHTS, permissions=["storage.buckets.get"])
        case OBSCloud():
            return cloud.grant(bucket, "street/", WORKING_RIGHTS, reads_cors=True)
        case CephCloud():
            return cloud.owner_config(bucket, "street/")
        case AzureCloud():
            raise AssertionError("no SAS for a container may")


def paste(cloud: AnyCloud, bucket: str, documents: list[Document]) -> None:
    """Do what the documents say, the way their cloud's tools would."""
    match cloud:
        case S3Cloud() | CephCloud():
            cloud.set_cors(bucket, json.loads(documents[0].text))
        case S3DelegatedCloud():
            words = shlex.split(documents[1].text)
            assert words[words.index("--bucket") + 1] == bucket
            cloud.s3.set_cors(bucket, json.loads(words[words.index("--cors-configuration") + 1])["CORSRules"])
        case GCSCloud():
            assert f"gs://{bucket}" in shlex.split(documents[1].text)
            cloud.set_cors(bucket, json.loads(documents[0].text))
        case OBSCloud():
            cloud.set_cors(bucket, documents[0].text)
        case AzureCloud():
            cloud.set_cors([azure_rule(shlex.split(documents[0].text))])


def azure_rule(command: list[str]) -> AzureRule:
    """The rule that `az storage cors add` makes of its options."""
    options: dict[str, list[str]] = {}
    for word in command[4:]:
        if word.startswith("--"):
            options[word] = []
        else:
            options[list(options)[-1]].append(word)
    assert options["--services"] == ["b"]
    return AzureRule(
        options["--origins"],
        options["--methods"],
        allowed_headers=options["--allowed-headers"],
        exposed_headers=options["--exposed-headers"],
        max_age_in_seconds=int(options["--max-age"][0]),
    )


def forget(cloud: AnyCloud) -> None:
    if isinstance(cloud, AzureCloud):
        cloud.set_cors([])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_offered_document_lets_browsers_in(
    provider: str, clouds: dict[str, AnyCloud], endpoints: Endpoints
) -> None:
    """By a preflight request: these principals may not read the bucket's rules."""
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    config = parse_config(working(cloud, bucket), endpoints)
    assert looked(config, endpoints).cors is CorsState.REFUSED
    try:
        paste(cloud, bucket, cors.documents(config, OTHER_SITE, endpoints))
        assert looked(config, endpoints).cors is CorsState.REFUSED
        paste(cloud, bucket, cors.documents(config, SITE, endpoints))
        assert looked(config, endpoints).cors is CorsState.ALLOWED
    finally:
        forget(cloud)


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "AZURE"])
def test_who_may_read_the_rules_need_not_ask_like_a_browser(
    provider: str, clouds: dict[str, AnyCloud], endpoints: Endpoints
) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    config = parse_config(reading_rules(cloud, bucket), endpoints)
    assert looked(config, endpoints).cors is CorsState.REFUSED
    paste(cloud, bucket, cors.documents(config, SITE, endpoints))
    cloud.requests.clear()
    assert looked(config, endpoints).cors is CorsState.ALLOWED
    assert "OPTIONS" not in {exchange.method for exchange in cloud.requests}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_preflight_carries_no_credential(provider: str, clouds: dict[str, AnyCloud], endpoints: Endpoints) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    cloud.requests.clear()
    looked(parse_config(working(cloud, bucket), endpoints), endpoints)
    [asked] = [exchange.path for exchange in cloud.requests if exchange.method == "OPTIONS"]
    assert asked.endswith(f"{bucket}/street/.lightly/permission-check")
    assert "?" not in asked


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.SERVER_ERROR, Trouble.RESET])
def test_what_can_not_be_told_is_unknown(
    provider: str, trouble: Trouble, clouds: dict[str, AnyCloud], endpoints: Endpoints
) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    config = parse_config(working(cloud, bucket), endpoints)
    cloud.trouble(bucket, trouble)
    assert looked(config, endpoints).cors is CorsState.UNKNOWN


def test_a_silent_server_is_left_in_time(clouds: dict[str, AnyCloud], endpoints: Endpoints) -> None:
    cloud = clouds["OBS"]
    bucket = cloud.make_bucket()
    config = parse_config(working(cloud, bucket), endpoints)
    cloud.trouble(bucket, Trouble.SILENT)
    started = time.monotonic()
    assert looked(config, endpoints, seconds=0.5).cors is CorsState.UNKNOWN
    assert 0.4 < time.monotonic() - started < 2


def test_without_patience_nobody_waits(clouds: dict[str, AnyCloud], endpoints: Endpoints) -> None:
    cloud = clouds["S3"]
    with silent() as peer:
        config = parse_config(working(cloud, cloud.make_bucket()), endpoints)
        elsewhere = endpoints_of(cloud.environment(peer.address))
        started = time.monotonic()
        assert begun(config, elsewhere, 15)[0].results(wait=False) == Asides()
        assert time.monotonic() - started < 1


def test_a_private_address_is_not_asked(clouds: dict[str, AnyCloud], endpoints: Endpoints) -> None:
    """The guard judges this request too, although it is none of the SDK's."""
    cloud = clouds["OBS"]
    config = parse_config(working(cloud, cloud.make_bucket()), endpoints)
    cloud.requests.clear()
    assert looked(config, Endpoints()).cors is CorsState.UNKNOWN
    assert cloud.requests == []


def test_the_unforeseen_is_unknown_and_its_text_is_not_logged(
    clouds: dict[str, AnyCloud],
    endpoints: Endpoints,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("planted secret")

    monkeypatch.setattr(s3.S3Store, "cors_rules", broken)
    cloud = clouds["S3"]
    with caplog.at_level(logging.DEBUG):
        assert looked(parse_config(working(cloud, cloud.make_bucket()), endpoints), endpoints).cors is CorsState.UNKNOWN
    assert "RuntimeError" in caplog.text
    assert "planted" not in caplog.text


class TestKeyFacts:
    MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

    @pytest.fixture
    def cloud(self, clouds: dict[str, AnyCloud]) -> GCSCloud:
        cloud = clouds["GCS"]
        assert isinstance(cloud, GCSCloud)
        return cloud

    @pytest.fixture
    def fields(self, cloud: GCSCloud) -> Config:
        return cloud.grant(cloud.make_bucket(), "", {Right.LIST})

    def test_a_key_with_an_end(self, cloud: GCSCloud, fields: Config, endpoints: Endpoints) -> None:
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
        cloud.publish_certificate(fields, made=self.MADE, ends=ends)
        config = parse_config(fields, endpoints)
        found = looked(config, endpoints)
        assert found.key
        assert (found.key.made, found.key.ends) == (self.MADE, ends)
        assert found.expires_at(config) == ends

    def test_a_key_without_an_end(self, cloud: GCSCloud, fields: Config, endpoints: Endpoints) -> None:
        cloud.publish_certificate(fields, made=self.MADE, ends=self.NEVER)
        config = parse_config(fields, endpoints)
        found = looked(config, endpoints)
        assert found.key
        assert (found.key.made, found.key.ends) == (self.MADE, None)
        assert found.expires_at(config) is None

    @pytest.mark.parametrize("answer", [None, {}, {"other-key": "x"}, "rubbish", 7], ids=str)
    def test_a_key_that_is_not_published_is_unknown(
        self, answer: Any, cloud: GCSCloud, fields: Config, endpoints: Endpoints
    ) -> None:
        info = json.loads(fields["gcsCredentials"])
        if isinstance(answer, str | int):
            cloud.gate.certificates[info["client_email"]] = {info["private_key_id"]: answer}  # type: ignore[dict-item]
        elif answer is not None:
            cloud.gate.certificates[info["client_email"]] = answer
        assert looked(parse_config(fields, endpoints), endpoints).key is None

    @pytest.mark.parametrize("change", [{"client_x509_cert_url": "http://127.0.0.1:9/"}, {"client_email": "../../x"}])
    def test_the_key_file_does_not_say_where_to_ask(
        self, change: dict[str, str], cloud: GCSCloud, fields: Config, endpoints: Endpoints
    ) -> None:
        cloud.publish_certificate(fields, made=self.MADE, ends=self.NEVER)
        fields["gcsCredentials"] = json.dumps(json.loads(fields["gcsCredentials"]) | change)
        cloud.requests.clear()
        found = looked(parse_config(fields, endpoints), endpoints)
        asked = [exchange.path for exchange in cloud.requests if "x509" in exchange.path]
        assert (len(asked), found.key is not None) == ((0, False) if "client_email" in change else (1, True))

    def test_another_service_than_google_is_not_asked_for_googles_keys(
        self, cloud: GCSCloud, fields: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        environment = {k: v for k, v in cloud.environment().items() if k != "LIGHTLY_GCS_CERTS_URL"}
        ask: Callable[..., None] = lambda *_, **__: pytest.fail("asked")  # noqa: E731
        monkeypatch.setattr("clouds.gcs.key_facts._fetch", ask)
        config = parse_config(fields, endpoints_of(environment))
        assert looked(config, endpoints_of(environment)).key is None
