"""OBS, the object storage of Huawei Cloud and the Open Telekom Cloud."""

import contextlib
import http.client
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from obs import CompleteMultipartUploadRequest, CompletePart, GetObjectHeader, PutObjectHeader

from clouds import preflight
from clouds.calls.answers import asked_for
from clouds.config import Endpoints
from clouds.failures import StoreError, not_storage
from clouds.obs.client import GuardedObsClient
from clouds.obs.config import OBSConfig
from clouds.obs.failures import failure_of, failure_of_transport
from clouds.paths import directory_names
from clouds.store import (
    CorsRule,
    Deadline,
    Entry,
    Head,
    Page,
    Piece,
    Preflight,
    Store,
    TimeLimit,
    Written,
    bare_type,
    content_md5,
    expiry_in,
    missing_without_words,
    piece_of_refusal,
    small_names,
    whole_piece,
)


def open_with_key(config: OBSConfig, endpoints: Endpoints, limit: TimeLimit, /) -> "OBSStore":
    return OBSStore(GuardedObsClient(config, limit, endpoints.allowed_private_hosts), config.bucket)


def _seconds(moment: str | None) -> int:
    return int(datetime.fromisoformat(moment or "").timestamp())


class OBSStore(Store):
    checks_may_keep = True
    # Like S3: 403 for a missing key unless listing is granted too.
    missing_key_denial_is_proof = False

    def __init__(self, client: GuardedObsClient, bucket: str) -> None:
        self.client = client
        self.bucket = bucket
        self.written = Written()

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        body = self._list(prefix=prefix, max_keys=limit)
        return [entry.key for entry in asked_for(body.contents or [], limit)]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        body = self._list(prefix=prefix, delimiter="/", max_keys=limit)
        return directory_names(prefix, [entry.prefix for entry in asked_for(body.commonPrefixs or [], limit)])

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        body = self._list(prefix=prefix, marker=after or None, max_keys=limit, encoding_type="url")
        if body.is_truncated and not body.contents:
            raise not_storage()
        found = asked_for(body.contents or [], limit)
        try:
            entries = [_entry(entry) for entry in found]
        except ValueError:
            raise not_storage() from None
        return Page(entries, bool(body.is_truncated))

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        return str(self.client.createSignedUrl(method, self.bucket, key, expires=seconds).signedUrl)

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        # The SDK would encode the quotes around an ETag, and OBS takes it without.
        header = GetObjectHeader(range=f"{start}-{start + length - 1}", if_match=version or None)
        try:
            answer = self._call("getObject", key, headers=header)
        except StoreError as error:
            return piece_of_refusal(error)
        body = answer.body.response
        try:
            _check_is_object(answer)
            if start and answer.status != 206:  # the whole object was sent, and its beginning is not asked for
                raise not_storage(answer.status)
            # Not by the SDK's own `read`, which raises plain exceptions.
            data: bytes = body.result.read(length)
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(failure_of_transport(error)) from None
        finally:
            if not body.result.isclosed():  # what was not read would be taken for the next answer
                body.conn.close()
            body.close()
        sent, etag = int(answer.body.contentLength or 0), str(answer.body.etag or "")
        return whole_piece(data, expected=min(length, sent), version=etag.strip('"'))

    def create(self, key: str, data: bytes) -> None:
        self._note(key, self._put(key, data, extensionHeaders={"If-None-Match": "*"}))

    def replace(self, key: str, data: bytes) -> None:
        self._note(key, self._put(key, data))

    def _put(self, key: str, data: bytes, content_type: str | None = None, **options: Any) -> Any:
        headers = PutObjectHeader(md5=content_md5(data), contentType=content_type)
        answer = self._call("putContent", key, content=data, headers=headers, **options)
        _check_is_object(answer)
        return answer

    def _note(self, key: str, answer: Any) -> None:
        # Not from the body, in which the SDK puts it for one of its two ways to sign only.
        self.written.note(key, dict(answer.header).get("version-id"))

    def head(self, key: str) -> Head:
        try:
            answer = self._call("getObjectMetadata", key)
        except StoreError as error:
            raise missing_without_words(error) from None
        _check_is_object(answer)
        # Names come in small letters and without `x-obs-`, but with `meta-`.
        headers = small_names(dict(answer.header))
        metadata = {name.removeprefix("meta-"): told for name, told in headers.items() if name.startswith("meta-")}
        size, told = int(answer.body.contentLength or 0), bare_type(answer.body.contentType)
        etag = str(answer.body.etag or "").strip('"')
        return Head(size, told, etag, metadata, expiry_in(headers.get("expiration")))

    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        self._put(key, data, content_type, metadata=dict(metadata))

    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        return str(self._call("initiateMultipartUpload", key, contentType=content_type).body.uploadId)

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        answer = self._call("uploadPart", key, number, upload, content=data, md5=content_md5(data))
        return str(answer.body.etag)

    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        told = [CompletePart(number, etag) for number, etag in enumerate(parts, 1)]
        self._call("completeMultipartUpload", key, upload, CompleteMultipartUploadRequest(told))

    def drop_parts(self, key: str, upload: str) -> None:
        self._call("abortMultipartUpload", key, upload)

    def delete(self, key: str) -> None:
        self._call("deleteObject", key)

    def erase(self, key: str) -> None:
        self.written.erase(
            key, lambda: self.delete(key), lambda version: self._call("deleteObject", key, versionId=version)
        )

    def cors_rules(self) -> list[CorsRule]:
        try:
            rules = self._call("getBucketCors").body
        except StoreError as error:
            if error.failure.code == "NoSuchCORSConfiguration":
                return []
            raise
        if not isinstance(rules, list):
            raise not_storage()
        return [CorsRule(tuple(rule.allowedOrigin or ()), tuple(rule.allowedMethod or ())) for rule in rules]

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        parts = urlsplit(self.sign(key, seconds=60))
        try:
            with contextlib.closing(self.client.connection(parts)) as connection:
                connection.request("OPTIONS", parts.path, headers=preflight.question(origin))
                answer = connection.getresponse()
                body = answer.read(preflight.MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(failure_of_transport(error)) from None
        return preflight.understood(answer.status, dict(answer.getheaders()), body)

    def close(self) -> None:
        self.client.hang_up()

    def _list(self, **options: Any) -> Any:
        body = self._call("listObjects", **options).body
        if not getattr(body, "name", None):  # the SDK gives no body for what it can't parse
            raise not_storage()
        return body

    def _call(self, operation: str, *arguments: Any, **options: Any) -> Any:
        try:
            answer = getattr(self.client, operation)(self.bucket, *arguments, **options)
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(failure_of_transport(error)) from None
        if answer.status >= 300:
            raise StoreError(failure_of(answer))
        return answer


# Archive ("cold") and deep archive have to be restored first, warm not.
# https://support.huaweicloud.com/intl/en-us/ugobs-obs/obs_03_0330.html
_ARCHIVED = frozenset({"COLD", "GLACIER", "DEEP_ARCHIVE"})
_USUAL_CLASS = "STANDARD"


def _entry(found: Any) -> Entry:
    etag = str(found.etag or "").strip('"')
    kind = str(found.storageClass or _USUAL_CLASS)
    return Entry(
        found.key,
        _seconds(found.lastModified),
        found.size or 0,
        version=etag,
        digest=etag,
        storage_class="" if kind == _USUAL_CLASS else kind,
        archived=kind in _ARCHIVED,
    )


def _check_is_object(answer: Any) -> None:
    if not dict(answer.header or []).get("etag"):
        raise not_storage(answer.status)
