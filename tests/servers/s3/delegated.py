"""Amazon S3 through a role which the platform's own principal assumes with an external ID."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from tests.servers.gate import Exchange
from tests.servers.s3.cloud import S3Cloud
from tests.servers.s3.gate import ACCOUNT
from tests.servers.s3.policy import Document, policy_for
from tests.servers.vocabulary import Config, Right, Trouble


def trust_policy(principal_arn: str, external_id: str) -> dict[str, Any]:
    """Who may assume a role, and only with this external ID."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal_arn},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }


class S3DelegatedCloud:
    """Shares the server of an `S3Cloud`, which must be started first and stopped last."""

    provider = "S3DelegatedAccess"

    def __init__(self, s3: S3Cloud) -> None:
        self.s3 = s3

    @property
    def requests(self) -> list[Exchange]:
        return self.s3.requests

    @property
    def address(self) -> str:
        return self.s3.address

    def start(self) -> None:
        """Nothing of its own to start."""

    def stop(self) -> None:
        """Nothing of its own to stop."""

    def environment(self, address: str | None = None) -> dict[str, str]:
        return self.s3.environment(address) | {
            "AWS_ACCESS_KEY_ID": self.s3.platform.access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3.platform.secret_key,
        }

    def make_bucket(self) -> str:
        return self.s3.make_bucket()

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.s3.put(bucket, key, data)

    def get(self, bucket: str, key: str) -> bytes:
        return self.s3.get(bucket, key)

    def keys(self, bucket: str) -> list[str]:
        return self.s3.keys(bucket)

    def grant(
        self,
        bucket: str,
        prefix: str,
        rights: Collection[Right],
        *,
        expired: bool = False,
        trusted_arn: str | None = None,
    ) -> Config:
        """`trusted_arn`: whom the role trusts, if not the platform."""
        policy = policy_for(bucket, prefix, rights)
        config = self.grant_policy(bucket, prefix, policy, trusted_arn=trusted_arn)
        return self.expired(config) if expired else config

    def grant_policy(self, bucket: str, prefix: str, policy: Document, *, trusted_arn: str | None = None) -> Config:
        """A config for a fresh role with exactly this IAM policy, such as one the product proposed."""
        external_id = f"lightly-{secrets.token_hex(8)}"
        return {
            "type": "S3DelegatedAccess",
            "fullPath": f"s3://{bucket}/{prefix}",
            "s3Region": self.s3.gate.buckets[bucket].region,
            "s3ExternalId": external_id,
            "s3ARN": self.s3.make_role(trust_policy(trusted_arn or self.s3.platform_arn, external_id), policy),
        }

    def attach_policy(self, config: Config, policy: Document) -> None:
        """Give the config's role one more inline policy, such as one the product wrote."""
        self.s3.attach_role_policy(config["s3ARN"], policy)

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        self.s3.trouble(bucket, trouble)

    def set_home_region(self, bucket: str, region: str, *, redirects: bool = False) -> None:
        self.s3.set_home_region(bucket, region, redirects=redirects)

    def deny_kms(self, bucket: str, *actions: str) -> None:
        self.s3.deny_kms(bucket, *actions)

    def with_wrong_secret(self, config: Config) -> Config:
        """The nearest thing to a secret here is the external ID."""
        return config | {"s3ExternalId": f"wrong-{secrets.token_hex(8)}"}

    def with_unknown_key(self, config: Config) -> Config:
        """The nearest thing to a key here is the role."""
        return config | {"s3ARN": f"arn:aws:iam::{ACCOUNT}:role/missing-{secrets.token_hex(6)}"}

    def with_missing_bucket(self, config: Config) -> Config:
        return self.s3.with_missing_bucket(config)

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return self.s3.with_path(config, bucket, prefix)

    def expired(self, config: Config) -> Config:
        """Sessions of this role are born expired, as if the platform had kept one for too long."""
        self.s3.gate.roles[config["s3ARN"]].sessions_expired = True
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return config
