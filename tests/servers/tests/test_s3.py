"""The S3 test server judges like AWS: proven with boto3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from tests.servers.s3 import KMS_KEY, S3Cloud, only_encrypted_with
from tests.servers.s3.delegated import S3DelegatedCloud
from tests.servers.vocabulary import ALL_RIGHTS, Config, Right, Trouble

# Building a session takes 200 ms, a client from it 11 ms.
SESSION = boto3.Session()


@pytest.fixture(scope="module")
def cloud() -> Iterator[S3Cloud]:
    cloud = S3Cloud()
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.fixture(scope="module")
def delegated(cloud: S3Cloud) -> S3DelegatedCloud:
    return S3DelegatedCloud(cloud)


def client(cloud: S3Cloud, config: Config, token: str | None = None, region: str | None = None) -> Any:
    return SESSION.client(
        "s3",
        endpoint_url=f"http://{cloud.address}",
        aws_access_key_id=config["s3AccessKeyId"],
        aws_secret_access_key=config["s3SecretAccessKey"],
        aws_session_token=token,
        region_name=region or config["s3Region"],
        config=BotoConfig(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            read_timeout=1,
            signature_version="s3v4",
        ),
    )


def assume(cloud: S3DelegatedCloud, config: Config, **changes: str) -> Any:
    arguments: dict[str, Any] = {
        "RoleArn": config["s3ARN"],
        "RoleSessionName": "check",
        "ExternalId": config["s3ExternalId"],
    }
    arguments = {name: value for name, value in (arguments | changes).items() if value}
    environment = cloud.environment()
    sts = SESSION.client(
        "sts",
        endpoint_url=environment["LIGHTLY_STS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    return sts.assume_role(**arguments)["Credentials"]


def role_client(cloud: S3DelegatedCloud, config: Config) -> Any:
    session = assume(cloud, config)
    keys = {"s3AccessKeyId": session["AccessKeyId"], "s3SecretAccessKey": session["SecretAccessKey"]}
    return client(cloud.s3, config | keys, token=session["SessionToken"])


def outcome(call: Any, **arguments: Any) -> tuple[int, str]:
    try:
        answer = call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], ""


DENIED = (403, "AccessDenied")


@pytest.mark.parametrize("right", Right)
def test_each_right_allows_its_operation_and_no_other(cloud: S3Cloud, right: Right) -> None:
    bucket = cloud.make_bucket()
    for key in ("input/old", "input/doomed"):
        cloud.put(bucket, key, b"old")
    s3 = client(cloud, cloud.grant(bucket, "input/", {right}))
    outcomes = {
        Right.LIST: outcome(s3.list_objects_v2, Bucket=bucket, Prefix="input/"),
        Right.READ: outcome(s3.get_object, Bucket=bucket, Key="input/old"),
        Right.CREATE: outcome(s3.put_object, Bucket=bucket, Key="input/new", Body=b"", IfNoneMatch="*"),
        Right.REPLACE: outcome(s3.put_object, Bucket=bucket, Key="input/old", Body=b"new"),
        Right.DELETE: outcome(s3.delete_object, Bucket=bucket, Key="input/doomed"),
    }
    allowed = {name for name, (status, _) in outcomes.items() if status < 300}
    assert allowed == ({Right.CREATE, Right.REPLACE} if right is Right.REPLACE else {right})
    assert {outcomes[name] for name in ALL_RIGHTS - allowed} == {DENIED}


def test_rights_end_at_the_prefix(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    s3 = client(cloud, cloud.grant(bucket, "input/", ALL_RIGHTS))
    assert outcome(s3.list_objects_v2, Bucket=bucket) == DENIED
    assert outcome(s3.list_objects_v2, Bucket=bucket, Prefix="other/") == DENIED
    assert outcome(s3.put_object, Bucket=bucket, Key="other/x", Body=b"") == DENIED
    assert cloud.keys(bucket) == []


def test_create_only_may_not_put_without_the_condition_nor_replace(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    s3 = client(cloud, cloud.grant(bucket, "out/", {Right.CREATE}))
    assert outcome(s3.put_object, Bucket=bucket, Key="out/x", Body=b"1", IfNoneMatch="*") == (200, "")
    assert outcome(s3.put_object, Bucket=bucket, Key="out/x", Body=b"2", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert outcome(s3.put_object, Bucket=bucket, Key="out/x", Body=b"3") == DENIED
    assert cloud.get(bucket, "out/x") == b"1"


def test_denied_comes_before_the_condition(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "out/x", b"1")
    s3 = client(cloud, cloud.grant(bucket, "out/", {Right.LIST}))
    assert outcome(s3.put_object, Bucket=bucket, Key="out/x", Body=b"2", IfNoneMatch="*") == DENIED


def test_a_missing_key_is_hidden_from_those_who_may_not_list(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    reader = client(cloud, cloud.grant(bucket, "input/", {Right.READ}))
    lister = client(cloud, cloud.grant(bucket, "input/", {Right.READ, Right.LIST}))
    assert outcome(reader.get_object, Bucket=bucket, Key="input/none") == DENIED
    assert outcome(lister.get_object, Bucket=bucket, Key="input/none") == (404, "NoSuchKey")


def test_keys_with_spaces_and_unicode(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    prefix = "Bilder (1)/größe + ü/日本/"
    s3 = client(cloud, cloud.grant(bucket, prefix, ALL_RIGHTS))
    key = f"{prefix}ein bild&=.jpg"
    assert outcome(s3.put_object, Bucket=bucket, Key=key, Body=b"data") == (200, "")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"data"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]] == [key]
    assert outcome(s3.delete_object, Bucket=bucket, Key=key) == (204, "")
    assert cloud.keys(bucket) == []


def test_bad_credentials(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, "", ALL_RIGHTS)
    for broken, code in (
        (cloud.with_wrong_secret(config), "SignatureDoesNotMatch"),
        (cloud.with_unknown_key(config), "InvalidAccessKeyId"),
        (cloud.expired(cloud.grant(bucket, "", ALL_RIGHTS)), "InvalidAccessKeyId"),
    ):
        assert outcome(client(cloud, broken).list_objects_v2, Bucket=bucket) == (403, code)
        put = client(cloud, broken).put_object
        assert outcome(put, Bucket=bucket, Key="x", Body=b"", IfNoneMatch="*") == (403, code)
    assert outcome(client(cloud, config).list_objects_v2, Bucket=bucket) == (200, "")
    assert cloud.keys(bucket) == []


def test_missing_bucket(cloud: S3Cloud) -> None:
    config = cloud.with_missing_bucket(cloud.grant(cloud.make_bucket(), "", ALL_RIGHTS))
    bucket = config["fullPath"].split("/")[2]
    s3 = client(cloud, config)
    assert outcome(s3.list_objects_v2, Bucket=bucket) == (404, "NoSuchBucket")
    assert outcome(s3.put_object, Bucket=bucket, Key="x", Body=b"") == (404, "NoSuchBucket")


def test_wrong_region_names_the_right_one(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    s3 = client(cloud, cloud.grant(bucket, "", ALL_RIGHTS))
    for redirects, expected in ((False, (400, "AuthorizationHeaderMalformed")), (True, (301, "PermanentRedirect"))):
        cloud.set_home_region(bucket, "eu-central-1", redirects=redirects)
        cloud.requests.clear()
        answer = requests.get(
            s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket}), allow_redirects=False, timeout=5
        )
        assert (answer.status_code, answer.headers["x-amz-bucket-region"]) == (expected[0], "eu-central-1")
        assert f"<Code>{expected[1]}</Code>" in answer.text
    right = client(cloud, cloud.grant(bucket, "", ALL_RIGHTS))
    assert right.meta.region_name == "eu-central-1"
    assert outcome(right.put_object, Bucket=bucket, Key="x", Body=b"") == (200, "")


@pytest.mark.parametrize(("redirects", "status"), [(False, 400), (True, 301)])
def test_boto3_follows_to_the_right_region_unasked(cloud: S3Cloud, redirects: bool, status: int) -> None:
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, "", ALL_RIGHTS)
    cloud.set_home_region(bucket, "eu-central-1", redirects=redirects)
    cloud.requests.clear()
    assert outcome(client(cloud, config).list_objects_v2, Bucket=bucket) == (200, "")
    assert [exchange.status for exchange in cloud.requests] == [status, 200]


def test_head_bucket_needs_the_right_to_list(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    assert outcome(client(cloud, cloud.grant(bucket, "", {Right.LIST})).head_bucket, Bucket=bucket) == (200, "")
    assert outcome(client(cloud, cloud.grant(bucket, "in/", {Right.LIST})).head_bucket, Bucket=bucket) == (403, "403")


def test_kms_denied_names_the_action(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "x", b"1")
    cloud.deny_kms(bucket)
    s3 = client(cloud, cloud.grant(bucket, "", ALL_RIGHTS))
    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        s3.put_object(Bucket=bucket, Key="y", Body=b"")
    assert outcome(s3.get_object, Bucket=bucket, Key="x") == (200, "")
    cloud.deny_kms(bucket, "kms:Decrypt")
    with pytest.raises(ClientError, match="kms:Decrypt"):
        s3.get_object(Bucket=bucket, Key="x")


def test_troubles_hit_one_bucket_and_heal(cloud: S3Cloud) -> None:
    bucket, healthy = cloud.make_bucket(), cloud.make_bucket()
    s3 = client(cloud, cloud.grant(bucket, "", ALL_RIGHTS))
    cloud.trouble(bucket, Trouble.THROTTLED)
    assert outcome(s3.list_objects_v2, Bucket=bucket) == (503, "SlowDown")
    cloud.trouble(bucket, Trouble.SERVER_ERROR)
    assert outcome(s3.list_objects_v2, Bucket=bucket) == (500, "InternalError")
    cloud.trouble(bucket, Trouble.SILENT)
    with pytest.raises(Exception, match="Read timeout"):
        s3.list_objects_v2(Bucket=bucket)
    cloud.trouble(bucket, Trouble.RESET)
    with pytest.raises(Exception, match="Connection was closed"):
        s3.list_objects_v2(Bucket=bucket)
    other = client(cloud, cloud.grant(healthy, "", ALL_RIGHTS))
    assert outcome(other.list_objects_v2, Bucket=healthy) == (200, "")
    cloud.trouble(bucket, None)
    assert outcome(s3.list_objects_v2, Bucket=bucket) == (200, "")


def test_presigned_urls_are_judged(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "a b/ü.txt", b"data")
    params = {"Bucket": bucket, "Key": "a b/ü.txt"}
    config = cloud.grant(bucket, "", {Right.READ})
    good = client(cloud, config).generate_presigned_url("get_object", Params=params)
    assert requests.get(good, timeout=5).content == b"data"
    assert requests.get(good, headers={"Range": "bytes=1-2"}, timeout=5).content == b"at"
    assert requests.get(good.replace("X-Amz-Signature=", "X-Amz-Signature=0"), timeout=5).status_code == 403
    wrong = client(cloud, cloud.with_wrong_secret(config)).generate_presigned_url("get_object", Params=params)
    assert "SignatureDoesNotMatch" in requests.get(wrong, timeout=5).text
    blind = client(cloud, cloud.grant(bucket, "", {Right.LIST})).generate_presigned_url("get_object", Params=params)
    assert "AccessDenied" in requests.get(blind, timeout=5).text
    assert requests.get(good.partition("?")[0], timeout=5).status_code == 403


def test_presigned_writes_with_a_kms_key(cloud: S3Cloud) -> None:
    """The key counts in headers that are signed, and nowhere else."""
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, "", ALL_RIGHTS)
    cloud.attach_policy(config, only_encrypted_with(KMS_KEY, bucket))
    s3, params = client(cloud, config), {"Bucket": bucket, "Key": "x"}
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KMS_KEY}
    plain = s3.generate_presigned_url("put_object", Params=params)
    assert "explicit deny" in requests.put(plain, b"1", timeout=5).text
    assert "HeadersNotSigned" in requests.put(plain, b"1", headers=headers, timeout=5).text
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY}
    signed = s3.generate_presigned_url("put_object", Params=params | encryption)
    assert "SignatureDoesNotMatch" in requests.put(signed, b"1", timeout=5).text
    assert cloud.keys(bucket) == []
    assert requests.put(signed, b"1", headers=headers, timeout=5).ok
    assert cloud.kms_key_of(bucket, "x") == KMS_KEY


def test_requests_are_recorded_but_not_the_operators(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, "", {Right.LIST})
    cloud.requests.clear()
    cloud.put(bucket, "x", b"")
    client(cloud, config).list_objects_v2(Bucket=bucket, MaxKeys=1)
    outcome(client(cloud, config).get_object, Bucket=bucket, Key="x")
    assert [(method, path.partition("?")[0], status) for method, path, status in cloud.requests] == [
        ("GET", f"/{bucket}", 200),
        ("GET", f"/{bucket}/x", 403),
    ]


def test_a_policy_of_the_products_own_making_is_judged_with_its_conditions(cloud: S3Cloud) -> None:
    bucket = cloud.make_bucket()
    statement = {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}"],
        "Condition": {"StringLike": {"s3:prefix": ["a/*", "b/"]}},
    }
    s3 = client(cloud, cloud.grant_policy(bucket, "a/", {"Version": "2012-10-17", "Statement": [statement]}))
    assert outcome(s3.list_objects_v2, Bucket=bucket, Prefix="a/b") == (200, "")
    assert outcome(s3.list_objects_v2, Bucket=bucket, Prefix="b/") == (200, "")
    assert outcome(s3.list_objects_v2, Bucket=bucket, Prefix="b/c") == DENIED


def test_a_role_gives_its_own_rights(delegated: S3DelegatedCloud) -> None:
    bucket = delegated.make_bucket()
    delegated.put(bucket, "input/x", b"1")
    s3 = role_client(delegated, delegated.grant(bucket, "input/", {Right.LIST, Right.READ}))
    assert outcome(s3.list_objects_v2, Bucket=bucket, Prefix="input/") == (200, "")
    assert outcome(s3.get_object, Bucket=bucket, Key="input/x") == (200, "")
    assert outcome(s3.get_object, Bucket=bucket, Key="input/none") == (404, "NoSuchKey")
    assert outcome(s3.put_object, Bucket=bucket, Key="input/x", Body=b"") == DENIED


def test_the_platforms_own_principal_reaches_no_bucket(delegated: S3DelegatedCloud) -> None:
    bucket = delegated.make_bucket()
    environment = delegated.environment()
    own = {
        "s3AccessKeyId": environment["AWS_ACCESS_KEY_ID"],
        "s3SecretAccessKey": environment["AWS_SECRET_ACCESS_KEY"],
        "s3Region": "us-east-1",
    }
    assert outcome(client(delegated.s3, own).list_objects_v2, Bucket=bucket) == DENIED


def test_who_may_not_assume_a_role(delegated: S3DelegatedCloud) -> None:
    bucket = delegated.make_bucket()
    config = delegated.grant(bucket, "", ALL_RIGHTS)
    stranger = delegated.grant(bucket, "", ALL_RIGHTS, trusted_arn="arn:aws:iam::111122223333:root")
    for broken, changes in (
        (delegated.with_wrong_secret(config), {}),
        (delegated.with_unknown_key(config), {}),
        (stranger, {}),
        (config, {"ExternalId": ""}),
    ):
        with pytest.raises(ClientError) as caught:
            assume(delegated, broken, **changes)
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert assume(delegated, config)["SessionToken"]


def test_an_expired_session_and_a_bad_token(delegated: S3DelegatedCloud) -> None:
    bucket = delegated.make_bucket()
    config = delegated.grant(bucket, "", ALL_RIGHTS, expired=True)
    assert outcome(role_client(delegated, config).list_objects_v2, Bucket=bucket) == (400, "ExpiredToken")
    session = assume(delegated, delegated.grant(bucket, "", ALL_RIGHTS))
    keys = {"s3AccessKeyId": session["AccessKeyId"], "s3SecretAccessKey": session["SecretAccessKey"]}
    bad = client(delegated.s3, config | keys, token="bad")
    assert outcome(bad.list_objects_v2, Bucket=bucket) == (400, "InvalidToken")
