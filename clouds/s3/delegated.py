"""AWS S3 through a role in the user's account, assumed with the platform's own AWS identity and an external ID."""

from dataclasses import replace
from typing import Any, ClassVar, Literal

import botocore.exceptions
from pydantic import Field

from clouds.base import Cause, Deadline, Endpoints, Failure, StoreError
from clouds.s3.store import S3Base, S3Store, client_config, failure_of, make_client, s3_client

# The shortest AWS gives: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
SESSION_SECONDS = 900


class S3DelegatedAccessConfig(S3Base):
    provider_label: ClassVar[str] = "AWS S3 with a role"
    provider_short: ClassVar[str] = "S3 role"
    credential_label: ClassVar[str] = "Role"
    lifetime_note: ClassVar[str] = (
        "A role has no end. Each session of it lasts 15 minutes and is renewed by itself, so the limits of AWS "
        "(12 hours, 1 hour where one role assumes another) are never reached. Read URLs of its files lead through this "
        "server, which signs anew each time, so they outlive a session."
    )

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
            "get-role --role-name NAME --query Role.Arn`. What to create the role with is under Give us access.",
        },
    )
    # The team has one of its own, with which the form begins. The API may bring another, as other platforms' users do.
    external_id: str = Field(
        alias="s3ExternalId",
        title="External ID",
        description="The one the role's trust policy asks for. At least 10 characters.",
        examples=["lightly-4f1c9a7be2"],
        min_length=10,
        pattern=r"^[a-zA-Z0-9_+=,.@:/-]+$",
        json_schema_extra={
            "from_team": True,
            "where": "You don't get it from AWS: it is your team's own, and goes into the role's trust policy. What "
            "the role asks for stands in the IAM console under Roles, the role, Trust relationships, at "
            "sts:ExternalId, or in `aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument`.",
        },
    )

    @property
    def principal(self) -> str:
        return self.role_arn

    def open(self, endpoints: Endpoints, deadline: Deadline) -> S3Store:
        keys = assume_role(self, endpoints, deadline)
        client = s3_client(
            endpoints, deadline, self.region, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
        )
        return S3Store(client, self, keys["SecretAccessKey"])


def assume_role(config: S3DelegatedAccessConfig, endpoints: Endpoints, deadline: Deadline) -> Any:
    """Temporary keys of the role. The one place that uses the platform's own AWS identity (environment or profile)."""
    sts = make_client("sts", region_name=config.region, endpoint_url=endpoints.sts, config=client_config(deadline))
    try:
        answer = sts.assume_role(
            RoleArn=config.role_arn,
            ExternalId=config.external_id,
            RoleSessionName="lightly-platform",
            DurationSeconds=SESSION_SECONDS,
        )
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise StoreError(_failure_of_role(error)) from None
    finally:
        sts.close()
    return answer["Credentials"]


# Refused before the role is even looked at: the platform's own identity is the problem, which the operator must mend.
_PLATFORM = {Cause.UNKNOWN_KEY, Cause.WRONG_SECRET, Cause.EXPIRED, Cause.CREDENTIAL_REFUSED}
_ROLE = {Cause.DENIED, Cause.EXPLICIT_DENY, Cause.UNKNOWN, Cause.NO_OBJECT}


def _failure_of_role(error: Exception) -> Failure:
    failure = failure_of(error)
    causes = dict.fromkeys(_PLATFORM, Cause.NO_PRINCIPAL) | dict.fromkeys(_ROLE, Cause.CANNOT_ASSUME_ROLE)
    cause = causes.get(failure.cause, failure.cause) if failure.status else failure.cause
    return replace(failure, cause=cause)
