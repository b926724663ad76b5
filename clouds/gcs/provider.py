"""Google Cloud Storage with a service account's key."""

import json
import shlex

from clouds.config import CloudConfig, Endpoints
from clouds.failures import Cause, Failure
from clouds.gcs.config import GCSConfig
from clouds.gcs.pasting import recognise
from clouds.gcs.policies import snippets
from clouds.gcs.remedies import explain
from clouds.permissions import Permission
from clouds.provider import (
    CORS_EXPOSED_HEADERS,
    CORS_MAX_AGE_SECONDS,
    CORS_METHODS,
    Answers,
    ClientMethod,
    Document,
    KeyFactsReader,
    Opener,
    Provider,
    one_rule_as_json,
)
from clouds.remedies import Words


def cors_documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    rule = {
        "origin": [origin],
        "method": CORS_METHODS,
        "responseHeader": CORS_EXPOSED_HEADERS,
        "maxAgeSeconds": CORS_MAX_AGE_SECONDS,
    }
    return [
        Document(
            "cors.json",
            "Google's console has no form for it. Save this as cors.json, then run the command below.",
            one_rule_as_json(rule),
        ),
        Document(
            "With gcloud",
            "This replaces all CORS rules of the bucket.",
            f"gcloud storage buckets update {shlex.quote(f'gs://{config.bucket}')} --cors-file=cors.json",
        ),
    ]


def _host(_: CloudConfig) -> str:
    return "storage.googleapis.com"


def _opener() -> Opener:
    from clouds.gcs.store import open_with_service_account

    return open_with_service_account


def _key_facts_reader() -> KeyFactsReader:
    from clouds.gcs.key_facts import read_key_facts

    return read_key_facts


GCS = Provider(
    config_class=GCSConfig,
    label="Google Cloud Storage",
    short="Google Cloud",
    mark="cloud-gcs",
    opener=_opener,
    key_facts_reader=_key_facts_reader,
    signs_slowly=True,
    words=Words(
        rights={
            Permission.LIST: "storage.objects.list",
            Permission.READ: "storage.objects.get",
            Permission.WRITE: "storage.objects.create",
            Permission.OVERWRITE: "storage.objects.create and storage.objects.delete",
        },
        calls={
            Permission.LIST: "objects.list",
            Permission.READ: "objects.get",
            Permission.WRITE: "conditional objects.insert",
            Permission.OVERWRITE: "objects.insert",
        },
        grantee="the service account",
        secret="service account key",  # noqa: S106 - what it is called
        secret_field="credentials",  # noqa: S106 - the name of a field
        credential="Service account key",
        host=_host,
        own_address=lambda config, endpoints: endpoints.gcs,
    ),
    explain=explain,
    policies=snippets,
    beyond_grants=frozenset({"disabled_client", "deleted_client", "unauthorized_client", "access_denied"}),
    cors_documents=cors_documents,
    client_method=ClientMethod(
        "set_gcs_config", {"resource_path": "path", "project_id": "project_id", "credentials": "credentials"}
    ),
    recognise=recognise,
    answers=Answers(
        causes=frozenset(
            {
                Cause.NETWORK_RULES,
                Cause.MALFORMED_CREDENTIAL,
                Cause.KMS_DENIED,
                Cause.RETENTION,
                Cause.CALLER_PAYS,
                Cause.UNKNOWN_KEY,
                Cause.WRONG_SECRET,
                Cause.CLOCK_SKEW,
            }
        ),
        codes={
            Cause.DENIED: "forbidden",
            Cause.NETWORK_RULES: "vpcServiceControls",
            Cause.CALLER_PAYS: "required",
            Cause.RETENTION: "retentionPolicyNotMet",
        },
        variants=[
            (Failure(Cause.CREDENTIAL_REFUSED, "invalid_grant", 400, detail="disabled"), {}),
        ],
        values={"credentials": json.dumps({"client_email": "lightly@acme-vision-prod.iam.gserviceaccount.com"})},
    ),
)
