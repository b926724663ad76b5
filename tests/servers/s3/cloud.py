"""The S3 and IAM of one account on a moto server: what its operator does, and the principals that are handed out."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore.config import Config as BotoConfig
from botocore.credentials import Credentials

from tests.servers.cors import Rule
from tests.servers.gate import Exchange
from tests.servers.process import HOST, ServerProcess
from tests.servers.s3.gate import ACCOUNT, REGION, Bucket, Principal, Role, S3Gate
from tests.servers.s3.policy import Document, allow, for_moto, merged, policy_for
from tests.servers.vocabulary import Config, Right, Trouble

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client


class S3Cloud:
    """Buckets of Amazon S3, reached with a user's access key."""

    provider = "S3"

    def __init__(self) -> None:
        command = [str(Path(sys.executable).with_name("moto_server")), "-H", HOST, "-p"]
        self.server = ServerProcess("moto", lambda port: [*command, str(port)])
        self.gate = S3Gate()
        self.platform = Credentials("", "")
        """The platform's own principal: may call sts:AssumeRole and nothing else."""
        self.platform_arn = f"arn:aws:iam::{ACCOUNT}:user/lightly-platform"
        self._s3: S3Client
        self._iam: IAMClient

    @property
    def requests(self) -> list[Exchange]:
        return self.gate.requests

    @property
    def address(self) -> str:
        return self.gate.address

    def start(self) -> None:
        self.server.start()
        self.gate.upstream = self.server.address
        self._become_operator()
        self._enforce()
        self.platform = self._make_user(
            "lightly-platform",
            {"Version": "2012-10-17", "Statement": [allow("sts:AssumeRole", "*")]},
        )
        self.gate.start()

    def stop(self) -> None:
        self.gate.stop()
        self.server.stop()

    def environment(self, address: str | None = None) -> dict[str, str]:
        url = f"http://{address or self.address}"
        return {
            "LIGHTLY_S3_ENDPOINT_URL": url,
            "LIGHTLY_STS_ENDPOINT_URL": url,
            "LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST,
        }

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._s3.create_bucket(Bucket=name)
        self.gate.buckets[name] = Bucket()
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=data)

    def get(self, bucket: str, key: str) -> bytes:
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def grant(self, bucket: str, prefix: str, rights: Collection[Right], *, expired: bool = False) -> Config:
        config = self.grant_policy(bucket, prefix, policy_for(bucket, prefix, rights))
        return self.expired(config) if expired else config

    def grant_policy(self, bucket: str, prefix: str, policy: Document) -> Config:
        """A config for a fresh user with exactly this IAM policy, such as one the product proposed."""
        user = self._make_user(f"user-{secrets.token_hex(6)}", policy)
        return {
            "type": "S3",
            "fullPath": f"s3://{bucket}/{prefix}",
            "s3Region": self.gate.buckets[bucket].region,
            "s3AccessKeyId": user.access_key,
            "s3SecretAccessKey": user.secret_key,
        }

    def attach_policy(self, config: Config, policy: Document) -> None:
        """Give the config's user one more inline policy, such as one the product wrote."""
        principal = self.gate.principals[config["s3AccessKeyId"]]
        name = principal.arn.rpartition("/")[2]
        self._iam.put_user_policy(
            UserName=name, PolicyName=f"more-{secrets.token_hex(4)}", PolicyDocument=json.dumps(for_moto(policy))
        )
        principal.policy = merged(principal.policy, policy)

    def replace_policy(self, config: Config, policy: Document) -> None:
        """Let the config's user have this inline policy and no other."""
        principal = self.gate.principals[config["s3AccessKeyId"]]
        name = principal.arn.rpartition("/")[2]
        for other in self._iam.list_user_policies(UserName=name)["PolicyNames"]:
            self._iam.delete_user_policy(UserName=name, PolicyName=other)
        self._iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(for_moto(policy)))
        principal.policy = policy

    def attach_role_policy(self, arn: str, policy: Document) -> None:
        name = arn.rpartition("/")[2]
        document = json.dumps(for_moto(policy))
        self._iam.put_role_policy(RoleName=name, PolicyName=f"more-{secrets.token_hex(4)}", PolicyDocument=document)
        self.gate.roles[arn].policy = merged(self.gate.roles[arn].policy, policy)

    def set_trust(self, arn: str, trust: Document) -> None:
        document = json.dumps(for_moto(trust))
        self._iam.update_assume_role_policy(RoleName=arn.rpartition("/")[2], PolicyDocument=document)
        self.gate.roles[arn].trust = trust

    def set_cors(self, bucket: str, rules: list[dict[str, Any]]) -> None:
        """As the S3 console takes them."""
        self._s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})  # type: ignore[typeddict-item]
        self.gate.buckets[bucket].cors = [Rule(rule["AllowedOrigins"], rule["AllowedMethods"]) for rule in rules]

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        self.gate.buckets[bucket].trouble = trouble

    def set_home_region(self, bucket: str, region: str, *, redirects: bool = False) -> None:
        """Requests signed for another region get 400 AuthorizationHeaderMalformed, or 301 PermanentRedirect."""
        self.gate.buckets[bucket].region = region
        self.gate.buckets[bucket].redirects = redirects

    def lock(self, bucket: str) -> None:
        """Object Lock with a default retention."""
        self.gate.buckets[bucket].locked = True

    def keep_versions(self, bucket: str, config: Config, *, removable: bool) -> None:
        """From now on. `removable`: whether the config's user may remove versions."""
        self._s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if removable:
            statement = allow("s3:DeleteObjectVersion", f"arn:aws:s3:::{bucket}/*")
            self.attach_policy(config, {"Version": "2012-10-17", "Statement": [statement]})

    def versions(self, bucket: str) -> int:
        """All there are, with delete markers."""
        found = self._s3.list_object_versions(Bucket=bucket)
        return len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))

    def delete_after(self, bucket: str, moment: datetime) -> None:
        """By a rule of the bucket's lifecycle."""
        self.gate.buckets[bucket].expires = format_datetime(moment, usegmt=True)

    def let_caller_pay(self, bucket: str) -> None:
        """Requester pays."""
        self.gate.buckets[bucket].caller_pays = True

    def deny_kms(self, bucket: str, *actions: str) -> None:
        """Nobody but the operator may use the bucket's key; by default to write (kms:GenerateDataKey)."""
        self.gate.buckets[bucket].denied_kms = frozenset(actions or {"kms:GenerateDataKey"})

    def kms_key_of(self, bucket: str, key: str) -> str:
        """The KMS key that an object is encrypted with; empty if there is none."""
        return self._s3.head_object(Bucket=bucket, Key=key).get("SSEKMSKeyId", "")

    def with_wrong_secret(self, config: Config) -> Config:
        return config | {"s3SecretAccessKey": secrets.token_hex(20)}

    def with_unknown_key(self, config: Config) -> Config:
        return config | {"s3AccessKeyId": "AKIA" + secrets.token_hex(8).upper()}

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"s3://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A user's key does not expire, but it can be deactivated: AWS then answers InvalidAccessKeyId."""
        del self.gate.principals[config["s3AccessKeyId"]]
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return config

    def _make_user(self, name: str, policy: Document) -> Credentials:
        self._iam.create_user(UserName=name)
        plain = json.dumps(for_moto(policy))
        self._iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=plain)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        self.gate.principals[key["AccessKeyId"]] = Principal(
            f"arn:aws:iam::{ACCOUNT}:user/{name}", key["SecretAccessKey"], policy
        )
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def change_rights(self, config: Config, bucket: str, prefix: str, rights: Collection[Right]) -> None:
        """Behind the back of whoever uses this key: from now on it has exactly these rights."""
        principal = self.gate.principals[config["s3AccessKeyId"]]
        policy = policy_for(bucket, prefix, rights)
        name = principal.arn.rpartition("/")[2]
        self._iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(for_moto(policy)))
        self.gate.principals[config["s3AccessKeyId"]] = replace(principal, policy=policy)

    def make_role(self, trust: Document, policy: Document) -> str:
        """The ARN of a fresh role."""
        name = f"role-{secrets.token_hex(6)}"
        plain = json.dumps(for_moto(trust))
        arn = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=plain)["Role"]["Arn"]
        rights = json.dumps(for_moto(policy))
        self._iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
        self.gate.roles[arn] = Role(trust, policy)
        return arn

    def _become_operator(self) -> None:
        """Makes the all-mighty user while moto does not enforce yet."""
        self._connect(Credentials("setup", "setup"))
        everything = {"Version": "2012-10-17", "Statement": [allow("*", "*")]}
        self.gate.operator = self._make_user("operator", everything)
        self._connect(self.gate.operator)

    def _connect(self, credentials: Credentials) -> None:
        session = boto3.Session(credentials.access_key, credentials.secret_key, region_name=REGION)
        url = f"http://{self.server.address}"
        self._s3 = session.client("s3", endpoint_url=url, config=BotoConfig(s3={"addressing_style": "path"}))
        self._iam = session.client("iam", endpoint_url=url)

    def _enforce(self) -> None:
        # moto answers 500 to a form content type.
        url = f"http://{self.server.address}/moto-api/reset-auth"
        requests.post(url, data=b"0", headers={"Content-Type": "text/plain"}, timeout=10).raise_for_status()
