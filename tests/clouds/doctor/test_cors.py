"""Which rules and answers let a browser's script in, and what the documents to paste say."""

from __future__ import annotations

import json
import shlex
from xml.etree import ElementTree

import pytest

from clouds import CorsRule, Endpoints, Preflight, parse_config
from clouds.doctor import cors
from clouds.doctor.cors import CorsState
from clouds.gcs.store import _cors_rule
from clouds.preflight import understood
from tests.clouds.examples import example, secrets_of

SITE = "https://lightly.example.com"
PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"]


@pytest.mark.parametrize(
    ("origins", "methods", "state"),
    [
        ([SITE], ["GET"], CorsState.ALLOWED),
        (["*"], ["GET", "PUT"], CorsState.ALLOWED),
        (["https://*.example.com"], ["GET"], CorsState.ALLOWED),
        (["https://*"], ["GET"], CorsState.ALLOWED),
        (["https://lightly.*"], ["GET"], CorsState.ALLOWED),
        (["https://other.example.com", SITE], ["HEAD", "GET"], CorsState.ALLOWED),
        ([SITE], ["HEAD"], CorsState.REFUSED),
        ([SITE], ["PUT", "POST"], CorsState.REFUSED),
        ([SITE], [], CorsState.REFUSED),
        ([], ["GET"], CorsState.REFUSED),
        (["http://lightly.example.com"], ["GET"], CorsState.REFUSED),
        (["https://lightly.example.com:8443"], ["GET"], CorsState.REFUSED),
        (["https://LIGHTLY.example.com"], ["GET"], CorsState.REFUSED),
        (["https://lightly.example.com/"], ["GET"], CorsState.REFUSED),
        (["https://lightlyxexample.com"], ["GET"], CorsState.REFUSED),
        (["https://lightly.example.com.evil.example"], ["GET"], CorsState.REFUSED),
        (["https://*.lightly.example.com"], ["GET"], CorsState.REFUSED),
        (["https://lightly.example.co?"], ["GET"], CorsState.REFUSED),
        (["https://(lightly|x).example.com"], ["GET"], CorsState.REFUSED),
    ],
)
def test_a_rule(origins: list[str], methods: list[str], state: CorsState) -> None:
    assert cors.judge_rules([CorsRule(tuple(origins), tuple(methods))], SITE) is state


def test_any_of_several_rules_may_allow_it_but_one_must_do_so_alone() -> None:
    put = CorsRule((SITE,), ("PUT",))
    elsewhere = CorsRule(("https://other.example.com",), ("GET",))
    assert cors.judge_rules([], SITE) is CorsState.REFUSED
    assert cors.judge_rules([put, elsewhere], SITE) is CorsState.REFUSED
    assert cors.judge_rules([put, elsewhere, CorsRule((SITE,), ("GET",))], SITE) is CorsState.ALLOWED


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ({"origin": ["*"], "method": ["GET"]}, CorsRule(("*",), ("GET",))),
        ({"origin": [SITE], "method": ["*"]}, CorsRule((SITE,), ("GET", "HEAD"))),
        ({"origin": [SITE, "https://*.example.com"], "method": ["GET"]}, CorsRule((SITE,), ("GET",))),
        ({"origin": ["https://*.example.com"], "method": ["GET"]}, None),
        ({"maxAgeSeconds": 3600}, None),
    ],
)
def test_googles_stars_stand_alone(entry: dict[str, list[str]], rule: CorsRule | None) -> None:
    assert _cors_rule(entry) == rule


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Preflight(200, origin=SITE, methods="GET, HEAD"), CorsState.ALLOWED),
        (Preflight(204, origin="*"), CorsState.ALLOWED),
        (Preflight(200, origin=SITE, methods="get"), CorsState.ALLOWED),
        (Preflight(200, origin=SITE, methods="*"), CorsState.ALLOWED),
        (Preflight(200, origin=SITE, methods="PUT,POST"), CorsState.REFUSED),
        (Preflight(200, origin="https://other.example.com", methods="GET"), CorsState.REFUSED),
        (Preflight(200, origin="null", methods="GET"), CorsState.REFUSED),
        (Preflight(200), CorsState.REFUSED),
        (Preflight(403, code="AccessForbidden"), CorsState.REFUSED),
        (Preflight(403, code="CorsPreflightFailure"), CorsState.REFUSED),
        (Preflight(403, code="AuthorizationFailure"), CorsState.UNKNOWN),  # a firewall of the account
        (Preflight(403), CorsState.UNKNOWN),
        (Preflight(403, origin="*"), CorsState.UNKNOWN),
        (Preflight(301, origin="*"), CorsState.UNKNOWN),
        (Preflight(404, code="NoSuchBucket"), CorsState.UNKNOWN),
        (Preflight(405), CorsState.UNKNOWN),
        (Preflight(503, code="SlowDown"), CorsState.UNKNOWN),
    ],
)
def test_a_preflight_is_judged_as_browsers_do(answer: Preflight, state: CorsState) -> None:
    assert cors.judge_preflight(answer, SITE) is state


