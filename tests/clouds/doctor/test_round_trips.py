"""Red to green: what a diagnosis names is the true cause, and what it tells to do is done, and turns the bulbs green.

Each trip arranges a fault on a real server, has it checked and explained, applies the very fix the product wrote (the
policy, the letters, the role, the region, the field it blames), and checks again.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from clouds import Cause, parse_config
from clouds.doctor.diagnosis import Diagnosis, diagnose
from clouds.doctor.grants import gap, missing, setup
from clouds.doctor.probe import Report, probe
from clouds.permissions import ALL, READ_ONLY, Permission, State
from clouds.policies import Place as PolicyPlace
from clouds.policies import Platform, Snippet
from clouds.s3 import store as s3
from tests.clouds.doctor.scenarios import (
    AnyCloud,
    Expectation,
    Place,
    account_is,
    broken_by,
    in_region,
    trusting_another,
    with_sas,
)
from tests.clouds.doctor.scenarios import row as scenario
from tests.clouds.doctor.test_probe_scenarios import arranged, secrets_of
from tests.clouds.doctor.test_probe_scenarios import platform as platform
from tests.servers import ALL_RIGHTS, AzureCloud, Config, GCSCloud, OBSCloud, Right, S3Cloud, S3DelegatedCloud
from tests.servers.gcs import State as AccountState
from tests.servers.s3 import KMS_KEY

LIST, READ, CREATE, REPLACE, DELETE = Right
INPUT, LIGHTLY = READ_ONLY, ALL
PREFIX = "input/it's ${a} *new*/"  # what shells, JSON, Terraform and IAM each would take for something else


@dataclass
class Trip:
    """One fault on its way. `right` is the config before it was broken."""

    place: Place
    needs: frozenset[Permission]
    right: Config
    report: Report
    diagnoses: dict[Permission, Diagnosis]
    platform: Platform

    @property
    def cloud(self) -> Any:
        return self.place.cloud

    @property
    def config(self) -> Config:
        return self.place.config

    def snippets(self) -> dict[str, Snippet]:
        """What the product writes for what is missing."""
        config = parse_config(self.config, self.place.endpoints)
        outcomes = {
            permission: (verdict.state, verdict.failure.cause.value if verdict.failure else "")
            for permission, verdict in self.report.verdicts.items()
        }
        found = missing(PolicyPlace.of(config), self.needs, gap(outcomes), self.platform)
        return {snippet.form: snippet for snippet in found}

    def first(self) -> Diagnosis:
        return next(words for words in self.diagnoses.values() if words.fix)


Fix = Callable[[Trip], None]


# ---- fixes: what a person does who believes the diagnosis ----
def attach_policy(trip: Trip) -> None:
    trip.cloud.attach_policy(trip.config, json.loads(trip.snippets()["policy"].text))


def attach_from_cli(trip: Trip) -> None:
    """The same, from the AWS CLI command, as a shell would read it."""
    words = shlex.split(trip.snippets()["cli"].text)
    trip.cloud.attach_policy(trip.config, json.loads(words[words.index("--policy-document") + 1]))


def apply_trust(trip: Trip) -> None:
    assert isinstance(trip.cloud, S3DelegatedCloud)
    trip.cloud.s3.set_trust(trip.config["s3ARN"], json.loads(trip.snippets()["trust"].text))


def drop_denying_statement(trip: Trip) -> None:
    """ "Find the statement with the effect Deny"."""
    assert "effect Deny" in trip.first().fix
    policy = trip.cloud.gate.principals[trip.config["s3AccessKeyId"]].policy
    kept = [statement for statement in policy["Statement"] if statement["Effect"] != "Deny"]
    trip.cloud.replace_policy(trip.config, {**policy, "Statement": kept})


def enter_the_field(trip: Trip) -> None:
    """Only the field that the diagnosis blames is corrected."""
    blamed = {words.field for words in trip.diagnoses.values() if words.field}
    assert len(blamed) == 1
    info = parse_config(trip.right, trip.place.endpoints).fields()[blamed.pop()]
    assert info.alias
    assert trip.config[info.alias] != trip.right[info.alias]
    trip.place.config = trip.config | {info.alias: trip.right[info.alias]}


def set_the_region(trip: Trip) -> None:
    assert trip.first().field == "region"
    found = re.fullmatch(r"Set the region to ([a-z0-9-]+)\.", trip.first().fix)
    assert found
    trip.place.config = trip.config | {"s3Region": found[1]}


def take_the_similar_path(trip: Trip) -> None:
    (similar,) = trip.report.similar
    config = parse_config(trip.config, trip.place.endpoints)
    trip.place.config = trip.config | {"fullPath": config.display_key(similar)}


def make_a_token(form: str = "container") -> Fix:
    """With the letters of the az command, for the container it names."""

    def fix(trip: Trip) -> None:
        assert isinstance(trip.cloud, AzureCloud)
        words = shlex.split(trip.snippets()[form].text)
        options = dict(itertools.pairwise(words))
        letters = options["--permissions"]
        if form == "account":
            assert options["--services"] == "b"
            sas = trip.cloud.account_sas(letters, options["--resource-types"])
        else:
            sas = trip.cloud.container_sas(options["--name"], letters)
        trip.place.config = trip.config | {"accountKey": f"?{sas}"}

    return fix


def bind_role(trip: Trip) -> None:
    """The custom role and the condition of the gcloud commands."""
    assert isinstance(trip.cloud, GCSCloud)
    text = trip.snippets()["gcloud"].text
    (permissions,) = re.findall(r"--permissions=(\S+)", text)
    (document,) = re.findall(r"END_OF_CONDITION'\n(.*)\nEND_OF_CONDITION", text, re.DOTALL)
    bucket = parse_config(trip.config, trip.place.endpoints).bucket
    assert f"add-iam-policy-binding gs://{bucket}" in text
    trip.cloud.bind(trip.config, bucket, permissions.split(","), json.loads(document)["expression"])


def enable_account(trip: Trip) -> None:
    assert "Enable the service account" in trip.first().fix
    account_is(AccountState.GOOD)(trip.place)


def make_a_key(trip: Trip) -> None:
    assert "Make a new key" in trip.first().fix
    account_is(AccountState.GOOD)(trip.place)


def put_bucket_policy(trip: Trip) -> None:
    assert isinstance(trip.cloud, OBSCloud)
    text = trip.snippets()["bucket"].text.replace("domain/<account ID>:user/<user ID>", trip.cloud.user_id(trip.config))
    trip.cloud.put_bucket_policy(parse_config(trip.config, trip.place.endpoints).bucket, json.loads(text))


# ---- faults that the table of scenarios does not have ----
def expressly_denied(place: Place) -> None:
    assert isinstance(place.cloud, S3Cloud)
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{place.bucket}/*"}
    place.cloud.attach_policy(place.config, {"Version": "2012-10-17", "Statement": [deny]})


def encrypted(*actions: str) -> Callable[[Place], None]:
    def condition(place: Place) -> None:
        assert isinstance(place.cloud, S3Cloud | S3DelegatedCloud)
        place.cloud.deny_kms(place.bucket, *actions)
        place.config |= {"s3ServerSideEncryptionKMSKey": KMS_KEY}

    return condition


def misspelt(place: Place) -> None:
    """The last letter of the directory is missing."""
    directory = place.config["fullPath"].removesuffix("/")
    place.config |= {"fullPath": f"{directory[:-1]}/"}


def with_typo_in_endpoint(place: Place) -> None:
    place.config |= {"obsEndpoint": "http://127.0.0.1:9"}


# ---- the trips ----
@dataclass(frozen=True)
class Plan:
    name: str
    provider: str
    cause: Cause
    fix: Fix
    words: str = ""
    """Part of the likely cause: what tells this cause from its neighbours."""
    rights: frozenset[Right] = ALL_RIGHTS
    needs: frozenset[Permission] = LIGHTLY
    condition: Callable[[Place], None] | None = None
    prefix: str = PREFIX
    state: State = State.DENIED
    field: str = ""
    new_credential: bool = False
    """The condition gives out another credential, which is right: at most the path is wrong."""


def plan(name: str, provider: str, cause: Cause, fix: Fix, words: str = "", **more: Any) -> Plan:
    return Plan(name, provider, cause, fix, words, **{**more, "rights": frozenset(more.get("rights", ALL_RIGHTS))})


PLANS = [
    plan("no list", "S3", Cause.DENIED, attach_policy, "s3:ListBucket", rights={READ}, needs=INPUT),
    plan("no read", "S3", Cause.DENIED, attach_from_cli, "s3:GetObject", rights={LIST}, needs=INPUT),
    plan("no write", "S3", Cause.DENIED, attach_policy, "s3:PutObject", rights={LIST, READ}),
    plan("create only", "S3", Cause.DENIED, attach_from_cli, "s3:PutObject", rights={LIST, READ, CREATE}),
    plan("nothing", "S3", Cause.DENIED, attach_policy, rights=set()),
    plan("express deny", "S3", Cause.EXPLICIT_DENY, drop_denying_statement, "identity-based",
         condition=expressly_denied),
    plan("wrong secret", "S3", Cause.WRONG_SECRET, enter_the_field, condition=broken_by("with_wrong_secret"),
         field="secret_access_key"),
    plan("unknown key", "S3", Cause.UNKNOWN_KEY, enter_the_field, condition=broken_by("with_unknown_key"),
         field="access_key_id"),
    plan("region, 400", "S3", Cause.WRONG_REGION, set_the_region, "eu-central-1", field="region",
         condition=in_region("eu-central-1", redirects=False)),
    plan("region, 301", "S3", Cause.WRONG_REGION, set_the_region, "ap-southeast-2", field="region",
         condition=in_region("ap-southeast-2", redirects=True)),
    plan("missing bucket", "S3", Cause.NO_BUCKET, enter_the_field, "missing-", field="path",
         condition=broken_by("with_missing_bucket")),
    plan("KMS, writing", "S3", Cause.KMS_DENIED, attach_policy, condition=encrypted("kms:GenerateDataKey"),
         field="kms_key_arn"),
    plan("KMS, reading", "S3", Cause.KMS_DENIED, attach_policy, condition=encrypted("kms:Decrypt")),
    plan("KMS, both", "S3", Cause.KMS_DENIED, attach_from_cli,
         condition=encrypted("kms:Decrypt", "kms:GenerateDataKey")),
    plan("no read", "S3DelegatedAccess", Cause.DENIED, attach_policy, "s3:GetObject", rights={LIST}, needs=INPUT),
    plan("no write", "S3DelegatedAccess", Cause.DENIED, attach_from_cli, "s3:PutObject", rights={LIST, READ}),
    plan("other principal", "S3DelegatedAccess", Cause.CANNOT_ASSUME_ROLE, apply_trust, "another principal",
         condition=trusting_another, field="role_arn", new_credential=True),
    plan("external ID", "S3DelegatedAccess", Cause.CANNOT_ASSUME_ROLE, enter_the_field, "Most likely the external ID",
         condition=broken_by("with_wrong_secret"), field="external_id"),
    plan("unknown role", "S3DelegatedAccess", Cause.CANNOT_ASSUME_ROLE, enter_the_field, "the role does not exist",
         condition=broken_by("with_unknown_key"), field="role_arn"),
    plan("region", "S3DelegatedAccess", Cause.WRONG_REGION, set_the_region, "us-west-2", field="region",
         condition=in_region("us-west-2", redirects=True)),
    plan("KMS, writing", "S3DelegatedAccess", Cause.KMS_DENIED, attach_policy, field="kms_key_arn",
         condition=encrypted("kms:GenerateDataKey")),
    plan("no c, no w", "AZURE", Cause.DENIED, make_a_token(), "letters rl, it lacks c (create) and w (write)",
         rights={LIST, READ}, field="sas_token"),
    plan("no w", "AZURE", Cause.DENIED, make_a_token(), "it lacks w (write)", rights={LIST, READ, CREATE},
         field="sas_token"),
    plan("no l", "AZURE", Cause.DENIED, make_a_token("account"), "it lacks l (list)", rights={READ}, needs=INPUT,
         field="sas_token"),
    plan("no r", "AZURE", Cause.DENIED, make_a_token(), "it lacks r (read)", rights={LIST}, needs=INPUT,
         field="sas_token"),
    plan("expired", "AZURE", Cause.EXPIRED, make_a_token(), "The SAS token ended", condition=broken_by("expired"),
         field="sas_token"),
    plan("not yet valid", "AZURE", Cause.NOT_YET_VALID, make_a_token(), "The SAS token starts",
         condition=broken_by("not_yet_valid"), field="sas_token"),
    plan("other container", "AZURE", Cause.CREDENTIAL_REFUSED, make_a_token(), "made for another container",
         condition=with_sas(lambda cloud, _: cloud.container_sas(cloud.make_bucket(), "racwdl")), field="sas_token"),
    plan("wrong signature", "AZURE", Cause.CREDENTIAL_REFUSED, enter_the_field, "changed while copying",
         condition=broken_by("with_wrong_secret"), field="sas_token"),
    plan("other account's", "AZURE", Cause.CREDENTIAL_REFUSED, make_a_token(), "another container or account",
         condition=broken_by("with_unknown_key"), field="sas_token"),
    plan("containers only", "AZURE", Cause.DENIED, make_a_token("account"), "(srt) are c, without object (o)",
         condition=with_sas(lambda cloud, _: cloud.account_sas("rlcw", "c")), field="sas_token"),
    plan("objects only", "AZURE", Cause.DENIED, make_a_token("account"), "(srt) are o, without container (c)",
         condition=with_sas(lambda cloud, _: cloud.account_sas("rlcw", "o")), field="sas_token"),
    plan("other service", "AZURE", Cause.DENIED, make_a_token("account"), "its services (ss) are q",
         condition=with_sas(lambda cloud, _: cloud.account_sas("rlcw", services="q")), field="sas_token"),
    plan("single blob", "AZURE", Cause.CREDENTIAL_REFUSED, make_a_token(), "a single blob (sr is b)",
         condition=with_sas(lambda cloud, bucket: cloud.blob_sas(bucket, "a.jpg", "rw")), field="sas_token"),
    plan("missing container", "AZURE", Cause.NO_BUCKET, enter_the_field, "missing-", field="path", new_credential=True,
         condition=lambda place: _only(place, "with_missing_bucket", "fullPath", "rlcw")),
    plan("unknown account", "AZURE", Cause.NO_BUCKET, enter_the_field, "There is no storage account missing",
         condition=broken_by("with_unknown_account"), field="account"),
    plan("no delete", "GCS", Cause.DENIED, bind_role, "a role without delete can't overwrite",
         rights={LIST, READ, CREATE}),
    plan("no create", "GCS", Cause.DENIED, bind_role, "storage.objects.create", rights={LIST, READ}),
    plan("no list", "GCS", Cause.DENIED, bind_role, "storage.objects.list", rights={READ}, needs=INPUT),
    plan("no get", "GCS", Cause.DENIED, bind_role, "storage.objects.get", rights={LIST}, needs=INPUT),
    plan("nothing", "GCS", Cause.DENIED, bind_role, rights=set()),
    plan("disabled account", "GCS", Cause.CREDENTIAL_REFUSED, enable_account, "was disabled",
         condition=account_is(AccountState.DISABLED), field="credentials"),
    plan("key gone", "GCS", Cause.WRONG_SECRET, make_a_key, "it was deleted, has expired",
         condition=account_is(AccountState.KEY_GONE), field="credentials"),
    plan("wrong key", "GCS", Cause.WRONG_SECRET, enter_the_field, condition=broken_by("with_wrong_secret"),
         field="credentials"),
    plan("unknown account", "GCS", Cause.UNKNOWN_KEY, enter_the_field, "does not exist", field="credentials",
         condition=broken_by("with_unknown_key")),
    plan("missing bucket", "GCS", Cause.NO_BUCKET, enter_the_field, "missing-", field="path",
         condition=broken_by("with_missing_bucket")),
    plan("no list", "OBS", Cause.DENIED, put_bucket_policy, "obs:bucket:ListBucket", rights={READ}, needs=INPUT,
         prefix="input/"),
    plan("no read", "OBS", Cause.DENIED, put_bucket_policy, "obs:object:GetObject", rights={LIST}, needs=INPUT,
         prefix="input/"),
    plan("no write", "OBS", Cause.DENIED, put_bucket_policy, "obs:object:PutObject", rights={LIST, READ},
         prefix="input/"),
    plan("wrong secret", "OBS", Cause.WRONG_SECRET, enter_the_field, condition=broken_by("with_wrong_secret"),
         field="secret_access_key"),
    plan("unknown key", "OBS", Cause.UNKNOWN_KEY, enter_the_field, condition=broken_by("with_unknown_key"),
         field="access_key_id"),
    plan("missing bucket", "OBS", Cause.NO_BUCKET, enter_the_field, "missing-", field="path",
         condition=broken_by("with_missing_bucket")),
    plan("typo in the endpoint", "OBS", Cause.UNREACHABLE, enter_the_field, "a typo", field="endpoint",
         condition=with_typo_in_endpoint, state=State.UNKNOWN),
]  # fmt: skip


def _only(place: Place, method: str, name: str, letters: str) -> None:
    """Nothing but the container's name is wrong: the token is one of the whole account's."""
    assert isinstance(place.cloud, AzureCloud)
    place.config |= {"accountKey": f"?{place.cloud.account_sas(letters)}"}
    place.config |= {name: getattr(place.cloud, method)(place.config)[name]}


def test_there_are_enough_of_all_providers() -> None:
    assert len(PLANS) >= 25
    assert {plan.provider for plan in PLANS} == {"S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"}


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
@pytest.mark.parametrize("provider", ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"])
def test_the_whole_setup_is_enough_and_not_more(
    provider: str,
    needs: frozenset[Permission],
    clouds: dict[str, AnyCloud],
    platform: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody with no right at all applies what stands in "Give us access"."""
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
        case OBSCloud():
            text = texts["bucket"].replace("domain/<account ID>:user/<user ID>", cloud.user_id(place.config))
            cloud.put_bucket_policy(place.bucket, json.loads(text))
