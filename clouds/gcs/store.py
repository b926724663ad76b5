"""Google Cloud Storage."""

import contextlib
import json
import os
import secrets
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.crypt import RSASigner
from google.cloud import storage
from google.oauth2 import service_account

from clouds import preflight
from clouds.calls.sockets import Sockets, watch_session
from clouds.config import Endpoints
from clouds.failures import Cause, Failure, StoreError, not_storage, safe_code
from clouds.gcs import parts as in_parts
from clouds.gcs.config import PUBLIC_TOKEN_URL, GCSConfig
from clouds.gcs.failures import StoreErrors
from clouds.gcs.private_key import PrivateNumbers, read_private_key
from clouds.gcs.quick_pages import entries_of
from clouds.paths import directory_names
from clouds.store import (
    CorsRule,
    Deadline,
    Head,
    Page,
    Piece,
    Preflight,
    Store,
    TimeLimit,
    Written,
    bare_type,
    piece_of_refusal,
    small_names,
)

PUBLIC_ENDPOINT = "https://storage.googleapis.com"
MOST_PER_PAGE = 1000
Answer = TypeVar("Answer")
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


def open_with_service_account(config: GCSConfig, endpoints: Endpoints, limit: TimeLimit, /) -> "GCSStore":
    key = json.loads(config.credentials.get_secret_value())
    try:
        numbers = read_private_key(key["private_key"])
        signer = RSASigner(_loaded(numbers), key["private_key_id"])
    except ValueError as error:
        raise StoreError(Failure(Cause.MALFORMED_CREDENTIAL, safe_code(type(error).__name__))) from None
    # Whatever the file says, keys are exchanged at the configured address only.
    credentials = _Credentials(
        signer,
        key["client_email"],
        endpoints.gcs_token or PUBLIC_TOKEN_URL,
        scopes=[SCOPE],
        project_id=key.get("project_id"),
        universe_domain="googleapis.com",
    )
    client = storage.Client(
        project=config.project_id,
        credentials=credentials,
        client_options={"api_endpoint": endpoints.gcs} if endpoints.gcs else None,
    )
    sockets = Sockets()
    for session in (client._http, client._http._auth_request_session):  # the second one gets tokens
        watch_session(session, sockets)
    return GCSStore(client, config.bucket, limit, endpoints.gcs or PUBLIC_ENDPOINT, sockets)


