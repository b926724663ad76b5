"""Huawei Object Storage Service for tests: moto as the store, behind a gate that authenticates and judges like OBS.

The gate verifies both signatures of esdk-obs-python: `OBS` (x-obs-date) for bucket.host names, and `AWS`, called V2
(x-amz-date), to which the SDK switches by itself when the host is an IP address. It also speaks HTTPS, with
certificates of an authority whose `ca_file` a client can trust.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import secrets
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from tests.servers.certificates import Authority
from tests.servers.cors import Rule, allowed, matching
from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.process import HOST, ServerProcess
from tests.servers.vocabulary import Config, Right, Trouble
from tests.servers.xml_errors import xml_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_CLOCK_SKEW = timedelta(minutes=15)
WRONG_HOST = "obs.somewhere-else.example"
"""What the server with the wrong certificate calls itself."""

# Query parameters which name a part of the resource and are therefore signed.
_SIGNED_PARAMETERS = {
    "acl", "cors", "delete", "lifecycle", "location", "logging", "partNumber", "policy", "quota", "storageinfo",
    "tagging", "uploadId", "uploads", "versionId", "versioning", "versions", "website", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires",
}  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """The two ways of signing differ in names only."""

    scheme: str
    prefix: str
    url_key: str


_DIALECTS = (Dialect("OBS", "x-obs-", "AccessKeyId"), Dialect("AWS", "x-amz-", "AWSAccessKeyId"))


@dataclass(frozen=True)
class User:
    secret: str
    bucket: str
    prefix: str
    rights: frozenset[Right]
    id: str = ""
    """As bucket policies name it: `domain/<account>:user/<user>`."""

    reads_cors: bool = False

    def may(self, right: Right, bucket: str, key: str) -> bool:
        held = self.rights | ({Right.CREATE} if Right.REPLACE in self.rights else set())
        return right in held and bucket == self.bucket and key.startswith(self.prefix)


@dataclass
class Shared:
    """What the gates of one cloud (http, https, wrong name) have in common."""

    users: dict[str, User] = field(default_factory=dict)
    buckets: set[str] = field(default_factory=set)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By bucket: the bucket policy, of which as much is understood as the product writes."""
    cors: dict[str, str] = field(default_factory=dict)
    """A bucket's CORS document, as it was put."""
    conditional_writes: bool = True
    """Whether `If-None-Match: *` is honoured; some S3-like stores ignore it and overwrite."""


_ACTIONS = {
    Right.LIST: "ListBucket",
    Right.READ: "GetObject",
    Right.CREATE: "PutObject",
    Right.REPLACE: "PutObject",
    Right.DELETE: "DeleteObject",
}


def _allowed_by(policy: Mapping[str, Any], user: User, right: Right, bucket: str, key: str) -> bool:
    resource = bucket if right is Right.LIST else f"{bucket}/{key}"
    for statement in policy.get("Statement", []):
        patterns = statement.get("Condition", {}).get("StringLike", {}).get("prefix", ["*"])
        if (
            statement["Effect"] == "Allow"
            and user.id in statement["Principal"]["ID"]
            and _ACTIONS[right] in statement["Action"]
            and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
            and (right is not Right.LIST or any(fnmatchcase(key, pattern) for pattern in patterns))
        ):
            return True
    return False


