"""The fields of both ways into AWS S3: with a user's access key, and with a role in the user's account."""

import functools
import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from clouds.config import CloudConfig, Endpoints, SecretWord
from clouds.paths import normalise_path

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Capitals and underscores live on in old buckets of us-east-1.
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
PATH_EXAMPLE = "s3://my-bucket/path/to/images/"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
TEMPORARY_KEY = re.compile(r"ASIA[A-Z2-7]{16}")
# AWS's own: https://docs.aws.amazon.com/general/latest/gr/s3.html
AWS_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-?[0-9]*")
# Where the operator has named a server of their own, its region may be called anything: auto, garage, fsn1.
REGION_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$"
# As the official client checks them when it reads a datasource back.
KMS_PATTERN = r"^arn:aws:kms:[a-zA-Z0-9-]*:[0-9]{12}:key.+$"
# The shortest session that AWS gives: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
SESSION_SECONDS = 900

S3Path = Annotated[
    str,
    AfterValidator(
        functools.partial(normalise_path, scheme="s3", bucket_pattern=BUCKET, example=PATH_EXAMPLE),
    ),
]


class S3Base(CloudConfig):
    """The fields both ways into S3 share."""

    scheme: ClassVar[str] = "s3"

    path: S3Path = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory in your bucket. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the S3 console open the bucket, tick the directory and press Copy S3 URI. In a terminal, "
            "`aws s3 ls s3://my-bucket/path/` shows what is there.",
        },
    )
    region: str = Field(
        alias="s3Region",
        title="Region",
        description="The AWS region in which the bucket was made.",
        examples=["eu-central-1"],
        pattern=REGION_PATTERN,
        json_schema_extra={
            "where": "In the S3 console the list of buckets has a column AWS Region. In a terminal: `aws s3api "
            "get-bucket-location --bucket my-bucket`, where null means us-east-1.",
        },
    )
    kms_key_arn: str | None = Field(
        default=None,
        alias="s3ServerSideEncryptionKMSKey",
        title="KMS key ARN",
        description="Only for buckets that require your own KMS key.",
        examples=["arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
        pattern=KMS_PATTERN,
        json_schema_extra={
            "where": "In the S3 console, the bucket's Properties tab names it under Default encryption, if it is "
            "SSE-KMS. In a terminal: `aws s3api get-bucket-encryption --bucket my-bucket`, there KMSMasterKeyID. "
            "Leave it empty for SSE-S3.",
        },
    )

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        if (endpoints and endpoints.s3) or AWS_REGION.fullmatch(self.region):
            return {}
        return {
            "region": "AWS has no region of this name. For example: eu-central-1. Storage that is not AWS's is entered "
            "as “S3-compatible”."
        }


class S3Config(S3Base):
    type: Literal["S3"] = "S3"
    access_key_id: str = Field(
        alias="s3AccessKeyId",
        title="Access key ID",
        description="Access key of the IAM user with access to this folder.",
        examples=["AKIAIOSFODNN7EXAMPLE"],
        min_length=1,
        pattern=r"^[\x21-\x7e]+$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the IAM console open Users, the user, the tab Security credentials, and there Access keys. "
            "`aws iam list-access-keys --user-name NAME` lists them. It must be a user's own key, not a session's "
            "(ASIA…).",
        },
    )
    secret_access_key: SecretWord = Field(
        alias="s3SecretAccessKey",
        title="Secret access key",
        description="Stored encrypted, never shown again.",
        examples=["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
        json_schema_extra={
            "where": "AWS shows it once, when the access key is made: in the IAM console under Users, the user, "
            "Security credentials, Create access key, or by `aws iam create-access-key --user-name NAME`. If it is "
            "lost, make a new key.",
        },
    )

    @property
    def principal(self) -> str:
        return self.access_key_id

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        problems = super().unusable(now, endpoints)
        if not TEMPORARY_KEY.fullmatch(self.access_key_id):
            return problems
        return problems | {
            "access_key_id": "This is a temporary key: it works with a session token only, and ends within hours. "
            "Use the key of an IAM user (AKIA…), or “AWS S3 with a role”, which renews its sessions by itself."
        }


class S3DelegatedAccessConfig(S3Base):
    type: Literal["S3DelegatedAccess"] = "S3DelegatedAccess"
    role_arn: str = Field(
        alias="s3ARN",
        title="Role ARN",
        description="The role in your account that trusts this platform.",
        examples=["arn:aws:iam::123456789012:role/Lightly-S3-Integration"],
        pattern=r"^arn:aws:iam::[0-9]{12}:role/[\w+=,.@/-]+$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the IAM console open Roles and the role; its Summary has the ARN. In a terminal: `aws iam "
            "get-role --role-name NAME --query Role.Arn`. Grant access shows how to create the role.",
        },
    )
    # The team has one of its own, with which the form begins. The API may bring another, as other platforms' users do.
    external_id: str = Field(
        alias="s3ExternalId",
        title="External ID",
        description="The external ID that the role's trust policy requires. At least 10 characters.",
        examples=["lightly-4f1c9a7be2"],
        min_length=10,
        pattern=r"^[a-zA-Z0-9_+=,.@:/-]+$",
        json_schema_extra={
            "from_team": True,
            "members_only": True,
            "where": "It is your team's own ID, not one from AWS. It must be in the role's trust policy. The IAM "
            "console shows which one the role requires, under Roles, the role, Trust relationships, at "
            "sts:ExternalId. In a terminal: `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument`.",
        },
    )

    @property
    def principal(self) -> str:
        return self.role_arn


def public_host(config: S3Base) -> str:
    """The host of S3 in the config's region."""
    suffix = ".cn" if config.region.startswith("cn-") else ""
    return f"s3.{config.region}.amazonaws.com{suffix}"
