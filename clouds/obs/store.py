"""OBS, the object storage of Huawei Cloud and the Open Telekom Cloud.

Its SDK has dangerous defaults (no certificate or host name checks, redirects to any host, 60 s x 4 attempts), so this
file replaces the one method that opens connections.
"""

import contextlib
import functools
import http.client
import re
import socket
import ssl
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import SplitResult, urlsplit
from xml.etree import ElementTree

from obs import GetObjectHeader, ObsClient
from obs.convertor import Convertor
from pydantic import AfterValidator, Field

from clouds import guard, preflight
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

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PATH_EXAMPLE = "obs://my-bucket/path/to/images/"
ENDPOINT_EXAMPLE = "https://obs.eu-de.otc.t-systems.com"


def _check_endpoint(value: str) -> str:
    def wrong(what: str) -> ValueError:
        return ValueError(f"{what} For example: {ENDPOINT_EXAMPLE}")

    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise wrong("This is not an address.") from None
    if parts.scheme not in {"http", "https"}:
        raise wrong("The endpoint must start with https:// (or http:// in a private network).")
    if not parts.hostname or not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", parts.hostname):
        raise wrong("The endpoint has no valid host name.")
    if parts.username is not None or parts.password is not None:
        raise wrong("The endpoint must not carry a user name or password.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise wrong("The endpoint is the host alone, without bucket or path.")
    return f"{parts.scheme}://{parts.hostname}{f':{port}' if port else ''}"


class OBSConfig(CloudConfig):
    provider_label: ClassVar[str] = "OBS (Telekom, Huawei)"
    provider_short: ClassVar[str] = "OBS"
    scheme: ClassVar[str] = "obs"

    type: Literal["OBS"] = "OBS"
    path: Annotated[
        str,
        AfterValidator(functools.partial(normalise_path, scheme="obs", bucket_pattern=BUCKET, example=PATH_EXAMPLE)),
    ] = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory in your bucket. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the OBS console open the bucket, then Objects, and follow the directories. In a terminal: "
            "`obsutil ls obs://my-bucket`.",
        },
    )
    endpoint: Annotated[str, AfterValidator(_check_endpoint)] = Field(
        alias="obsEndpoint",
        title="Endpoint",
        description="The address of OBS in your region.",
        examples=[ENDPOINT_EXAMPLE],
        json_schema_extra={
            "binds_secret": True,
            "where": "In the OBS console, the bucket's Overview page names its Endpoint; write https:// in front of "
            "it. In a terminal, `obsutil stat obs://my-bucket` names the region, which is a part of the endpoint.",
        },
    )
    access_key_id: str = Field(
        alias="obsAccessKeyId",
        title="Access key ID",
        description="Of the user that may use this directory.",
        examples=["H3Q1K2J7ZEXAMPLE"],
        min_length=1,
        pattern=r"^[\x21-\x7e]+$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the console, as the user whose key it shall be: the user name at the top right, My "
            "Credentials, Access Keys. On Huawei Cloud in a terminal: `hcloud IAM ListPermanentAccessKeys`.",
        },
    )
    secret_access_key: SecretWord = Field(
        alias="obsSecretAccessKey",
        title="Secret access key",
        description="Stored encrypted, never shown again.",
        examples=["mZk3…"],
        json_schema_extra={
            "where": "It is in the file credentials.csv that the console saves, once, when the access key is made: "
            "the user name at the top right, My Credentials, Access Keys, Create Access Key. On Huawei Cloud in a "
            "terminal: `hcloud IAM CreatePermanentAccessKey`. If it is lost, make a new key.",
        },
    )

    @property
    def principal(self) -> str:
        return self.access_key_id

    def open(self, endpoints: Endpoints, deadline: Deadline) -> "OBSStore":
        return OBSStore(GuardedObsClient(self, deadline, endpoints.allowed_private_hosts), self.bucket)


class _PinnedConnection(http.client.HTTPConnection):
    """Connects to an address the guard has judged, with TLS (certificate and host name verified) where asked for."""

    def __init__(self, client: "GuardedObsClient", host: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=client.deadline.timeout())
        self.client = client
        self.tls = tls

    def connect(self) -> None:
        timeout = self.client.deadline.timeout()
        self.sock: socket.socket = guard.connect(
            self.host, self.port, timeout=timeout, allowed_private_hosts=self.client.allowed_private_hosts
        )
        if self.tls:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host)
        self.client.sockets.append(self.sock)
        if self.client.hung_up:  # while this one was being made: nobody would hang up again
            self.sock.close()
            raise TimeoutError


class GuardedObsClient(ObsClient):  # type: ignore[misc]  # the SDK ships no types
    def __init__(self, config: OBSConfig, deadline: Deadline, allowed_private_hosts: tuple[str, ...]) -> None:
        super().__init__(
            access_key_id=config.access_key_id,
            secret_access_key=config.secret_access_key.get_secret_value(),
            server=config.endpoint,
            ssl_verify=True,
            max_retry_count=0,
            max_redirect_count=0,  # the first redirect is an answer, not an order
            timeout=deadline.timeout(),
            is_signature_negotiation=False,  # it asks for bucket metadata, a right that checks must not need
        )
        self.convertor = _Convertor(self.signature, self.ha)
        self.deadline = deadline
        self.allowed_private_hosts = allowed_private_hosts
        self.sockets: list[socket.socket] = []
        self.hung_up = False

    def _init_ssl_context(self, custom_ciphers: object) -> None:
        self.context = ssl.create_default_context()

    def _get_server_connection_use_http1x(
        self, is_secure: bool, server: str, port: int, proxy_host: object, proxy_port: object
    ) -> http.client.HTTPConnection:
        return _PinnedConnection(self, server, port, self.context if is_secure else None)

    def connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        """For a request the SDK doesn't know, with the same care."""
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        return _PinnedConnection(self, parts.hostname or "", parts.port or (443 if tls else 80), tls)

    def hang_up(self) -> None:
        """Close sockets under calls that still wait, so that a server which drips bytes can't hold a thread."""
        self.hung_up = True
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()  # the SDK forgets those of calls that failed
        self.close()


