"""Google Cloud Storage with a service account's JSON key."""

import functools
import json
import os
import re
import urllib.parse
from typing import Annotated, Any, ClassVar, Literal

import google.api_core.exceptions
import google.auth.exceptions
import requests
from cryptography import x509
from google.cloud import storage
from google.oauth2 import service_account
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from clouds import preflight
from clouds.base import (
    Cause,
    CloudConfig,
    CorsRule,
    Deadline,
    Endpoints,
    Entry,
    Failure,
    KeyFacts,
    Page,
    Preflight,
    StoreError,
    cause_of_status,
    directory_names,
    normalise_path,
    not_storage,
    safe_code,
)

PUBLIC_ENDPOINT = "https://storage.googleapis.com"
PUBLIC_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
PUBLIC_CERTS_URL = "https://www.googleapis.com/robot/v1/metadata/x509"
# Of a dozen keys, each with a certificate of about 1 KB, there is no more.
MOST_CERTS_BYTES = 256 * 1024
SERVICE_ACCOUNT = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")
GOOGLE_TOKEN_URLS = {
    PUBLIC_TOKEN_URL,
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
}
MOST_PER_PAGE = 1000
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
# https://cloud.google.com/storage/docs/buckets#naming
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
PATH_EXAMPLE = "gs://my-bucket/path/to/images/"
KEY_EXAMPLE = '{"type": "service_account", "project_id": "…", "private_key": "…", "client_email": "…", …}'


