"""Red to green: what a diagnosis names is the true cause, and what it tells to do is done, and turns the bulbs green.

Each trip arranges a fault on a real server, has it checked and explained, applies the very fix the product wrote (the
policy, the letters, the role, the region, the field it blames), and checks again.
"""

from __future__ import annotations

import json
import re

import pytest

from clouds import parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.grants import setup
from clouds.doctor.probe import probe
from clouds.permissions import Permission, State
from clouds.policies import Place as PolicyPlace
from clouds.policies import Platform
from clouds.s3 import clients as s3
from tests.clouds.doctor.round_trips.fixes import Trip, add_bucket_policy, take_the_similar_path
from tests.clouds.doctor.round_trips.plans import INPUT, LIGHTLY, PLANS, PREFIX, Plan, misspelt
from tests.clouds.doctor.scenarios import AnyCloud, Place
from tests.clouds.doctor.scenarios.places import secrets_of
from tests.clouds.doctor.scenarios.rows import arranged
from tests.clouds.doctor.scenarios.rows import row as scenario
from tests.clouds.doctor.scenarios.verdicts import Expectation
from tests.servers import ALL_RIGHTS, AzureCloud, CephCloud, Config, GCSCloud, OBSCloud, S3Cloud, S3DelegatedCloud


def test_there_are_enough_of_all_providers() -> None:
    assert len(PLANS) >= 25
    assert {plan.provider for plan in PLANS} == {"S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.provider}: {plan.name}")
