"""Storage that speaks S3 at an address of its own, with a user's access key."""

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from clouds.calls.answers import TOO_LARGE
from clouds.config import CloudConfig, Endpoints
from clouds.failures import OWN_OBJECT, Cause, Failure
from clouds.obs.config import is_obs_host
from clouds.provider import Answers, ClientMethod, Document, Guise, Opener, Provider
from clouds.remedies import Words
from clouds.s3 import provider as s3
from clouds.s3compatible.config import S3CompatibleConfig
from clouds.s3compatible.pasting import recognise
from clouds.s3compatible.policies import snippets
from clouds.s3compatible.remedies import explain


def cors_documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    here = Endpoints(s3=config.endpoint) if isinstance(config, S3CompatibleConfig) else endpoints
    rule, command = s3.cors_documents(config, origin, here)
    return [
        Document(
            rule.title,
            "For consoles that take CORS rules as JSON. MinIO has no rules for a bucket: there the whole server lets "
            f"pages in, by the setting MINIO_API_CORS_ALLOW_ORIGIN={shlex.quote(origin)}.",
            rule.text,
        ),
        command,
    ]


def _host(config: CloudConfig) -> str:
    return config.host if isinstance(config, S3CompatibleConfig) else ""


def _is_elsewhere(fields: Mapping[str, Any], endpoints: Endpoints) -> bool:
    """Whether fields that came as OBS lead to another storage than OBS."""
    try:
        host = urlsplit(str(fields.get("obsEndpoint") or "")).hostname
    except ValueError:
        return False
    return bool(host) and not is_obs_host(str(host), endpoints.obs_hosts)


def _opener() -> Opener:
    from clouds.s3compatible.store import open_with_key

    return open_with_key


S3_COMPATIBLE = Provider(
    config_class=S3CompatibleConfig,
    label="S3-compatible (MinIO, Ceph, Garage, R2)",
    short="S3-compatible",
    tells_expiry=True,
    opener=_opener,
    words=Words(
        rights=s3.RIGHTS,
        calls=s3.CALLS,
        grantee="the user of access key",
        secret="secret access key",  # noqa: S106 - what it is called
        secret_field="secret_access_key",  # noqa: S106 - the name of a field
        host=_host,
        address_field="endpoint",
        region_field="region",
    ),
    explain=explain,
    policies=snippets,
    cors_documents=cors_documents,
    client_method=ClientMethod(
        "set_obs_config",
        {
            "resource_path": "path",
            "obs_endpoint": "endpoint",
            "obs_access_key_id": "access_key_id",
            "obs_secret_access_key": "secret_access_key",
        },
    ),
    guise=Guise(
        type="OBS",
        scheme="obs",
        names={
            "path": "fullPath",
            "endpoint": "obsEndpoint",
            "access_key_id": "obsAccessKeyId",
            "secret_access_key": "obsSecretAccessKey",
        },
        fits=_is_elsewhere,
    ),
    recognise=recognise,
    answers=Answers(
        causes=frozenset(
            {
                Cause.EXPLICIT_DENY,
                Cause.WRONG_REGION,
                Cause.UNKNOWN_KEY,
                Cause.WRONG_SECRET,
                Cause.CLOCK_SKEW,
                Cause.ADDRESS_BLOCKED,
                Cause.QUOTA,
                Cause.SUSPENDED,
                Cause.NOT_SUPPORTED,
            }
        ),
        codes={
            Cause.DENIED: "AccessDenied",
            Cause.QUOTA: "QuotaExceeded",
            Cause.SUSPENDED: "UserSuspended",
            Cause.NOT_SUPPORTED: "NotImplemented",
        },
        variants=[
            (Failure(Cause.WRONG_REGION, "AuthorizationHeaderMalformed", 400, region="garage"), {}),
            (Failure(Cause.HIDDEN, "AccessDenied", 403, detail=OWN_OBJECT), {}),
            (Failure(Cause.UNKNOWN, "NotStorage", 200), {}),
            (Failure(Cause.UNKNOWN, TOO_LARGE, 200), {}),
            (Failure(Cause.TLS), {}),
        ],
        values={"ca_certificate": "", "region": ""},
    ),
)