def _loaded(key: PrivateNumbers) -> rsa.RSAPrivateKey:
    """Without OpenSSL's own tests, for which `read_private_key` has taken the place."""
    numbers = rsa.RSAPrivateNumbers(
        key.p, key.q, key.d, key.d_p, key.d_q, key.q_inverse, rsa.RSAPublicNumbers(key.e, key.n)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


class _Credentials(service_account.Credentials):
    """Threads that begin together get one token, or one refusal, and don't each ask for their own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
        self._asking = threading.Lock()
        self._times_refused = 0
        self._refusal: Exception | None = None

    def before_request(self, request: Any, method: Any, url: Any, headers: Any) -> None:
        times_refused = self._times_refused
        with self._asking:
            if not self.valid:
                if self._refusal and self._times_refused != times_refused:  # while this one waited
                    raise self._refusal
                self._ask(request)
        super().before_request(request, method, url, headers)  # type: ignore[no-untyped-call]

    def _ask(self, request: Any) -> None:
        try:
            self.refresh(request)  # type: ignore[no-untyped-call]
        except Exception as error:
            self._refusal, self._times_refused = error, self._times_refused + 1
            raise

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        """google-auth would ask iamcredentials.googleapis.com about every token, whatever the endpoint."""
        return False


# The client would fetch the bucket's metadata for its telemetry: a request more, and a right that checks must not need.
os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"


class GCSStore(Store):
    checks_may_keep = True
    # 403 for a missing object unless storage.objects.list is granted too.
    missing_key_denial_is_proof = False

    def __init__(self, client: storage.Client, bucket: str, limit: TimeLimit, endpoint: str, sockets: Sockets) -> None:
        self.client = client
        self.sockets = sockets
        self.endpoint = endpoint
        self.name = bucket
        self.limit = limit
        self.asked = False
        self.written = Written()
        self.payers = _PAYERS.setdefault((endpoint, bucket, str(client.project)), Payer())

    @property
    def bucket(self) -> storage.Bucket:
        """Makes no call, and needs no right on the bucket itself."""
        return self.client.bucket(self.name, user_project=self.client.project if self.payers.caller else None)

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        def call() -> list[str]:
            found = self.client.list_blobs(self.bucket, prefix=prefix, max_results=limit, **self._limits())
            return [blob.name for blob in found]

        return self._call(call)

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        def call() -> list[str]:
            found = self.client.list_blobs(
                self.bucket, prefix=prefix, delimiter="/", max_results=limit, **self._limits()
            )
            next(found.pages, None)
            return directory_names(prefix, sorted(found.prefixes))

        return self._call(call)

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        return self._call(lambda: self._page(prefix, after, limit))

    def _page(self, prefix: str, after: str, limit: int) -> Page:
        # `start_offset` includes `after` itself.
        found = self.client.list_blobs(
            self.bucket,
            prefix=prefix,
            start_offset=after or None,
            page_size=min(MOST_PER_PAGE, limit + bool(after)),
            fields="items(name,timeCreated,size,generation,md5Hash,storageClass),nextPageToken",
            **self._limits(),
        )
        # Google may send a page without objects and a token for the next one.
        for page in found.pages:
            # Of the two times an object has, that of its content: the other one moves with its metadata.
            entries = [entry for entry in entries_of(page) if entry.key != after]
            if entries or not found.next_page_token:
                return Page(entries[:limit], len(entries) > limit or bool(found.next_page_token))
        return Page([], more=False)

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        if not self.payers.known and not self.asked:
            self.asked = True
            with contextlib.suppress(StoreError):
                self.keys(key, limit=1)
        bucket = self.bucket
        payer = {"userProject": bucket.user_project} if bucket.user_project else None
        with StoreErrors():
            url: str = bucket.blob(key).generate_signed_url(
                version="v4",
                expiration=seconds,
                method=method,
                api_access_endpoint=self.endpoint,
                query_parameters=payer,
            )
        return url

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        condition = {"if_generation_match": int(version)} if version else {}

        def call() -> Piece:
            blob = self.bucket.blob(key)
            data: bytes = blob.download_as_bytes(
                start=start,
                end=start + length - 1,
                raw_download=True,  # else a part of a compressed object would be unpacked, which can't work
                checksum=None,  # it is of the whole object
                **condition,
                **self._limits(),
            )
            if start and len(data) > length:  # the whole object was sent, and its beginning is not asked for
                raise not_storage()
            return Piece(data[:length], str(blob.generation or ""))

        try:
            return self._call(call)
        except StoreError as error:
            return piece_of_refusal(error)

    def create(self, key: str, data: bytes) -> None:
        self._put(key, data, if_generation_match=0)

    def replace(self, key: str, data: bytes) -> None:
        self._put(key, data)

    def _put(self, key: str, data: bytes, **condition: int) -> None:
        def call() -> None:
            blob = self.bucket.blob(key)
            blob.upload_from_string(data, **condition, **self._limits())
            self.written.note(key, blob.generation)

        self._call(call)

    def head(self, key: str) -> Head:
        def call() -> Head:
            blob = self.bucket.blob(key)
            blob.reload(**self._limits())
            if blob.size is None or blob.generation is None:
                raise not_storage()
            return Head(blob.size, bare_type(blob.content_type), str(blob.generation), small_names(blob.metadata))

        return self._call(call)

    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        def call() -> None:
            blob = self.bucket.blob(key)
            blob.metadata = dict(metadata)
            blob.upload_from_string(data, content_type=content_type, **self._limits())

        self._call(call)

    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        return f"{beside}part-{secrets.token_hex(8)}"

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        name = in_parts.name_of(upload, number)
        self.write(name, data, content_type="application/octet-stream", metadata={})
        return name

    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        self._call(lambda: in_parts.compose(self.bucket.blob, key, upload, parts, content_type, **self._limits()))

    def drop_parts(self, key: str, upload: str) -> None:
        """They are objects below the prefix that was given, which whoever gave it removes."""

    def delete(self, key: str) -> None:
        self._call(lambda: self.bucket.blob(key).delete(**self._limits()))

    def erase(self, key: str) -> None:
        """By generations, which Google counts in every bucket. One that was removed by number leaves no older one."""

        def remove(generation: str) -> None:
            self._call(lambda: self.bucket.blob(key, generation=int(generation)).delete(**self._limits()))

        self.written.erase(key, lambda: self.delete(key), remove)

    def cors_rules(self) -> list[CorsRule]:
        def call() -> list[CorsRule]:
            bucket = self.bucket
            bucket.reload(**self._limits())
            return [rule for entry in bucket.cors if (rule := _cors_rule(entry))]

        return self._call(call)

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url = f"{self.endpoint}/{self.name}/{urllib.parse.quote(key, safe='/~')}"
        return preflight.ask(url, origin=origin, deadline=deadline)

    def confirm(self) -> None:
        session = self.client._http
        with StoreErrors():
            session.credentials.refresh(session._auth_request)

    def close(self) -> None:
        self.sockets.hang_up()
        self.client.close()

    def _call(self, action: Callable[[], Answer]) -> Answer:
        """Once more, billed to the project that was entered, where the cloud says that the caller pays.

        Not at first: to name a project takes the right to bill it, even where the bucket's owner pays.
        """
        billed = self.payers.caller
        try:
            with StoreErrors():
                answer = action()
        except StoreError as error:
            # Whatever else the cloud answers, it says first that the caller pays.
            self.payers.known = self.payers.known or error.failure.status is not None
            if error.failure.cause is not Cause.CALLER_PAYS or billed:
                raise
        else:
            self.payers.known = True
            return answer
        self.payers.caller = True
        with StoreErrors():
            return action()

    def _limits(self) -> dict[str, Any]:
        # retry=None: the default would go on for 120 s.
        return {"timeout": self.limit.timeout(), "retry": None}


@dataclass
class Payer:
    """What this process knows of who pays for a bucket."""

    caller: bool = False
    known: bool = False


# By endpoint, bucket and project.
_PAYERS: dict[tuple[str, str, str], Payer] = {}


def _cors_rule(entry: dict[str, Any]) -> CorsRule | None:
    """Google takes `*` for all origins or methods, but not inside of an origin."""
    origins = tuple(origin for origin in entry.get("origin", ()) if origin == "*" or "*" not in origin)
    methods = tuple(entry.get("method", ()))
    return CorsRule(origins, ("GET", "HEAD") if "*" in methods else methods) if origins else None
