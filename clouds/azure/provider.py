"""Azure Blob Storage with a shared access signature."""

import shlex
from typing import Any

from clouds.azure.config import AzureConfig
from clouds.azure.pasting import recognise
from clouds.azure.policies import snippets
from clouds.azure.remedies import explain
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
)
from clouds.remedies import Words


def cors_documents(config: AzureConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    words = ["az", "storage", "cors", "add", "--account-name", config.account, "--services", "b"]
    words += ["--methods", *CORS_METHODS, "--origins", origin, "--allowed-headers", "*"]
    words += ["--exposed-headers", *CORS_EXPOSED_HEADERS, "--max-age", str(CORS_MAX_AGE_SECONDS)]
    return [
        Document(
            "With the Azure CLI",
            "Adds a rule for the Blob service of the whole account, which may have five at most. In the portal: the "
            "storage account, Settings, Resource sharing (CORS), Blob service.",
            shlex.join(words),
        )
    ]


def _host(config: CloudConfig) -> str:
    return f"{config.principal}.blob.core.windows.net"


def _own_address(config: CloudConfig, endpoints: Endpoints) -> str | None:
    return endpoints.azure.format(account=config.principal) if endpoints.azure else None


def _opener() -> Opener:
    from clouds.azure.store import open_with_sas

    return open_with_sas


_END = "&se=2027-01-01T00:00:00Z&sig=x"
_MISMATCH = "AuthorizationPermissionMismatch"
_VARIANTS: list[tuple[Failure, dict[str, Any]]] = [
    (Failure(Cause.DENIED, "AuthorizationServiceMismatch", 403), {"sas_token": f"?ss=q&srt=co&sp=rl{_END}"}),
    (Failure(Cause.DENIED, "AuthorizationResourceTypeMismatch", 403), {"sas_token": f"?ss=b&srt=c&sp=rl{_END}"}),
    (Failure(Cause.CREDENTIAL_REFUSED, "AuthenticationFailed", 403), {"sas_token": f"?sr=b&sp=rl{_END}"}),
    (Failure(Cause.DENIED, _MISMATCH, 403), {"sas_token": "?sr=c&si=policy&sig=x"}),
    (Failure(Cause.DENIED, _MISMATCH, 403), {"sas_token": f"?sr=c&sp=rcwl{_END}"}),
    (Failure(Cause.DENIED, "AuthorizationProtocolMismatch", 403), {}),
    (Failure(Cause.DENIED, "AccountIsDisabled", 403), {}),
    (Failure(Cause.NETWORK_RULES, "AuthorizationSourceIPMismatch", 403), {}),
    (Failure(Cause.NO_BUCKET, "ResourceNotFound", 404), {}),
]

AZURE = Provider(
    takes_plain_put=False,  # it wants x-ms-blob-type
    config_class=AzureConfig,
    label="Azure Blob Storage",
    short="Azure",
    mark="cloud-azure",
    opener=_opener,
    words=Words(
        rights={
            Permission.LIST: "SAS permission l (list)",
            Permission.READ: "SAS permission r (read)",
            Permission.WRITE: "SAS permission c (create) or w (write)",
            Permission.OVERWRITE: "SAS permission w (write)",
        },
        calls={
            Permission.LIST: "List Blobs",
            Permission.READ: "Get Blob",
            Permission.WRITE: "conditional Put Blob",
            Permission.OVERWRITE: "Put Blob",
        },
        grantee="the SAS token for account",
        secret="SAS token",  # noqa: S106 - what it is called
        secret_field="sas_token",  # noqa: S106 - the name of a field
        credential="SAS token",
        container="container",
        host=_host,
        own_address=_own_address,
        address_field="account",
    ),
    explain=explain,
    policies=snippets,
    beyond_grants=frozenset({"AccountIsDisabled"}),
    cors_documents=cors_documents,
    client_method=ClientMethod(
        "set_azure_config", {"container_name": "path", "account_name": "account", "sas_token": "sas_token"}
    ),
    recognise=recognise,
    answers=Answers(
        causes=frozenset({Cause.NETWORK_RULES, Cause.NOT_YET_VALID, Cause.EXPIRED, Cause.RETENTION}),
        codes={
            Cause.DENIED: _MISMATCH,
            Cause.NETWORK_RULES: "AuthorizationFailure",
            Cause.RETENTION: "BlobImmutableDueToPolicy",
        },
        variants=_VARIANTS,
        values={"sas_token": f"?sr=c&sp=a{_END}"},  # its only letter is of no use here
    ),
)