def _check_credentials(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """Only a service account's own key, and only Google's token address: both would otherwise make this server call
    any URL, read its files or run programs (https://google.aip.dev/auth/4110 lists such credential types)."""
    try:
        key = json.loads(value.get_secret_value())
    except ValueError:
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
    provider_label: ClassVar[str] = "Google Cloud Storage"
    provider_short: ClassVar[str] = "Google Cloud"
    credential_label: ClassVar[str] = "Service account key"
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
        description="Of the Google Cloud project that owns the bucket.",
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

    def open(self, endpoints: Endpoints, deadline: Deadline) -> "GCSStore":
        key = json.loads(self.credentials.get_secret_value())
        # Whatever the file says, keys are exchanged at the configured address only.
        key |= {"token_uri": endpoints.gcs_token or PUBLIC_TOKEN_URL, "universe_domain": "googleapis.com"}
        try:
            credentials = _Credentials.from_service_account_info(key, scopes=[SCOPE])  # type: ignore[no-untyped-call]
        except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
            raise StoreError(Failure(Cause.MALFORMED_CREDENTIAL, safe_code(type(error).__name__))) from None
        client = storage.Client(
            project=self.project_id,
            credentials=credentials,
            client_options={"api_endpoint": endpoints.gcs} if endpoints.gcs else None,
        )
        return GCSStore(client, self.bucket, deadline, endpoints.gcs or PUBLIC_ENDPOINT)

    def key_facts(self, endpoints: Endpoints, deadline: Deadline) -> KeyFacts | None:
        """From the certificate Google publishes for every key of a service account.

        https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys
        """
        # Another service than Google has other keys, and Google need not hear of them.
        address = endpoints.gcs_certs or (None if endpoints.gcs else PUBLIC_CERTS_URL)
        key = json.loads(self.credentials.get_secret_value())
        if not address or not SERVICE_ACCOUNT.fullmatch(key["client_email"]):
            return None
        with _translated():
            published = _fetch(f"{address}/{urllib.parse.quote(key['client_email'], safe='@')}", deadline)
        try:
            certificate = x509.load_pem_x509_certificate(json.loads(published)[key["private_key_id"]].encode())
        except KeyError:
            return None  # rotated or deleted: the bulbs say so
        except (ValueError, AttributeError, TypeError):
            raise not_storage() from None
        ends = certificate.not_valid_after_utc
        # Google's own way to say: never.
        return KeyFacts(certificate.not_valid_before_utc, None if ends.year >= 9999 else ends)


def _fetch(url: str, deadline: Deadline) -> bytes:
    """What a GET answers, up to MOST_CERTS_BYTES of it; nothing if it isn't 200. Follows no redirect."""
    with requests.get(
        url, timeout=deadline.timeout(), allow_redirects=False, stream=True, auth=preflight.no_credential
    ) as answer:
        if answer.status_code != 200:
            return b"{}"
        return preflight.first_bytes(answer, MOST_CERTS_BYTES, deadline)


class _Credentials(service_account.Credentials):
    def _is_regional_access_boundary_lookup_required(self) -> bool:
        """google-auth would ask iamcredentials.googleapis.com about every token, whatever the endpoint."""
        return False


# The client would fetch the bucket's metadata for its telemetry: a request more, and a right that checks must not need.
os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"


class GCSStore:
    # 403 for a missing object unless storage.objects.list is granted too.
    missing_key_denial_is_proof: ClassVar[bool] = False

    def __init__(self, client: storage.Client, bucket: str, deadline: Deadline, endpoint: str) -> None:
        self.client = client
        self.endpoint = endpoint
        self.bucket = client.bucket(bucket)  # makes no call, and needs no right on the bucket itself
        self.deadline = deadline

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        with _translated():
            found = self.client.list_blobs(self.bucket, prefix=prefix, max_results=limit, **self._limits())
            return [blob.name for blob in found]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        with _translated():
            found = self.client.list_blobs(
                self.bucket, prefix=prefix, delimiter="/", max_results=limit, **self._limits()
            )
            next(found.pages, None)
            return directory_names(prefix, sorted(found.prefixes))

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        # `start_offset` includes `after` itself.
        size = min(MOST_PER_PAGE, limit + bool(after))
        with _translated():
            found = self.client.list_blobs(
                self.bucket,
                prefix=prefix,
                start_offset=after or None,
                page_size=size,
                fields="items(name,timeCreated,size),nextPageToken",
                **self._limits(),
            )
            # Google may send a page without objects and a token for the next one.
            for blobs in found.pages:
                # Of the two times an object has, that of its content: the other one moves with its metadata.
                entries = [
                    Entry(blob.name, int(blob.time_created.timestamp()), blob.size)
                    for blob in blobs
                    if blob.name != after
                ]
                if entries or not found.next_page_token:
                    return Page(entries[:limit], len(entries) > limit or bool(found.next_page_token))
        return Page([], more=False)

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        with _translated():
            url: str = self.bucket.blob(key).generate_signed_url(
                version="v4", expiration=seconds, method=method, api_access_endpoint=self.endpoint
            )
        return url

    def read(self, key: str, *, limit: int = 1) -> bytes:
        with _translated():
            try:
                content: bytes = self.bucket.blob(key).download_as_bytes(
                    start=0, end=limit - 1, checksum=None, **self._limits()
                )
            except google.api_core.exceptions.RequestRangeNotSatisfiable:
                return b""  # an object of no bytes: it was found and could be read
        return content

    def create(self, key: str, data: bytes) -> None:
        with _translated():
            self.bucket.blob(key).upload_from_string(data, if_generation_match=0, **self._limits())

    def replace(self, key: str, data: bytes) -> None:
        with _translated():
            self.bucket.blob(key).upload_from_string(data, **self._limits())

    def delete(self, key: str) -> None:
        with _translated():
            self.bucket.blob(key).delete(**self._limits())

    def cors_rules(self) -> list[CorsRule]:
        bucket = self.client.bucket(self.bucket.name)
        with _translated():
            bucket.reload(**self._limits())
        return [rule for entry in bucket.cors if (rule := _cors_rule(entry))]

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url, _, _ = self.sign(key, seconds=60).partition("?")
        return preflight.ask(url, origin=origin, deadline=deadline)

    def close(self) -> None:
        self.client.close()

    def _limits(self) -> dict[str, Any]:
        # retry=None: the default would go on for 120 s.
        return {"timeout": self.deadline.timeout(), "retry": None}


def _cors_rule(entry: dict[str, Any]) -> CorsRule | None:
    """Google takes `*` for all origins or methods, but not inside of an origin."""
    origins = tuple(origin for origin in entry.get("origin", ()) if origin == "*" or "*" not in origin)
    methods = tuple(entry.get("method", ()))
    return CorsRule(origins, ("GET", "HEAD") if "*" in methods else methods) if origins else None


class _translated:  # noqa: N801 - reads as a with-statement
    """Turn what the SDK raises into a StoreError."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(
            error,
            google.api_core.exceptions.GoogleAPIError
            | google.auth.exceptions.GoogleAuthError
            | requests.exceptions.RequestException,
        ):
            raise StoreError(failure_of(error)) from None


def failure_of(error: Exception) -> Failure:
    """What an exception of google-cloud-storage, google-auth or requests means."""
    if isinstance(error, google.api_core.exceptions.GoogleAPICallError):
        return _failure_of_call(error)
    if isinstance(error, google.auth.exceptions.RefreshError):
        return _failure_of_refresh(error)
    if isinstance(error, google.auth.exceptions.MalformedError):
        return Failure(Cause.MALFORMED_CREDENTIAL, "MalformedError")
    return Failure(_cause_of_transport(error), safe_code(type(_chain(error)[-1]).__name__))


_REASONS = {
    "forbidden": Cause.DENIED,
    "insufficientPermissions": Cause.DENIED,
    "accessNotConfigured": Cause.DENIED,
    "accountDisabled": Cause.DENIED,
    "userProjectMissing": Cause.DENIED,
    "vpcServiceControls": Cause.NETWORK_RULES,
    "SECURITY_POLICY_VIOLATED": Cause.NETWORK_RULES,
    "rateLimitExceeded": Cause.THROTTLED,
    "userRateLimitExceeded": Cause.THROTTLED,
    "quotaExceeded": Cause.THROTTLED,
    "authError": Cause.CREDENTIAL_REFUSED,
}


def _failure_of_call(error: google.api_core.exceptions.GoogleAPICallError) -> Failure:
    reason = next((str(detail.get("reason", "")) for detail in error.errors if isinstance(detail, dict)), "")
    status = int(error.code) if error.code is not None else None
    message = str(error.message)
    cause = _REASONS.get(reason)
    if cause is None:
        # Missing bucket and missing object share status and reason; only the text names the bucket.
        missing = Cause.NO_BUCKET if "bucket does not exist" in message else Cause.NO_OBJECT
        by_status = {401: Cause.CREDENTIAL_REFUSED, 403: Cause.DENIED, 404: missing, 412: Cause.ALREADY_EXISTS}
        cause = by_status.get(status or 0) or cause_of_status(status)
    # The answers to downloads are plain text without a reason.
    if cause is Cause.DENIED and "vpcServiceControls" in message:
        cause = Cause.NETWORK_RULES
    if cause is Cause.DENIED and "cloudkms." in message:
        cause = Cause.KMS_DENIED
    headers = getattr(error.response, "headers", None) or {}
    return Failure(cause, safe_code(reason), status, safe_code(headers.get("x-guploader-uploadid"), 24))


def _failure_of_refresh(error: google.auth.exceptions.RefreshError) -> Failure:
    """Google's token endpoint answers RFC 6749 error codes, and says in a text which of its reasons it was."""
    details = next((argument for argument in error.args if isinstance(argument, dict)), {})
    code, text = str(details.get("error", "")), str(details.get("error_description", ""))
    if code == "invalid_grant":
        if "Invalid JWT Signature" in text:
            return Failure(Cause.WRONG_SECRET, code, 400)
        if "account not found" in text:
            return Failure(Cause.UNKNOWN_KEY, code, 400)
        if "reasonable timeframe" in text:
            return Failure(Cause.CLOCK_SKEW, code, 400)
        if "disabled" in text:
            return Failure(Cause.CREDENTIAL_REFUSED, code, 400, detail="disabled")
        return Failure(Cause.CREDENTIAL_REFUSED, code, 400)
    if code in {"disabled_client", "deleted_client", "unauthorized_client", "access_denied"}:
        return Failure(Cause.DENIED, code, 401)
    if error.retryable:
        return Failure(Cause.SERVER_ERROR, safe_code(code))
    return Failure(Cause.CREDENTIAL_REFUSED, safe_code(code))


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it wraps: the SDK's around google-auth's around that of requests, around urllib3's."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) and inner not in chain:
        chain.append(inner)
    return chain


def _cause_of_transport(error: Exception) -> Cause:
    for link in _chain(error):
        if isinstance(link, requests.exceptions.SSLError):
            return Cause.TLS
        if isinstance(link, requests.exceptions.Timeout):
            return Cause.TIMEOUT
        if isinstance(link, requests.exceptions.TooManyRedirects):
            return Cause.REDIRECTED
    if any(isinstance(link, requests.exceptions.RequestException | ConnectionError) for link in _chain(error)):
        return Cause.UNREACHABLE
    return Cause.UNKNOWN