def test_an_answer_is_reduced_to_what_we_ask_for() -> None:
    body = b"<?xml version='1.0'?><Error><Code>AccessForbidden</Code><Message>planted</Message></Error>"
    headers = {"access-control-allow-ORIGIN": f" {SITE} ", "Access-Control-Allow-Methods": "GET"}
    assert understood(403, headers, body) == Preflight(403, "AccessForbidden", SITE, "GET")
    assert understood(403, {"X-Ms-Error-Code": "Cors<b>"}, b"").code == "Corsb"
    assert understood(200, {}, b"\xff\x00<Code>" + b"x" * 5000).code == ""


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://lightly.example.com", "https://lightly.example.com"),
        ("https://lightly.example.com:443", "https://lightly.example.com"),
        ("http://lightly.example.com:80/", "http://lightly.example.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://lightly.example.com:8443", "https://lightly.example.com:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[::1]", "http://[::1]"),
    ],
)
def test_an_origin_is_spelt_as_browsers_do(url: str, origin: str) -> None:
    assert cors.origin_of(url) == origin


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_cloud_has_a_document_without_secrets(provider: str) -> None:
    config = parse_config(example(provider))
    found = cors.documents(config, SITE, Endpoints())
    text = "\n".join(document.text for document in found)
    assert found
    assert SITE in text
    assert not [secret for secret in secrets_of(provider) if secret in text]
    assert all(document.title and document.where for document in found)


def test_each_state_has_words_of_its_own() -> None:
    summaries = {cors.summary(state, SITE) for state in CorsState}
    assert len(summaries) == len(CorsState)
    assert all(SITE in summary for summary in summaries)


def test_a_document_for_s3_allows_reading_and_nothing_else() -> None:
    console, command = cors.documents(parse_config(example("S3")), SITE, Endpoints())
    [rule] = json.loads(console.text)
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == ([SITE], ["GET", "HEAD"])
    words = shlex.split(command.text)
    assert words[:5] == ["aws", "s3api", "put-bucket-cors", "--bucket", "bucket"]
    assert json.loads(words[-1]) == {"CORSRules": [rule]}


def test_a_service_of_ones_own_is_named_in_the_command() -> None:
    endpoints = Endpoints(s3="https://minio.internal:9000")
    [_, command] = cors.documents(parse_config(example("S3")), SITE, endpoints)
    assert "--endpoint-url https://minio.internal:9000" in command.text


def test_a_document_for_obs_is_the_xml_it_takes() -> None:
    [document] = cors.documents(parse_config(example("OBS")), "http://[::1]:8000", Endpoints())
    [rule] = ElementTree.fromstring(document.text)  # noqa: S314  our own
    assert [(node.tag, node.text) for node in rule][:3] == [
        ("AllowedOrigin", "http://[::1]:8000"),
        ("AllowedMethod", "GET"),
        ("AllowedMethod", "HEAD"),
    ]
