"""OBS with a user's access key."""

from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from clouds.config import CloudConfig, Endpoints
from clouds.failures import Cause, Failure
from clouds.obs.config import OBSConfig
from clouds.obs.pasting import recognise
from clouds.obs.policies import snippets
from clouds.obs.remedies import explain
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
)
from clouds.remedies import Words


def cors_documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    entries = [
        ("AllowedOrigin", origin),
        *(("AllowedMethod", method) for method in CORS_METHODS),
        ("AllowedHeader", "*"),
        *(("ExposeHeader", header) for header in CORS_EXPOSED_HEADERS),
        ("MaxAgeSeconds", str(CORS_MAX_AGE_SECONDS)),
    ]
    lines = [f"    <{name}>{escape(value)}</{name}>" for name, value in entries]
    return [
        Document(
            "CORS rules (XML)",
            f"The body of PUT /?cors for bucket {config.bucket}, which replaces all its rules; or enter the same "
            "values in the OBS console as a CORS rule of the bucket.",
            "\n".join(["<CORSConfiguration>", "  <CORSRule>", *lines, "  </CORSRule>", "</CORSConfiguration>"]),
        )
    ]


def _host(config: CloudConfig) -> str:
    return urlsplit(config.endpoint).hostname or "" if isinstance(config, OBSConfig) else ""


def _opener() -> Opener:
    from clouds.obs.store import open_with_key

    return open_with_key


OBS = Provider(
    config_class=OBSConfig,
    label="OBS (Telekom, Huawei)",
    short="OBS",
    mark="cloud-obs",
    tells_expiry=True,
    opener=_opener,
    words=Words(
        rights={
            Permission.LIST: "obs:bucket:ListBucket",
            Permission.READ: "obs:object:GetObject",
            Permission.WRITE: "obs:object:PutObject",
            Permission.OVERWRITE: "obs:object:PutObject",
        },
        calls={
            Permission.LIST: "ListObjects",
            Permission.READ: "GetObject",
            Permission.WRITE: "conditional PutObject",
            Permission.OVERWRITE: "PutObject",
        },
        grantee="the user of access key",
        secret="secret access key",  # noqa: S106 - what it is called
        secret_field="secret_access_key",  # noqa: S106 - the name of a field
        host=_host,
        address_field="endpoint",
        region_field="endpoint",
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
    recognise=recognise,
    answers=Answers(
        causes=frozenset(
            {
                Cause.WRONG_REGION,
                Cause.KMS_DENIED,
                Cause.RETENTION,
                Cause.UNKNOWN_KEY,
                Cause.WRONG_SECRET,
                Cause.CLOCK_SKEW,
                Cause.ADDRESS_BLOCKED,
            }
        ),
        codes={Cause.DENIED: "AccessDenied"},
        variants=[(Failure(Cause.WRONG_REGION, "PermanentRedirect", 301, region="eu-de"), {})],
    ),
)
