"""AWS S3, and whatever speaks its protocol at LIGHTLY_S3_ENDPOINT_URL, with a user's access key."""

import functools
import hashlib
import hmac
import re
import threading
import urllib.parse
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import boto3
import botocore.exceptions
from botocore.config import Config
from pydantic import AfterValidator, Field

from clouds import preflight
from clouds.base import (
    Cause,
    CloudConfig,
    CorsRule,
    Deadline,
    Endpoints,
    Entry,
    Failure,
    Page,
    Preflight,
    SecretWord,
    StoreError,
    cause_of_status,
    directory_names,
    normalise_path,
    not_storage,
    safe_code,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Capitals and underscores live on in old buckets of us-east-1.
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
PATH_EXAMPLE = "s3://my-bucket/path/to/images/"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
TEMPORARY_KEY = re.compile(r"ASIA[A-Z2-7]{16}")
REGION_PATTERN = r"^[a-z]{2,}(-[a-z]+)+-?[0-9]*$"
# As the official client checks them when it reads a datasource back.
KMS_PATTERN = r"^arn:aws:kms:[a-zA-Z0-9-]*:[0-9]{12}:key.+$"

S3Path = Annotated[
    str,
    AfterValidator(
        functools.partial(normalise_path, scheme="s3", bucket_pattern=BUCKET, example=PATH_EXAMPLE),
    ),
]


class S3Base(CloudConfig):
    """The fields both ways into S3 share."""

    scheme: ClassVar[str] = "s3"

    path: S3Path = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory in your bucket. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the S3 console open the bucket, tick the directory and press Copy S3 URI. In a terminal, "
            "`aws s3 ls s3://my-bucket/path/` shows what is there.",
        },
    )
    region: str = Field(
        alias="s3Region",
        title="Region",
        description="The AWS region in which the bucket was made.",
        examples=["eu-central-1"],
        pattern=REGION_PATTERN,
        json_schema_extra={
            "where": "In the S3 console the list of buckets has a column AWS Region. In a terminal: `aws s3api "
            "get-bucket-location --bucket my-bucket`, where null stands for us-east-1.",
        },
    )
    kms_key_arn: str | None = Field(
        default=None,
        alias="s3ServerSideEncryptionKMSKey",
        title="KMS key ARN",
        description="Only if the bucket wants objects encrypted with a KMS key of your own.",
        examples=["arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
        pattern=KMS_PATTERN,
        json_schema_extra={
            "where": "In the S3 console, the bucket's Properties tab names it under Default encryption, if it is "
            "SSE-KMS. In a terminal: `aws s3api get-bucket-encryption --bucket my-bucket`, there KMSMasterKeyID. "
            "Leave it empty for SSE-S3.",
        },
    )


class S3Config(S3Base):
    provider_label: ClassVar[str] = "AWS S3"
    provider_short: ClassVar[str] = "AWS S3"

    type: Literal["S3"] = "S3"
    access_key_id: str = Field(
        alias="s3AccessKeyId",
        title="Access key ID",
        description="Of the IAM user that may use this directory.",
        examples=["AKIAIOSFODNN7EXAMPLE"],
        min_length=1,
        pattern=r"^[\x21-\x7e]+$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the IAM console open Users, the user, the tab Security credentials, and there Access keys. "
            "`aws iam list-access-keys --user-name NAME` lists them. It must be a user's own key, not a session's "
            "(ASIA…).",
        },
    )
    secret_access_key: SecretWord = Field(
        alias="s3SecretAccessKey",
        title="Secret access key",
        description="Stored encrypted, never shown again.",
        examples=["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
        json_schema_extra={
            "where": "AWS shows it once, when the access key is made: in the IAM console under Users, the user, "
            "Security credentials, Create access key, or by `aws iam create-access-key --user-name NAME`. If it is "
            "lost, make a new key.",
        },
    )

    @property
    def principal(self) -> str:
        return self.access_key_id

    def unusable(self, now: datetime) -> dict[str, str]:
        if not TEMPORARY_KEY.fullmatch(self.access_key_id):
            return {}
        return {
            "access_key_id": "This is a temporary key: it works with a session token only, and ends within hours. "
            "Use the key of an IAM user (AKIA…), or “AWS S3 with a role”, which renews its sessions by itself."
        }

    def open(self, endpoints: Endpoints, deadline: Deadline) -> "S3Store":
        secret = self.secret_access_key.get_secret_value()
        return S3Store(s3_client(endpoints, deadline, self.region, self.access_key_id, secret), self, secret)


# Building a Session reads files and takes about 200 ms, a client from it about 11 ms; clients may be used by many
# threads at once, but not made by many at once.
_session = functools.cache(lambda: boto3.session.Session())
_making_clients = threading.Lock()


def client_config(deadline: Deadline, **more: Any) -> Config:
    """Settings all AWS clients here share: one attempt, and no call longer than the time that is left."""
    return Config(
        connect_timeout=deadline.timeout(),
        read_timeout=deadline.timeout(),
        retries={"total_max_attempts": 1},
        ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # the stubs lag behind
        **more,
    )


def make_client(service: str, **arguments: Any) -> Any:
    with _making_clients:
        return _session().client(service, **arguments)  # type: ignore[call-overload]


def s3_client(
    endpoints: Endpoints,
    deadline: Deadline,
    region: str,
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None = None,
) -> "S3Client":
    """A client that uses exactly these keys: given explicitly, boto3 never looks for the machine's own."""
    client: S3Client = make_client(
        "s3",
        region_name=region,
        endpoint_url=endpoints.s3,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        aws_session_token=session_token,
        config=client_config(
            deadline,
            signature_version="s3v4",
            # Own endpoints (MinIO and the like) seldom have a wildcard DNS entry for bucket.host.
            s3={"addressing_style": "path" if endpoints.s3 else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    # botocore follows a bucket into its region by itself. Here that would be a false green: signed URLs don't follow.
    client.meta.events.register_first("needs-retry.s3", _refuse_other_region)
    return client


_WRONG_REGION_CODES = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}


def _refuse_other_region(response: Any, **_: Any) -> None:
    if response is None:
        return
    http, parsed = response
    error = parsed.get("Error", {})
    headers = {name.lower(): value for name, value in http.headers.items()}
    region = headers.get("x-amz-bucket-region") or error.get("Region") or ""
    code = error.get("Code", "")
    # AuthorizationHeaderMalformed also stands for other faults in the header; with a region in it, it is the region.
    if http.status_code in {301, 307} or (code in _WRONG_REGION_CODES and (region or code == "PermanentRedirect")):
        raise StoreError(Failure(Cause.WRONG_REGION, safe_code(code), http.status_code, region=safe_code(region)))


EXAMPLE_KEY = "key"


class UrlSigner:
    """URLs like one that boto3 has signed, for other keys: the same place, moment, lifetime and credential.

    A listing needs a thousand per page, for which boto3 takes a third of a second.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """

    def __init__(self, example: str, method: str, secret_access_key: str) -> None:
        address, _, query = example.partition("?")
        self.base = address.removesuffix(EXAMPLE_KEY)
        self.query = "&".join(sorted(part for part in query.split("&") if not part.startswith("X-Amz-Signature=")))
        facts = dict(urllib.parse.parse_qsl(self.query))
        _, self.scope = facts["X-Amz-Credential"].split("/", 1)
        self.moment, self.method = facts["X-Amz-Date"], method
        host = urllib.parse.urlsplit(address).netloc
        self.path = urllib.parse.urlsplit(self.base).path
        self.rest = f"{self.query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        self.signing_key = f"AWS4{secret_access_key}".encode()
        for part in self.scope.split("/"):
            self.signing_key = hmac.digest(self.signing_key, part.encode(), "sha256")

    def url(self, key: str) -> str:
        quoted = urllib.parse.quote(key, safe="/~")
        asked = hashlib.sha256(f"{self.method}\n{self.path}{quoted}\n{self.rest}".encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.moment}\n{self.scope}\n{asked}"
        signature = hmac.digest(self.signing_key, to_sign.encode(), "sha256").hex()
        return f"{self.base}{quoted}?{self.query}&X-Amz-Signature={signature}"


class S3Store:
    # AWS answers 403 for a missing key unless s3:ListBucket is granted without a prefix condition.
    missing_key_denial_is_proof: ClassVar[bool] = False

    def __init__(self, client: "S3Client", config: S3Base, secret_access_key: str) -> None:
        self.client = client
        self.secret_access_key = secret_access_key
        self.signers: dict[tuple[str, int], UrlSigner] = {}
        self.bucket = config.bucket
        self.encryption: dict[str, Any] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": config.kms_key_arn} if config.kms_key_arn else {}
        )

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        page = self._call("list_objects_v2", Prefix=prefix, MaxKeys=limit)
        if "Name" not in page:
            raise not_storage()
        return [entry["Key"] for entry in page.get("Contents", [])]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        page = self._call("list_objects_v2", Prefix=prefix, Delimiter="/", MaxKeys=limit)
        return directory_names(prefix, [entry["Prefix"] for entry in page.get("CommonPrefixes", [])])

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        start = {"StartAfter": after} if after else {}
        answer = self._call("list_objects_v2", Prefix=prefix, MaxKeys=limit, **start)
        found = answer.get("Contents", [])
        if "Name" not in answer or (answer.get("IsTruncated") and not found):
            raise not_storage()
        entries = [Entry(entry["Key"], int(entry["LastModified"].timestamp()), entry["Size"]) for entry in found]
        return Page(entries, bool(answer.get("IsTruncated")))

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        signer = self.signers.get((method, seconds))
        if signer is None:
            example = self._presigned(method, seconds)
            signer = self.signers[method, seconds] = UrlSigner(example, method, self.secret_access_key)
        return signer.url(key)

    def _presigned(self, method: str, seconds: int) -> str:
        try:
            return self.client.generate_presigned_url(
                f"{method.lower()}_object", Params={"Bucket": self.bucket, "Key": EXAMPLE_KEY}, ExpiresIn=seconds
            )
        except botocore.exceptions.BotoCoreError as error:
            raise StoreError(failure_of(error)) from None

    def read(self, key: str, *, limit: int = 1) -> bytes:
        try:
            answer = self._call("get_object", Key=key, Range=f"bytes=0-{limit - 1}")
        except StoreError as error:
            if error.failure.code == "InvalidRange":  # an object of no bytes: it was found and could be read
                return b""
            raise
        with answer["Body"] as body:
            _check_is_object(answer)
            try:
                content: bytes = body.read(limit)
            except botocore.exceptions.BotoCoreError as error:
                raise StoreError(failure_of(error)) from None
        return content

    def create(self, key: str, data: bytes) -> None:
        _check_is_object(self._call("put_object", Key=key, Body=data, IfNoneMatch="*", **self.encryption))

    def replace(self, key: str, data: bytes) -> None:
        _check_is_object(self._call("put_object", Key=key, Body=data, **self.encryption))

    def delete(self, key: str) -> None:
        self._call("delete_object", Key=key)

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

    def close(self) -> None:
        self.client.close()

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self.client, operation)(Bucket=self.bucket, **arguments)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise StoreError(failure_of(error)) from None


def _check_is_object(answer: Any) -> None:
    if "ETag" not in answer:
        raise not_storage()


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
CAUSES = {
    "AccessDenied": Cause.DENIED,
    "AllAccessDisabled": Cause.DENIED,
    "AccountProblem": Cause.DENIED,
    "Forbidden": Cause.DENIED,
    "InvalidAccessKeyId": Cause.UNKNOWN_KEY,
    "InvalidClientTokenId": Cause.UNKNOWN_KEY,
    "SignatureDoesNotMatch": Cause.WRONG_SECRET,
    "ExpiredToken": Cause.EXPIRED,
    "ExpiredTokenException": Cause.EXPIRED,
    "TokenRefreshRequired": Cause.EXPIRED,
    "InvalidToken": Cause.CREDENTIAL_REFUSED,
    "InvalidSecurity": Cause.CREDENTIAL_REFUSED,
    "RequestTimeTooSkewed": Cause.CLOCK_SKEW,
    "RequestExpired": Cause.CLOCK_SKEW,
    "NoSuchBucket": Cause.NO_BUCKET,
    "InvalidBucketName": Cause.NO_BUCKET,
    "NoSuchKey": Cause.NO_OBJECT,
    "PreconditionFailed": Cause.ALREADY_EXISTS,
    # Two conditional writes of one key at the same moment: the other one, also a check's, is about to create it.
    "ConditionalRequestConflict": Cause.ALREADY_EXISTS,
    "InvalidObjectState": Cause.ARCHIVED,
    "PermanentRedirect": Cause.WRONG_REGION,
    "IllegalLocationConstraintException": Cause.WRONG_REGION,
    "SlowDown": Cause.THROTTLED,
    "ServiceUnavailable": Cause.THROTTLED,
    "Throttling": Cause.THROTTLED,
    "ThrottlingException": Cause.THROTTLED,
    "RequestLimitExceeded": Cause.THROTTLED,
    "TooManyRequestsException": Cause.THROTTLED,
    "InternalError": Cause.SERVER_ERROR,
}


def failure_of(error: Exception) -> Failure:
    """What a boto3 exception means. Reads codes; of texts, only AWS's fixed words for the reason of a denial."""
    if isinstance(error, botocore.exceptions.ClientError):
        details = error.response.get("Error", {})
        meta = error.response.get("ResponseMetadata", {})
        code, status = str(details.get("Code", "")), meta.get("HTTPStatusCode")
        by_status = {403: Cause.DENIED, 412: Cause.ALREADY_EXISTS}
        cause = CAUSES.get(code) or by_status.get(status or 0) or cause_of_status(status)
        # For a KMS refusal S3 answers a plain AccessDenied; only its message names kms:GenerateDataKey or kms:Decrypt.
        if code.startswith("KMS.") or (cause is Cause.DENIED and "kms:" in str(details.get("Message", ""))):
            cause = Cause.KMS_DENIED
        detail = ""
        if cause is Cause.DENIED:
            cause, detail = _reason_of_denial(str(details.get("Message", "")))
        return Failure(cause, safe_code(code), status, safe_code(meta.get("RequestId")), detail=detail)
    return Failure(_cause_of_transport(error), safe_code(type(error).__name__))


# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_POLICIES = (
    "identity-based policy",
    "resource-based policy",
    "service control policy",
    "resource control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
)


