"""What a person does who believes the diagnosis."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clouds import parse_config
from clouds.doctor.diagnosis import Diagnosis
from clouds.doctor.grants import gap, missing
from clouds.doctor.probe import Report
from clouds.permissions import Permission
from clouds.policies import Place as PolicyPlace
from clouds.policies import Platform, Snippet
from clouds.s3compatible.policies import ASK_USER
from tests.clouds.doctor.scenarios import Place
from tests.clouds.doctor.scenarios.conditions import account_is
from tests.servers import AzureCloud, CephCloud, Config, GCSCloud, OBSCloud, S3DelegatedCloud
from tests.servers.gcs import State as AccountState


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
    if isinstance(trip.cloud, CephCloud):
        add_bucket_policy(trip.cloud, trip.config, trip.snippets()["bucket"].text)
        return
    assert isinstance(trip.cloud, OBSCloud)
    text = trip.snippets()["bucket"].text.replace("domain/<account ID>:user/<user ID>", trip.cloud.user_id(trip.config))
    trip.cloud.put_bucket_policy(parse_config(trip.config, trip.place.endpoints).bucket, json.loads(text))


def add_bucket_policy(cloud: CephCloud, config: Config, command: str) -> None:
    """The statements of `aws s3api put-bucket-policy`, as a shell would read it, beside those that are there."""
    words = shlex.split(command)
    options = dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
    assert options["--endpoint-url"] == config["s3Endpoint"]
    document = words[words.index("--policy") + 1].replace(ASK_USER, cloud.user_of(config))
    cloud.add_statements(options["--bucket"], json.loads(document)["Statement"])
