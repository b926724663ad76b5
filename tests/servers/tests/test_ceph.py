"""What the checks of S3-compatible storage rest on: Ceph's RADOS gateway as it answers boto3."""

from __future__ import annotations

import shutil
from typing import Any

import boto3
import pytest
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from scripts import ceph
from tests.servers import ALL_RIGHTS, CephCloud, Cloud, Config, Right
from tests.servers.ceph import REGION

LIST, READ, CREATE, REPLACE, DELETE = Right


@pytest.fixture
def cloud(clouds: dict[str, Cloud]) -> CephCloud:
    found = clouds["S3Compatible"]
    assert isinstance(found, CephCloud)
    return found


def client(config: Config) -> Any:
    return boto3.Session(config["s3AccessKeyId"], config["s3SecretAccessKey"], region_name=REGION).client(
        "s3",
        endpoint_url=config["s3Endpoint"],
        config=BotoConfig(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def outcome(call: Any, **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def outcomes(cloud: CephCloud, rights: set[Right] | frozenset[Right]) -> dict[Right, str]:
    bucket = cloud.make_bucket()
    for key in ("in/old", "in/doomed"):
        cloud.put(bucket, key, b"1")
    s3, at = client(cloud.grant(bucket, "in/", rights)), {"Bucket": bucket}
    return {
        LIST: outcome(s3.list_objects_v2, Prefix="in/", **at),
        READ: outcome(s3.get_object, Key="in/old", **at),
        REPLACE: outcome(s3.put_object, Key="in/old", Body=b"2", **at),
        DELETE: outcome(s3.delete_object, Key="in/doomed", **at),
    }


@pytest.mark.parametrize(
    "rights",
    [ALL_RIGHTS, set(), {LIST}, {READ}, {CREATE, REPLACE}, {DELETE}],
    # Sets have no order of their own, and all workers must find the same names.
    ids=lambda rights: "+".join(sorted(rights)) or "none",
)
def test_it_judges_by_rights(cloud: CephCloud, rights: set[Right]) -> None:
    assert outcomes(cloud, rights) == {
        right: "ok" if right in rights else "AccessDenied" for right in (LIST, READ, REPLACE, DELETE)
    }


def test_rights_end_at_the_prefix(cloud: CephCloud) -> None:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "elsewhere/a", b"1")
    s3 = client(cloud.grant(bucket, "in/", ALL_RIGHTS))
    assert outcome(s3.list_objects_v2, Bucket=bucket, Prefix="elsewhere/") == "AccessDenied"
    assert outcome(s3.get_object, Bucket=bucket, Key="elsewhere/a") == "AccessDenied"


def test_who_wrote_an_object_may_read_it_and_its_access_list(cloud: CephCloud) -> None:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "in/other", b"1")
    s3, own = client(cloud.grant(bucket, "in/", {CREATE, REPLACE})), {"Bucket": bucket, "Key": "in/own"}
    assert outcome(s3.put_object, Body=b"1", **own) == "ok"
    assert [outcome(call, **own) for call in (s3.get_object, s3.get_object_acl)] == ["ok", "ok"]
    other = own | {"Key": "in/other"}
    assert [outcome(call, **other) for call in (s3.get_object, s3.get_object_acl)] == ["AccessDenied"] * 2
    assert outcome(s3.get_bucket_acl, Bucket=bucket) == "AccessDenied"


def test_a_missing_key_is_told_to_whoever_lists_without_a_condition(cloud: CephCloud) -> None:
    bucket = cloud.make_bucket()
    for prefix, rights, code in (("", {LIST}, "NoSuchKey"), ("in/", {LIST, READ}, "AccessDenied")):
        s3 = client(cloud.grant(bucket, prefix, rights))
        assert outcome(s3.get_object, Bucket=bucket, Key="in/missing") == code


def test_writes_may_be_conditional(cloud: CephCloud) -> None:
    bucket = cloud.make_bucket()
    s3 = client(cloud.grant(bucket, "", ALL_RIGHTS))
    codes = [outcome(s3.put_object, Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*") for _ in range(2)]
    assert codes == ["ok", "PreconditionFailed"]


def test_quota_suspension_and_owners(cloud: CephCloud) -> None:
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, "", ALL_RIGHTS)
    cloud.put(bucket, "a", b"1")
    cloud.limit_objects(bucket, 1)
    assert outcome(client(config).put_object, Bucket=bucket, Key="b", Body=b"1") == "QuotaExceeded"
    cloud.suspend(config)
    assert outcome(client(config).list_objects_v2, Bucket=bucket) == "UserSuspended"
    owner = cloud.owner_config(bucket, "")
    assert outcome(client(owner).get_bucket_acl, Bucket=bucket) == "ok"


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name.startswith("rados") else f"/usr/bin/{name}")
    with pytest.raises(RuntimeError, match="radosgw, radosgw-admin can't be found"):
        ceph.require()
