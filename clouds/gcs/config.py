"""The fields of Google Cloud Storage with a service account's JSON key."""

import functools
import json
import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from clouds.config import CloudConfig, Endpoints
from clouds.gcs.private_key import WrongKeyError, read_private_key
from clouds.paths import normalise_path

PUBLIC_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GOOGLE_TOKEN_URLS = {
    PUBLIC_TOKEN_URL,
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
}
# https://cloud.google.com/storage/docs/buckets#naming
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
PATH_EXAMPLE = "gs://my-bucket/path/to/images/"
KEY_EXAMPLE = '{"type": "service_account", "project_id": "…", "private_key": "…", "client_email": "…", …}'


def _check_credentials(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """Only a service account's own key, and only Google's token address: both would otherwise make this server call
    any URL, read its files or run programs (https://google.aip.dev/auth/4110 lists such credential types)."""
    try:
        key = json.loads(value.get_secret_value())
    except (ValueError, RecursionError):
        raise ValueError(f"This is not JSON. Paste the whole key file. For example: {KEY_EXAMPLE}") from None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        raise ValueError(f"Only the key of a service account is accepted. For example: {KEY_EXAMPLE}")
    missing = [
        name
        for name in ("client_email", "private_key", "private_key_id")
        if not isinstance(key.get(name), str) or not key[name]
    ]
    if missing:
        raise ValueError(
            f"The key file has no {' and no '.join(missing)}. Download the key anew. For example: {KEY_EXAMPLE}"
        )
    configured: Endpoints | None = (info.context or {}).get("endpoints")
    allowed = GOOGLE_TOKEN_URLS | ({configured.gcs_token} if configured and configured.gcs_token else set())
    if str(key.get("token_uri", PUBLIC_TOKEN_URL)) not in allowed:
        raise ValueError(f"The key file names a token_uri that is not Google's. It must be {PUBLIC_TOKEN_URL}.")
    if key.get("universe_domain", "googleapis.com") != "googleapis.com":
        raise ValueError("The key file names a universe_domain that is not googleapis.com.")
    return value


class GCSConfig(CloudConfig):
    scheme: ClassVar[str] = "gs"

    type: Literal["GCS"] = "GCS"
    path: Annotated[
        str,
        AfterValidator(functools.partial(normalise_path, scheme="gs", bucket_pattern=BUCKET, example=PATH_EXAMPLE)),
    ] = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory in your bucket. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the Google Cloud console open Cloud Storage, Buckets and the bucket: its Configuration tab "
            "has the gsutil URI, its Objects tab the directories. In a terminal: `gcloud storage ls "
            "gs://my-bucket/`.",
        },
    )
    project_id: str = Field(
        alias="gcsProjectId",
        title="Project ID",
        description="The Google Cloud project that owns the bucket, or that pays for requests (requester pays).",
        examples=["acme-vision-prod"],
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.:_-]*$",
        json_schema_extra={
            "where": "In the Google Cloud console a click on the project's name, at the top of each page, lists "
            "names with their IDs: enter the ID. In a terminal: `gcloud projects list`, column PROJECT_ID.",
        },
    )
    credentials: Annotated[SecretStr, AfterValidator(_check_credentials)] = Field(
        alias="gcsCredentials",
        title="Service account key (JSON)",
        description="Paste the key file or choose it. Stored encrypted, never shown again.",
        examples=[KEY_EXAMPLE],
        min_length=1,
        json_schema_extra={
            "multiline": True,
            "where": "In the Google Cloud console open IAM & Admin, Service Accounts, the account, its tab Keys, "
            "then Add key, Create new key, JSON: the browser saves the file, once. In a terminal: `gcloud iam "
            "service-accounts keys create key.json --iam-account EMAIL`. An organization policy may forbid such "
            "keys; then ask its administrator.",
        },
    )

    @property
    def principal(self) -> str:
        return str(json.loads(self.credentials.get_secret_value())["client_email"])

    def credential(self) -> dict[str, str]:
        """Of a key file its contents count, and not how they are set."""
        key = json.loads(self.credentials.get_secret_value())
        return super().credential() | {"credentials": json.dumps(key, sort_keys=True)}

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        try:
            read_private_key(json.loads(self.credentials.get_secret_value())["private_key"])
        except WrongKeyError as error:
            return {"credentials": f"{error} For example: {KEY_EXAMPLE}"}
        return {}

    def facts(self) -> dict[str, str]:
        return super().facts() | {"service_account": self.principal}