def test_round_trip(
    plan: Plan, clouds: dict[str, AnyCloud], platform: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = clouds[plan.provider]
    bare = scenario(plan.name, plan.rights, _nothing_expected(), prefix=plan.prefix)
    with arranged(bare, cloud, platform, monkeypatch) as place:
        right = dict(place.config)
        if plan.condition:
            plan.condition(place)
        if plan.new_credential:
            right = place.config | {"fullPath": right["fullPath"]}
        trip = checked(plan, place, right)

        at_fault = [verdict for verdict in trip.report.verdicts.values() if verdict.failure]
        assert {verdict.state for verdict in at_fault} <= {plan.state, State.SKIPPED, State.UNKNOWN}
        assert plan.state in {verdict.state for verdict in at_fault}
        told = {
            permission: trip.diagnoses[permission]
            for permission, verdict in trip.report.verdicts.items()
            if verdict.failure and verdict.failure.cause is plan.cause and verdict.state is plan.state
        }
        assert told
        assert any(plan.words in words.cause for words in told.values()), [words.cause for words in told.values()]
        assert plan.field in {words.field for words in told.values()}

        plan.fix(trip)
        assert_green(place, plan.needs)


def _nothing_expected() -> Expectation:
    """A row says what is arranged; what is expected stands in the plan."""
    return Expectation((), ())


def checked(plan: Plan, place: Place, right: Config) -> Trip:
    config = parse_config(place.config, place.endpoints)
    report = probe(config, plan.needs, place.endpoints, 15)
    own = Platform(_principal(place), _external_id(plan, right))
    diagnoses = {
        permission: diagnose(permission, verdict, config, 15, own) for permission, verdict in report.verdicts.items()
    }
    everything = repr(diagnoses)
    assert not [secret for secret in secrets_of(place) if secret in everything]
    return Trip(place, plan.needs, right, report, diagnoses, own)


def _principal(place: Place) -> str:
    cloud = place.cloud
    return cloud.s3.platform_arn if isinstance(cloud, S3DelegatedCloud) else ""


def _external_id(plan: Plan, right: Config) -> str:
    return right.get("s3ExternalId", "lightly-of-this-team")


def assert_green(place: Place, needs: frozenset[Permission]) -> None:
    # What a cloud remembers of a client is gone with it, so that a new one is asked.
    s3._session.cache_clear()
    report = probe(parse_config(place.config, place.endpoints), needs, place.endpoints, 15)
    states = {permission: report.verdicts[permission] for permission in needs}
    assert {verdict.state for verdict in states.values()} == {State.GRANTED}, states
    assert not report.empty


@pytest.mark.parametrize("provider", ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"])
def test_a_typo_in_the_path(
    provider: str, clouds: dict[str, AnyCloud], platform: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No bulb is red, as an empty directory is nothing bad, but its likely name is told."""
    cloud = clouds[provider]
    bare = scenario("typo", ALL_RIGHTS, _nothing_expected(), prefix="data/images/")
    with arranged(bare, cloud, platform, monkeypatch) as place:
        # Whoever may list the directory alone would be denied at a misspelt one: here it is the whole bucket.
        place.config = cloud.grant(place.bucket, "", ALL_RIGHTS)
        place.config |= {"fullPath": place.config["fullPath"] + "data/images/"}
        misspelt(place)
        config = parse_config(place.config, place.endpoints)
        report = probe(config, INPUT, place.endpoints, 15)
        assert report.empty
        take_the_similar_path(Trip(place, INPUT, {}, report, {}, Platform()))
        assert_green(place, INPUT)


@pytest.mark.parametrize("needs", [INPUT, LIGHTLY], ids=["input", "lightly"])
@pytest.mark.parametrize("provider", ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"])
def test_the_whole_setup_is_enough_and_not_more(
    provider: str,
    needs: frozenset[Permission],
    clouds: dict[str, AnyCloud],
    platform: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody with no right at all applies what stands in "Grant access"."""
    cloud = clouds[provider]
    bare = scenario("setup", set(), _nothing_expected(), prefix="input/" if provider == "OBS" else PREFIX)
    with arranged(bare, cloud, platform, monkeypatch) as place:
        own = Platform(_principal(place), place.config.get("s3ExternalId", ""))
        config = parse_config(place.config, place.endpoints)
        texts = {snippet.form: snippet.text for snippet in setup(PolicyPlace.of(config), needs, own)}
        _apply_setup(place, texts)
        assert_green(place, needs)
        if needs is INPUT:
            after = probe(parse_config(place.config, place.endpoints), LIGHTLY, place.endpoints, 15)
            assert after.verdicts[Permission.WRITE].state is State.DENIED
        if provider != "AZURE":  # a SAS can't be confined to a directory
            elsewhere = place.config | {"fullPath": place.config["fullPath"].replace("/input/", "/elsewhere/")}
            other = probe(parse_config(elsewhere, place.endpoints), needs, place.endpoints, 15)
            assert other.verdicts[Permission.READ].state is not State.GRANTED


def _apply_setup(place: Place, texts: dict[str, str]) -> None:
    cloud = place.cloud
    match cloud:
        case S3DelegatedCloud():
            cloud.s3.set_trust(place.config["s3ARN"], json.loads(texts["trust"]))
            cloud.attach_policy(place.config, json.loads(texts["policy"]))
        case S3Cloud():
            cloud.attach_policy(place.config, json.loads(texts["policy"]))
        case AzureCloud():
            (letters,) = re.findall(r"--permissions (\w+)", texts["container"])
            place.config |= {"accountKey": f"?{cloud.container_sas(place.bucket, letters)}"}
        case GCSCloud():
            (permissions,) = re.findall(r"--permissions=(\S+)", texts["gcloud"])
            (document,) = re.findall(r"END_OF_CONDITION'\n(.*)\nEND_OF_CONDITION", texts["gcloud"], re.DOTALL)
            cloud.bind(place.config, place.bucket, permissions.split(","), json.loads(document)["expression"])
        case CephCloud():
            add_bucket_policy(cloud, place.config, texts["bucket"])
        case OBSCloud():
            text = texts["bucket"].replace("domain/<account ID>:user/<user ID>", cloud.user_id(place.config))
            cloud.put_bucket_policy(place.bucket, json.loads(text))