class _Convertor(Convertor):  # type: ignore[misc]  # the SDK ships no types
    """Keeps the times of a listing as they came: the SDK turns them into local ones, wrongly in summer."""

    def parseListObjects(self, xml: bytes, headers: Any = None) -> Any:  # noqa: N802 - the SDK calls it so
        body = super().parseListObjects(xml, headers)
        found = ElementTree.fromstring(xml).findall("Contents")  # noqa: S314 - the SDK has just parsed it too
        for entry, node in zip(body.contents, found, strict=True):
            entry.lastModified = node.findtext("LastModified")
        return body


def _seconds(moment: str | None) -> int:
    return int(datetime.fromisoformat(moment or "").timestamp())


class OBSStore:
    # Like S3: 403 for a missing key unless listing is granted too.
    missing_key_denial_is_proof: ClassVar[bool] = False

    def __init__(self, client: GuardedObsClient, bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        body = self._list(prefix=prefix, max_keys=limit)
        return [entry.key for entry in body.contents or []]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        body = self._list(prefix=prefix, delimiter="/", max_keys=limit)
        return directory_names(prefix, [entry.prefix for entry in body.commonPrefixs or []])

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        body = self._list(prefix=prefix, marker=after or None, max_keys=limit, encoding_type="url")
        if body.is_truncated and not body.contents:
            raise not_storage()
        try:
            entries = [Entry(entry.key, _seconds(entry.lastModified), entry.size or 0) for entry in body.contents or []]
        except ValueError:
            raise not_storage() from None
        return Page(entries, bool(body.is_truncated))

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        return str(self.client.createSignedUrl(method, self.bucket, key, expires=seconds).signedUrl)

    def read(self, key: str, *, limit: int = 1) -> bytes:
        try:
            answer = self._call("getObject", key, headers=GetObjectHeader(range=f"0-{limit - 1}"))
        except StoreError as error:
            if error.failure.code == "InvalidRange":  # an object of no bytes: it was found and could be read
                return b""
            raise
        try:
            _check_is_object(answer)
            content: bytes = answer.body.response.read(limit)
            return content
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(failure_of_transport(error)) from None
        finally:
            answer.body.response.close()

    def create(self, key: str, data: bytes) -> None:
        _check_is_object(self._call("putContent", key, content=data, extensionHeaders={"If-None-Match": "*"}))

    def replace(self, key: str, data: bytes) -> None:
        _check_is_object(self._call("putContent", key, content=data))

    def delete(self, key: str) -> None:
        self._call("deleteObject", key)

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


def _check_is_object(answer: Any) -> None:
    if not dict(answer.header or []).get("etag"):
        raise not_storage(answer.status)


# https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0115.html
CAUSES = {
    "AccessDenied": Cause.DENIED,
    "AccessForbidden": Cause.DENIED,
    "AllAccessDisabled": Cause.DENIED,
    "InArrearOrInsufficientBalance": Cause.DENIED,
    "DeniedByPolicy": Cause.DENIED,
    "InvalidAccessKeyId": Cause.UNKNOWN_KEY,
    "SignatureDoesNotMatch": Cause.WRONG_SECRET,
    "ExpiredToken": Cause.EXPIRED,
    "InvalidToken": Cause.CREDENTIAL_REFUSED,
    "RequestTimeTooSkewed": Cause.CLOCK_SKEW,
    "NoSuchBucket": Cause.NO_BUCKET,
    "InvalidBucketName": Cause.NO_BUCKET,
    "NoSuchKey": Cause.NO_OBJECT,
    "PreconditionFailed": Cause.ALREADY_EXISTS,
    "InvalidObjectState": Cause.ARCHIVED,
    "PermanentRedirect": Cause.WRONG_REGION,
    "SlowDown": Cause.THROTTLED,
    "ServiceUnavailable": Cause.THROTTLED,
    "InternalError": Cause.SERVER_ERROR,
}


def failure_of(answer: Any) -> Failure:
    """What an error the SDK *returned* means. Reads code and status only."""
    code, status = str(answer.errorCode or ""), int(answer.status)
    by_status = {403: Cause.DENIED, 412: Cause.ALREADY_EXISTS}
    cause = CAUSES.get(code) or by_status.get(status) or cause_of_status(status)
    return Failure(cause, safe_code(code), status, safe_code(answer.requestId))


def failure_of_transport(error: Exception) -> Failure:
    """What an exception of sockets or http.client means, which the SDK lets through."""
    kinds: list[tuple[type[Exception], Cause]] = [
        (ssl.SSLError, Cause.TLS),
        (TimeoutError, Cause.TIMEOUT),
        (OSError, Cause.UNREACHABLE),
        (http.client.HTTPException, Cause.UNREACHABLE),
    ]
    cause = next((cause for kind, cause in kinds if isinstance(error, kind)), Cause.UNKNOWN)
    return Failure(cause, safe_code(type(error).__name__))
