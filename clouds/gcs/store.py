"""Google Cloud Storage."""

import json
import os
from typing import Any

import google.auth.exceptions
from google.cloud import storage
from google.oauth2 import service_account

from clouds import preflight
from clouds.config import Endpoints
from clouds.failures import Cause, Failure, StoreError, not_storage, safe_code
from clouds.gcs.config import PUBLIC_TOKEN_URL, GCSConfig
from clouds.gcs.failures import StoreErrors
from clouds.paths import directory_names
from clouds.store import CorsRule, Deadline, Entry, Page, Piece, Preflight, Store, TimeLimit, piece_of_refusal

PUBLIC_ENDPOINT = "https://storage.googleapis.com"
MOST_PER_PAGE = 1000
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


def open_with_service_account(config: GCSConfig, endpoints: Endpoints, limit: TimeLimit, /) -> "GCSStore":
    key = json.loads(config.credentials.get_secret_value())
    # Whatever the file says, keys are exchanged at the configured address only.
    key |= {"token_uri": endpoints.gcs_token or PUBLIC_TOKEN_URL, "universe_domain": "googleapis.com"}
    try:
        credentials = _Credentials.from_service_account_info(key, scopes=[SCOPE])  # type: ignore[no-untyped-call]
    except (ValueError, google.auth.exceptions.GoogleAuthError) as error:
        raise StoreError(Failure(Cause.MALFORMED_CREDENTIAL, safe_code(type(error).__name__))) from None
    client = storage.Client(
        project=config.project_id,
        credentials=credentials,
        client_options={"api_endpoint": endpoints.gcs} if endpoints.gcs else None,
    )
    return GCSStore(client, config.bucket, limit, endpoints.gcs or PUBLIC_ENDPOINT)


class _Credentials(service_account.Credentials):
    def _is_regional_access_boundary_lookup_required(self) -> bool:
        """google-auth would ask iamcredentials.googleapis.com about every token, whatever the endpoint."""
        return False


# The client would fetch the bucket's metadata for its telemetry: a request more, and a right that checks must not need.
os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"


class GCSStore(Store):
    # 403 for a missing object unless storage.objects.list is granted too.
    missing_key_denial_is_proof = False

    def __init__(self, client: storage.Client, bucket: str, limit: TimeLimit, endpoint: str) -> None:
        self.client = client
        self.endpoint = endpoint
        self.bucket = client.bucket(bucket)  # makes no call, and needs no right on the bucket itself
        self.limit = limit

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        with StoreErrors():
            found = self.client.list_blobs(self.bucket, prefix=prefix, max_results=limit, **self._limits())
            return [blob.name for blob in found]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        with StoreErrors():
            found = self.client.list_blobs(
                self.bucket, prefix=prefix, delimiter="/", max_results=limit, **self._limits()
            )
            next(found.pages, None)
            return directory_names(prefix, sorted(found.prefixes))

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        # `start_offset` includes `after` itself.
        size = min(MOST_PER_PAGE, limit + bool(after))
        with StoreErrors():
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
        with StoreErrors():
            url: str = self.bucket.blob(key).generate_signed_url(
                version="v4", expiration=seconds, method=method, api_access_endpoint=self.endpoint
            )
        return url

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        blob = self.bucket.blob(key)
        condition = {"if_generation_match": int(version)} if version else {}
        try:
            with StoreErrors():
                data: bytes = blob.download_as_bytes(
                    start=start,
                    end=start + length - 1,
                    raw_download=True,  # else a part of a compressed object would be unpacked, which can't work
                    checksum=None,  # it is of the whole object
                    **condition,
                    **self._limits(),
                )
        except StoreError as error:
            return piece_of_refusal(error)
        if start and len(data) > length:  # the whole object was sent, and its beginning is not asked for
            raise not_storage()
        return Piece(data[:length], str(blob.generation or ""))

    def create(self, key: str, data: bytes) -> None:
        with StoreErrors():
            self.bucket.blob(key).upload_from_string(data, if_generation_match=0, **self._limits())

    def replace(self, key: str, data: bytes) -> None:
        with StoreErrors():
            self.bucket.blob(key).upload_from_string(data, **self._limits())

    def delete(self, key: str) -> None:
        with StoreErrors():
            self.bucket.blob(key).delete(**self._limits())

    def cors_rules(self) -> list[CorsRule]:
        bucket = self.client.bucket(self.bucket.name)
        with StoreErrors():
            bucket.reload(**self._limits())
        return [rule for entry in bucket.cors if (rule := _cors_rule(entry))]

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url, _, _ = self.sign(key, seconds=60).partition("?")
        return preflight.ask(url, origin=origin, deadline=deadline)

    def close(self) -> None:
        self.client.close()

    def _limits(self) -> dict[str, Any]:
        # retry=None: the default would go on for 120 s.
        return {"timeout": self.limit.timeout(), "retry": None}


def _cors_rule(entry: dict[str, Any]) -> CorsRule | None:
    """Google takes `*` for all origins or methods, but not inside of an origin."""
    origins = tuple(origin for origin in entry.get("origin", ()) if origin == "*" or "*" not in origin)
    methods = tuple(entry.get("method", ()))
    return CorsRule(origins, ("GET", "HEAD") if "*" in methods else methods) if origins else None