def _reason_of_denial(message: str) -> tuple[Cause, str]:
    """Whether something is missing or forbidden, and the kind of policy by which."""
    kind = next((kind for kind in _POLICIES if kind in message), "")
    if kind == "VPC endpoint policy":
        return Cause.NETWORK_RULES, kind
    return (Cause.EXPLICIT_DENY if "with an explicit deny" in message else Cause.DENIED), kind


def _cause_of_transport(error: Exception) -> Cause:
    kinds: list[tuple[type[Exception] | tuple[type[Exception], ...], Cause]] = [
        (botocore.exceptions.SSLError, Cause.TLS),
        ((botocore.exceptions.ConnectTimeoutError, botocore.exceptions.ReadTimeoutError), Cause.TIMEOUT),
        (botocore.exceptions.ParamValidationError, Cause.NO_BUCKET),
        (
            (
                botocore.exceptions.NoCredentialsError,
                botocore.exceptions.PartialCredentialsError,
                botocore.exceptions.CredentialRetrievalError,
            ),
            Cause.NO_PRINCIPAL,
        ),
        ((botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError), Cause.UNREACHABLE),
        (botocore.exceptions.ResponseStreamingError, Cause.UNREACHABLE),
    ]
    return next((cause for kind, cause in kinds if isinstance(error, kind)), Cause.UNKNOWN)
