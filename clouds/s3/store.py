"""AWS S3, and whatever speaks its protocol at LIGHTLY_S3_ENDPOINT_URL."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from clouds import preflight
from clouds.calls.answers import asked_for
from clouds.calls.sockets import Sockets
from clouds.config import Endpoints
from clouds.failures import Cause, Failure, StoreError, not_storage
from clouds.paths import directory_names
from clouds.s3 import parts as in_parts
from clouds.s3.clients import assume_role, s3_client, watch_client
from clouds.s3.config import S3Config, S3DelegatedAccessConfig
from clouds.s3.failures import failure_of
from clouds.s3.signing import ENCRYPTION_HEADERS, EXAMPLE_KEY, UrlSigner
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

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def open_with_key(config: S3Config, endpoints: Endpoints, limit: TimeLimit, /) -> "S3Store":
    secret = config.secret_access_key.get_secret_value()
    client = s3_client(endpoints, limit, config.region, config.access_key_id, secret)
    return S3Store(client, config.bucket, secret, kms_key_arn=config.kms_key_arn, owners_may_read=bool(endpoints.s3))


def open_with_role(config: S3DelegatedAccessConfig, endpoints: Endpoints, limit: TimeLimit, /) -> "S3Store":
    keys = assume_role(config, endpoints, limit)
    client = s3_client(
        endpoints, limit, config.region, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    )
    secret = keys["SecretAccessKey"]
    store = S3Store(client, config.bucket, secret, kms_key_arn=config.kms_key_arn, owners_may_read=bool(endpoints.s3))
    store.session = lambda: assume_role(config, endpoints, limit)
    return store


# As Ceph names its requests: "tx" with a number and the time, https://docs.ceph.com/en/latest/radosgw/s3/
_CEPH_REQUEST = re.compile(r"tx[0-9a-f]{21}-[0-9a-f]{10}-")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
PAYER = "&x-amz-request-payer=requester"
_PAYABLE = {
    *("list_objects_v2", "get_object", "head_object", "put_object", "delete_object"),
    *("create_multipart_upload", "upload_part", "complete_multipart_upload", "abort_multipart_upload"),
}


class S3Store(Store):
    checks_may_keep = True
    # AWS answers 403 for a missing key unless s3:ListBucket is granted without a prefix condition.
    missing_key_denial_is_proof = False
    knows_payers = True

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        secret_access_key: str,
        *,
        kms_key_arn: str | None = None,
        owners_may_read: bool = False,
    ) -> None:
        """`owners_may_read`: the server may be another than AWS's, and let who wrote an object read it."""
        self.client = client
        self.sockets = Sockets()
        watch_client(client, self.sockets)
        self.bucket = bucket
        self.secret_access_key = secret_access_key
        self.owners_may_read = owners_may_read
        self.is_ceph = False  # as far as it has answered
        self.written = Written()
        # Whether the bucket lets the caller pay, as far as it has answered. At AWS, links may say so in any case.
        self.caller_pays = False
        self.session: Callable[[], object] | None = None  # asks for the temporary keys again
        self.signers: dict[tuple[str, int, str], UrlSigner] = {}
        self.encryption: dict[str, str] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
        )

    def missing_is_proof(self, failure: Failure) -> bool:
        # Ceph answers so to everybody who may list, before it looks whether they may read.
        return not self.is_ceph or self._owns_bucket()

    def is_owner(self, key: str) -> bool:
        """On servers with owners, who wrote an object may read its access list, for which AWS wants a right of its own.

        The owner of the whole bucket is left out: an owner may read everything in it.
        """
        if not self.owners_may_read or self._owns_bucket():
            return False
        return self.is_ceph or self._sees("get_object_acl", Key=key)

    def _owns_bucket(self) -> bool:
        return self._sees("get_bucket_acl")

    def _sees(self, operation: str, **arguments: Any) -> bool:
        try:
            self._call(operation, **arguments)
        except StoreError:
            return False
        return True

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        page = self._call("list_objects_v2", Prefix=prefix, MaxKeys=limit)
        if "Name" not in page:
            raise not_storage()
        return [entry["Key"] for entry in asked_for(page.get("Contents", []), limit)]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        page = self._call("list_objects_v2", Prefix=prefix, Delimiter="/", MaxKeys=limit)
        return directory_names(prefix, [entry["Prefix"] for entry in asked_for(page.get("CommonPrefixes", []), limit)])

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        start = {"StartAfter": after} if after else {}
        answer = self._call("list_objects_v2", Prefix=prefix, MaxKeys=limit, **start)
        found = asked_for(answer.get("Contents", []), limit)
        if "Name" not in answer or (answer.get("IsTruncated") and not found):
            raise not_storage()
        entries = [_entry(entry) for entry in found]
        ignored = bool(after and entries and entries[0].key <= after)  # some servers know no start
        return Page(entries, bool(answer.get("IsTruncated")), starts_at_front=ignored)

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        at_aws = ".amazonaws.com" in self.client.meta.endpoint_url
        payer = PAYER if at_aws or self.caller_pays else ""
        signer = self.signers.get((method, seconds, payer))
        if signer is None:
            # S3 reads the key for encryption from headers only, never from the URL, and refuses such headers if they
            # are not signed: https://github.com/aws/aws-sdk-ruby/issues/874
            encryption = self.encryption if method == "PUT" else {}
            example = self._presigned(method, seconds, encryption) + payer
            headers = {ENCRYPTION_HEADERS[name]: value for name, value in encryption.items()}
            signer = UrlSigner(example, method, self.secret_access_key, headers)
            self.signers[method, seconds, payer] = signer
        return signer.url(key)

    def _presigned(self, method: str, seconds: int, encryption: Mapping[str, str]) -> str:
        about = {"Bucket": self.bucket, "Key": EXAMPLE_KEY, **encryption}
        try:
            return self.client.generate_presigned_url(f"{method.lower()}_object", Params=about, ExpiresIn=seconds)
        except botocore.exceptions.BotoCoreError as error:
            raise StoreError(failure_of(error)) from None

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        try:
            answer = self._get(key, f"bytes={start}-{start + length - 1}", version)
        except StoreError as error:
            return piece_of_refusal(error)
        with answer["Body"] as body:
            _check_is_object(answer)
            if version and answer["ETag"] != version:  # of a server that knows no condition, or takes it for nothing
                raise StoreError(Failure(Cause.CHANGED))
            if start and "ContentRange" not in answer:  # the whole object was sent, and its beginning is not asked for
                raise not_storage()
            try:
                data: bytes = body.read(length)
            except botocore.exceptions.BotoCoreError as error:
                raise StoreError(failure_of(error)) from None
        return whole_piece(data, expected=min(length, answer["ContentLength"]), version=answer["ETag"])

    def _get(self, key: str, wanted: str, version: str) -> Any:
        if not version:
            return self._call("get_object", Key=key, Range=wanted)
        try:
            return self._call("get_object", Key=key, Range=wanted, IfMatch=version)
        except StoreError as error:
            if error.failure.cause is not Cause.NOT_SUPPORTED:
                raise
            return self._call("get_object", Key=key, Range=wanted)

    def create(self, key: str, data: bytes) -> None:
        self.written.note(key, self._put(key, data, IfNoneMatch="*").get("VersionId"))

    def replace(self, key: str, data: bytes) -> None:
        self.written.note(key, self._put(key, data).get("VersionId"))

    def _put(self, key: str, data: bytes, **more: Any) -> Any:
        checked = more | self.encryption
        answer = self._call("put_object", Key=key, Body=data, ContentMD5=content_md5(data), **checked)
        _check_is_object(answer)
        return answer

    def head(self, key: str) -> Head:
        try:
            answer = self._call("head_object", Key=key)
        except StoreError as error:
            raise missing_without_words(error) from None
        _check_is_object(answer)
        size, content_type = answer["ContentLength"], bare_type(answer.get("ContentType"))
        expires = expiry_in(answer.get("Expiration"))
        return Head(size, content_type, answer["ETag"], small_names(answer.get("Metadata")), expires)

    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        self._put(key, data, ContentType=content_type, Metadata=dict(metadata))

    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        return in_parts.begin(self._call, key, content_type, self.encryption)

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        return in_parts.write(self._call, key, upload, number, data)

    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        in_parts.end(self._call, key, upload, parts)

    def drop_parts(self, key: str, upload: str) -> None:
        in_parts.drop(self._call, key, upload)

    def delete(self, key: str) -> None:
        self._call("delete_object", Key=key)

    def erase(self, key: str) -> None:
        self.written.erase(
            key, lambda: self.delete(key), lambda version: self._call("delete_object", Key=key, VersionId=version)
        )

    def cors_rules(self) -> list[CorsRule]:
        try:
            rules = self._call("get_bucket_cors")["CORSRules"]
        except StoreError as error:
            if error.failure.code == "NoSuchCORSConfiguration":
                return []
            raise
        except KeyError:
            raise not_storage() from None
        return [CorsRule(tuple(rule["AllowedOrigins"]), tuple(rule["AllowedMethods"])) for rule in rules]

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url, _, _ = self.sign(key, seconds=60).partition("?")
        return preflight.ask(url, origin=origin, deadline=deadline)

    def confirm(self) -> None:
        if self.session:
            self.session()

    def close(self) -> None:
        self.sockets.hang_up()
        self.client.close()

    def _call(self, operation: str, **arguments: Any) -> Any:
        """Once more, at the caller's cost, where access is denied without a reason.

        S3 does not say that a bucket lets the caller pay. Of a grant that is missing it mostly says which.
        """
        payable = operation in _PAYABLE and self.knows_payers
        payer = {"RequestPayer": "requester"} if payable else {}
        if self.caller_pays:
            return self._call_once(operation, **arguments, **payer)
        try:
            return self._call_once(operation, **arguments)
        except StoreError as error:
            if not payable or error.failure.cause is not Cause.DENIED or error.failure.detail:
                raise
            denied = error
        try:
            answer = self._call_once(operation, **arguments, **payer)
        except StoreError as second:
            # Past the question who pays, S3 may still say something else, such as that the object does not exist.
            if second.failure.cause not in {Cause.NO_OBJECT, Cause.ALREADY_EXISTS}:
                raise denied from None
            self.caller_pays = True
            raise
        self.caller_pays = True
        return answer

    def _call_once(self, operation: str, **arguments: Any) -> Any:
        try:
            answer = getattr(self.client, operation)(Bucket=self.bucket, **arguments)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            failure = failure_of(error)
            self._notice(failure.request_id)
            raise StoreError(failure) from None
        self._notice(answer["ResponseMetadata"].get("RequestId", ""))
        return answer

    def _notice(self, request_id: str) -> None:
        self.is_ceph = self.is_ceph or bool(_CEPH_REQUEST.match(request_id))


# These have to be restored first. GLACIER_IR is read at once.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_USUAL_CLASS = "STANDARD"


def _entry(found: Any) -> Entry:
    """An ETag is the MD5 of the content, or with `-N` of the MD5s of N parts, or of a KMS key's making.

    In each case, two equal ones of one size mean the same content.
    """
    etag = (found.get("ETag") or "").strip('"')
    kind = found.get("StorageClass") or _USUAL_CLASS
    return Entry(
        found["Key"],
        int(found["LastModified"].timestamp()),
        found["Size"],
        version=etag,
        digest=etag,
        storage_class="" if kind == _USUAL_CLASS else kind,
        archived=kind in _ARCHIVED,
    )


def _check_is_object(answer: Any) -> None:
    if "ETag" not in answer:
        raise not_storage()
