"""The trips: a fault, what must be told of it, and the fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clouds import Cause
from clouds.permissions import ALL, READ_ONLY, Permission, State
from tests.clouds.doctor.round_trips.fixes import (
    Fix,
    apply_trust,
    attach_from_cli,
    attach_policy,
    bind_role,
    drop_denying_statement,
    enable_account,
    enter_the_field,
    make_a_key,
    make_a_token,
    put_bucket_policy,
    set_the_region,
)
from tests.clouds.doctor.scenarios import Place
from tests.clouds.doctor.scenarios.conditions import (
    account_is,
    broken_by,
    called_garage,
    in_region,
    trusting_another,
    with_sas,
)
from tests.servers import ALL_RIGHTS, AzureCloud, Right, S3Cloud, S3DelegatedCloud
from tests.servers.gcs import State as AccountState
from tests.servers.s3 import KMS_KEY

LIST, READ, CREATE, REPLACE, DELETE = Right
INPUT, LIGHTLY = READ_ONLY, ALL
PREFIX = "input/it's ${a} *new*/"  # what shells, JSON, Terraform and IAM each would take for something else


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
    plan("no read", "S3Compatible", Cause.DENIED, put_bucket_policy, "s3:GetObject", rights={LIST}, needs=INPUT),
    plan("no write", "S3Compatible", Cause.DENIED, put_bucket_policy, "s3:PutObject", rights={LIST, READ}),
    plan("nothing", "S3Compatible", Cause.DENIED, put_bucket_policy, rights=set()),
    plan("wrong secret", "S3Compatible", Cause.WRONG_SECRET, enter_the_field, field="secret_access_key",
         condition=broken_by("with_wrong_secret")),
    plan("region", "S3Compatible", Cause.WRONG_REGION, set_the_region, "expects garage", field="region",
         condition=called_garage),
]  # fmt: skip


def _only(place: Place, method: str, name: str, letters: str) -> None:
    """Nothing but the container's name is wrong: the token is one of the whole account's."""
    assert isinstance(place.cloud, AzureCloud)
    place.config |= {"accountKey": f"?{place.cloud.account_sas(letters)}"}
    place.config |= {name: getattr(place.cloud, method)(place.config)[name]}