class OBSGate(Gate):
    """Judges everything; moto only stores."""

    def __init__(self, shared: Shared, requests: list[Exchange]) -> None:
        super().__init__()
        self.shared = shared
        self.requests = requests

    def answer(self, request: Request) -> Response:
        answer = self._answer(request)
        return Response(answer.status, answer.body, _renamed(answer.headers) | {"x-obs-request-id": "0000018A"})

    def _answer(self, request: Request) -> Response:
        bucket, key = _bucket_and_key(request)
        if refusal := self._trouble(bucket):
            return refusal
        if location := self.shared.redirects.get(bucket):
            message = "Please re-send this request to the specified temporary endpoint."
            return xml_error(307, "TemporaryRedirect", message, {"Location": location + request.target})
        exists = bucket in self.shared.buckets
        if request.method == "OPTIONS":
            return self._answer_preflight(request, bucket)
        if request.method == "HEAD" and "apiversion" in request.query:
            return Response(200 if exists else 404, headers={"x-obs-api": "3.0"})
        access_key, dialect = _who(request)
        if dialect is None:
            return _denied()
        user = self.shared.users.get(access_key)
        if user is None:
            message = "The OBS Access Key Id you provided does not exist in our records."
            return xml_error(403, "InvalidAccessKeyId", message)
        if not _signed_by(request, user.secret, dialect):
            message = "The request signature we calculated does not match the signature you provided."
            return xml_error(403, "SignatureDoesNotMatch", message)
        if refusal := _refuse_time(request, dialect):
            return refusal
        if not exists:
            return xml_error(404, "NoSuchBucket", "The specified bucket does not exist.", BucketName=bucket)
        return self._judge(request, user, bucket, key)

    def _trouble(self, bucket: str) -> Response | None:
        match self.shared.troubles.get(bucket):
            case Trouble.SILENT:
                raise Silence
            case Trouble.RESET:
                raise NoAnswer
            case Trouble.THROTTLED:
                return xml_error(503, "SlowDown", "Please reduce your request frequency.")
            case Trouble.SERVER_ERROR:
                return xml_error(500, "InternalError", "An internal error occurs. Retry later.")
        return None

    def _may(self, user: User, right: Right, bucket: str, key: str) -> bool:
        policy = self.shared.policies.get(bucket, {})
        return user.may(right, bucket, key) or _allowed_by(policy, user, right, bucket, key)

    def _answer_preflight(self, request: Request, bucket: str) -> Response:
        document = self.shared.cors.get(bucket)
        if document is None:
            return xml_error(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
        rule = matching(_cors_rules(document), request, stars_inside=True)
        if rule is None:
            return xml_error(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.")
        return allowed(rule, request)

    def _answer_cors(self, user: User, bucket: str) -> Response:
        if not user.reads_cors:
            return _denied()
        document = self.shared.cors.get(bucket)
        if document is None:
            return xml_error(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
        return Response(200, document.encode(), {"Content-Type": "application/xml"})

    def _judge(self, request: Request, user: User, bucket: str, key: str) -> Response:
        if not key and request.method == "GET" and "cors" in request.query:
            return self._answer_cors(user, bucket)
        if not key:
            prefix = request.query.get("prefix", "")
            if request.method not in {"GET", "HEAD"} or not self._may(user, Right.LIST, bucket, prefix):
                return _denied()
            return self._store(request, bucket, key)
        exists = self._exists(bucket, key)
        match request.method:
            case "GET" | "HEAD":
                hidden = not exists and not self._may(user, Right.LIST, bucket, key)
                allowed = self._may(user, Right.READ, bucket, key) and not hidden
            case "PUT":
                allowed = self._may(user, Right.CREATE, bucket, key)
                asks = self.shared.conditional_writes and request.header("If-None-Match") == "*"
                if allowed and exists and asks:
                    message = "At least one of the pre-conditions you specified did not hold."
                    return xml_error(412, "PreconditionFailed", message)
                allowed = allowed and (not exists or self._may(user, Right.REPLACE, bucket, key))
            case "DELETE":
                allowed = self._may(user, Right.DELETE, bucket, key)
            case _:
                allowed = False
        return self._store(request, bucket, key) if allowed else _denied()

    def _exists(self, bucket: str, key: str) -> bool:
        return self._store(Request("HEAD", "/", Message(), b""), bucket, key).status == 200

    def _store(self, request: Request, bucket: str, key: str) -> Response:
        """Ask moto, path-style and without the caller's signature, which moto would not understand."""
        headers = Message()
        for name in ("Range", "If-Match", "Content-Type", "Content-MD5"):
            if request.header(name):
                headers[name] = request.header(name)
        headers["Host"] = self.upstream
        # Not enforcing, moto only wants to see that somebody signed.
        scope = "operator/20200101/us-east-1/s3/aws4_request"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        query = request.target.partition("?")[2] if not key else ""
        target = f"/{bucket}/{quote(key, safe='/~')}" if key else f"/{bucket}?{query}"
        return self.forward(Request(request.method, target, headers, request.body))


def _cors_rules(document: str) -> list[Rule]:
    def texts(node: ElementTree.Element, name: str) -> list[str]:
        return [element.text or "" for element in node.findall(name)]

    root = ElementTree.fromstring(document)  # noqa: S314  the tests' own
    return [Rule(texts(node, "AllowedOrigin"), texts(node, "AllowedMethod")) for node in root.findall("CORSRule")]


def _renamed(headers: object) -> dict[str, str]:
    renamed = dict(headers.items()) if isinstance(headers, dict) else {}
    return {name.replace("x-amz-", "x-obs-"): value for name, value in renamed.items()}


def _denied() -> Response:
    return xml_error(403, "AccessDenied", "Access Denied")


def _is_virtual_host(request: Request) -> bool:
    """Whether the bucket stands in the host name, as it does unless the host is an IP address."""
    try:
        ipaddress.ip_address(request.header("Host").rpartition(":")[0] or request.header("Host"))
    except ValueError:
        return True
    return False


def _bucket_and_key(request: Request) -> tuple[str, str]:
    if _is_virtual_host(request):
        return request.header("Host").partition(".")[0], request.path.removeprefix("/")
    return request.bucket_and_key()


def _who(request: Request) -> tuple[str, Dialect | None]:
    for dialect in _DIALECTS:
        if request.header("Authorization").startswith(f"{dialect.scheme} "):
            return request.header("Authorization").split(" ")[1].partition(":")[0], dialect
        if dialect.url_key in request.query:
            return request.query[dialect.url_key], dialect
    return "", None


def _signed_by(request: Request, secret: str, dialect: Dialect) -> bool:
    query = request.query
    special = {
        name.lower(): str(value).strip()
        for name, value in request.headers.items()
        if name.lower().startswith(dialect.prefix)
    }
    in_url = dialect.url_key in query
    date = "" if f"{dialect.prefix}date" in special else request.header("Date")
    lines = [
        request.method,
        request.header("Content-MD5"),
        request.header("Content-Type"),
        query["Expires"] if in_url else date,
        *(f"{name}:{value}" for name, value in sorted(special.items())),
        _resource(request),
    ]
    digest = hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha1")
    given = query.get("Signature", "") if in_url else request.header("Authorization").rpartition(":")[2]
    return hmac.compare_digest(base64.b64encode(digest).decode(), given)


def _resource(request: Request) -> str:
    bucket = f"/{request.header('Host').partition('.')[0]}" if _is_virtual_host(request) else ""
    signed = []
    for part in sorted(request.target.partition("?")[2].split("&")):
        name, equals, value = part.partition("=")
        if unquote(name) in _SIGNED_PARAMETERS:
            signed.append(f"{name}={unquote(value)}" if equals else name)
    return bucket + request.raw_path + ("?" + "&".join(signed) if signed else "")


def _refuse_time(request: Request, dialect: Dialect) -> Response | None:
    if dialect.url_key in request.query:
        late = time.time() > int(request.query["Expires"])
        return xml_error(403, "AccessDenied", "Request has expired") if late else None
    signed_at = parsedate_to_datetime(request.header(f"{dialect.prefix}date") or request.header("Date"))
    if abs(datetime.now(UTC) - signed_at.astimezone(UTC)) > MAX_CLOCK_SKEW:
        message = "The difference between the request time and the current time is too large."
        return xml_error(403, "RequestTimeTooSkewed", message)
    return None


class OBSCloud:
    """Buckets of an OBS endpoint, reached with an access key. The endpoint is part of the config."""

    provider = "OBS"

    def __init__(self) -> None:
        command = [str(Path(sys.executable).with_name("moto_server")), "-H", HOST, "-p"]
        self.server = ServerProcess("moto-for-obs", lambda port: [*command, str(port)])
        self.shared = Shared()
        self.requests: list[Exchange] = []
        self.gate, self.https_gate, self.wrong_name_gate = (OBSGate(self.shared, self.requests) for _ in range(3))
        self.ca_file = Path()
        self._certificates: tempfile.TemporaryDirectory[str] | None = None
        self._s3: S3Client

    @property
    def address(self) -> str:
        return self.gate.address

    @property
    def https_url(self) -> str:
        """With a certificate that is good for whoever trusts `ca_file`."""
        return f"https://{self.https_gate.address}"

    @property
    def wrong_name_url(self) -> str:
        """With a certificate by the same authority, but for another host."""
        return f"https://{self.wrong_name_gate.address}"

    def start(self) -> None:
        self.server.start()
        self._certificates = tempfile.TemporaryDirectory()
        authority = Authority(Path(self._certificates.name))
        self.ca_file = authority.ca_file
        self.https_gate.tls = authority.server_context()
        self.wrong_name_gate.tls = authority.server_context(WRONG_HOST)
        self._s3 = boto3.Session("operator", "operator", region_name="us-east-1").client(
            "s3",
            endpoint_url=f"http://{self.server.address}",
            config=BotoConfig(s3={"addressing_style": "path"}),
        )
        for gate in (self.gate, self.https_gate, self.wrong_name_gate):
            gate.upstream = self.server.address
            gate.start()

    def stop(self) -> None:
        for gate in (self.gate, self.https_gate, self.wrong_name_gate):
            gate.stop()
        self.server.stop()
        if self._certificates is not None:
            self._certificates.cleanup()

    def environment(self, address: str | None = None) -> dict[str, str]:
        """The endpoint is in the config: see `at_address` for a fault proxy in between."""
        return {"LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST}

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._s3.create_bucket(Bucket=name)
        self.shared.buckets.add(name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=data)

    def get(self, bucket: str, key: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise KeyError(key) from error

    def keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def set_cors(self, bucket: str, document: str) -> None:
        """The XML that PUT /?cors takes."""
        self.shared.cors[bucket] = document

    def grant(
        self,
        bucket: str,
        prefix: str,
        rights: Collection[Right],
        *,
        expired: bool = False,
        reads_cors: bool = False,
    ) -> Config:
        access_key, secret = secrets.token_hex(10).upper(), secrets.token_hex(20)
        self.shared.users[access_key] = User(
            secret, bucket, prefix, frozenset(rights), f"domain/tests:user/{access_key.lower()}", reads_cors
        )
        config = {
            "type": "OBS",
            "fullPath": f"obs://{bucket}/{prefix}",
            "obsEndpoint": f"http://{self.address}",
            "obsAccessKeyId": access_key,
            "obsSecretAccessKey": secret,
        }
        return self.expired(config) if expired else config

    def user_id(self, config: Config) -> str:
        """As bucket policies name the config's user."""
        return self.shared.users[config["obsAccessKeyId"]].id

    def put_bucket_policy(self, bucket: str, policy: Mapping[str, Any]) -> None:
        self.shared.policies[bucket] = policy

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self.shared.troubles.pop(bucket, None)
        else:
            self.shared.troubles[bucket] = trouble

    def redirect(self, bucket: str, url: str | None) -> None:
        """Send everybody who asks for this bucket to another place (307), such as `http://host:port`."""
        if url is None:
            self.shared.redirects.pop(bucket, None)
        else:
            self.shared.redirects[bucket] = url

    def with_wrong_secret(self, config: Config) -> Config:
        return config | {"obsSecretAccessKey": secrets.token_hex(20)}

    def with_unknown_key(self, config: Config) -> Config:
        return config | {"obsAccessKeyId": secrets.token_hex(10).upper()}

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"obs://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A permanent key does not expire, but it can be deactivated: OBS then answers InvalidAccessKeyId."""
        del self.shared.users[config["obsAccessKeyId"]]
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return self.with_endpoint(config, f"http://{address}")

    def with_endpoint(self, config: Config, url: str) -> Config:
        return config | {"obsEndpoint": url}
