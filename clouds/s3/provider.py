"""The two ways into AWS S3: a user's access key, and a role that the platform takes."""

import json
import shlex
from typing import Any

from clouds.config import CloudConfig, Endpoints
from clouds.failures import Cause, Failure
from clouds.permissions import Permission
from clouds.provider import (
    CORS_EXPOSED_HEADERS,
    CORS_MAX_AGE_SECONDS,
    CORS_METHODS,
    Answers,
    ClientMethod,
    Document,
    Opener,
    Provider,
    one_rule_as_json,
)
from clouds.remedies import Words
from clouds.s3.config import SESSION_SECONDS, S3Base, S3Config, S3DelegatedAccessConfig, public_host
from clouds.s3.pasting import recognise_for_key, recognise_for_role
from clouds.s3.policies import key_snippets, role_snippets
from clouds.s3.remedies import explain

RIGHTS = {
    Permission.LIST: "s3:ListBucket",
    Permission.READ: "s3:GetObject",
    Permission.WRITE: "s3:PutObject",
    Permission.OVERWRITE: "s3:PutObject",
}
CALLS = {
    Permission.LIST: "ListObjectsV2",
    Permission.READ: "GetObject",
    Permission.WRITE: "conditional PutObject",
    Permission.OVERWRITE: "PutObject",
}
CAUSES = frozenset(
    {
        Cause.EXPLICIT_DENY,
        Cause.NETWORK_RULES,
        Cause.WRONG_REGION,
        Cause.KMS_DENIED,
        Cause.RETENTION,
        Cause.UNKNOWN_KEY,
        Cause.WRONG_SECRET,
        Cause.EXPIRED,
        Cause.CLOCK_SKEW,
    }
)
CODES = {Cause.DENIED: "AccessDenied"}
BEYOND_GRANTS = frozenset({"AllAccessDisabled", "AccountProblem"})
_LIMITS = ("permissions boundary", "service control policy", "resource control policy", "session policy")


def cors_documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    rule: dict[str, Any] = {
        "AllowedOrigins": [origin],
        "AllowedMethods": CORS_METHODS,
        "AllowedHeaders": ["*"],
        "ExposeHeaders": CORS_EXPOSED_HEADERS,
        "MaxAgeSeconds": CORS_MAX_AGE_SECONDS,
    }
    elsewhere = f" --endpoint-url {shlex.quote(endpoints.s3)}" if endpoints.s3 else ""
    command = (
        f"aws s3api put-bucket-cors --bucket {shlex.quote(config.bucket)}{elsewhere} "
        f"--cors-configuration {shlex.quote(json.dumps({'CORSRules': [rule]}))}"
    )
    return [
        Document(
            "CORS rules (JSON)",
            f"In the S3 console: bucket {config.bucket}, Permissions, Cross-origin resource sharing (CORS), Edit. "
            "If there are rules already, add this one to the list.",
            one_rule_as_json(rule),
        ),
        Document("With the AWS CLI", "This replaces all CORS rules of the bucket.", command),
    ]


def _host(config: CloudConfig) -> str:
    return public_host(config) if isinstance(config, S3Base) else ""


def _key_opener() -> Opener:
    from clouds.s3.store import open_with_key

    return open_with_key


def _role_opener() -> Opener:
    from clouds.s3.store import open_with_role

    return open_with_role


S3_KEY = Provider(
    config_class=S3Config,
    label="AWS S3",
    short="AWS S3",
    mark="cloud-s3",
    cloud="s3",
    tells_expiry=True,
    opener=_key_opener,
    words=Words(
        rights=RIGHTS,
        calls=CALLS,
        grantee="the IAM user of access key",
        secret="secret access key",  # noqa: S106 - what it is called
        secret_field="secret_access_key",  # noqa: S106 - the name of a field
        host=_host,
        own_address=lambda config, endpoints: endpoints.s3,
        region_field="region",
    ),
    explain=explain,
    policies=key_snippets,
    beyond_grants=BEYOND_GRANTS,
    cors_documents=cors_documents,
    client_method=ClientMethod(
        "set_s3_config",
        {
            "resource_path": "path",
            "region": "region",
            "access_key": "access_key_id",
            "secret_access_key": "secret_access_key",
        },
    ),
    recognise=recognise_for_key,
    answers=Answers(
        causes=CAUSES,
        codes=CODES,
        variants=[
            *((Failure(Cause.DENIED, "AccessDenied", 403, detail=limit), {}) for limit in _LIMITS),
            (Failure(Cause.WRONG_REGION, "PermanentRedirect", 301, region="eu-west-1"), {}),
        ],
    ),
)

S3_ROLE = Provider(
    config_class=S3DelegatedAccessConfig,
    label="AWS S3 with a role",
    short="S3 role",
    mark="cloud-s3-role",
    cloud="s3",
    tells_expiry=True,
    opener=_role_opener,
    session_seconds=SESSION_SECONDS,
    words=Words(
        rights=RIGHTS,
        calls=CALLS,
        grantee="the role",
        secret="role's temporary key",  # noqa: S106 - what it is called
        credential="Role",
        lifetime_note="A role has no end. Each session of it lasts 15 minutes and is renewed by itself, so the limits "
        "of AWS (12 hours, 1 hour where one role assumes another) are never reached. Read URLs of its files lead "
        "through this server, which signs anew each time, so they outlive a session.",
        host=_host,
        own_address=lambda config, endpoints: endpoints.s3,
        region_field="region",
    ),
    explain=explain,
    policies=role_snippets,
    beyond_grants=BEYOND_GRANTS,
    cors_documents=cors_documents,
    client_method=ClientMethod(
        "set_s3_delegated_access_config",
        {"resource_path": "path", "region": "region", "role_arn": "role_arn", "external_id": "external_id"},
    ),
    recognise=recognise_for_role,
    answers=Answers(
        causes=CAUSES | {Cause.CANNOT_ASSUME_ROLE, Cause.NO_PRINCIPAL},
        codes=CODES,
        variants=[
            (Failure(Cause.CANNOT_ASSUME_ROLE, "AccessDenied", 403, detail="identity-based policy"), {}),
            (Failure(Cause.CANNOT_ASSUME_ROLE, "AccessDenied", 403), {"external_id": "lightly-another"}),
            (Failure(Cause.NO_PRINCIPAL, "InvalidClientTokenId", 403, region="ap-south-2"), {"region": "ap-south-2"}),
        ],
    ),
)
