"""Huawei Object Storage Service for tests: moto as the store, behind a gate that authenticates and judges like OBS.

The gate verifies both signatures of esdk-obs-python: `OBS` (x-obs-date) for bucket.host names, and `AWS`, called V2
(x-amz-date), to which the SDK switches by itself when the host is an IP address. It also speaks HTTPS, with
certificates of an authority whose `ca_file` a client can trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from tests.servers.cors import Rule, allowed, matching
from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.obs.signatures import bucket_and_key_of, caller_of, refuse_time, signed_by
from tests.servers.vocabulary import Right, Trouble
from tests.servers.xml_errors import xml_error

if TYPE_CHECKING:
    pass

_PASSED_ON = frozenset({"versionId", "uploads", "uploadId", "partNumber"})


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
    keeps_versions: set[str] = field(default_factory=set)
    """Buckets of which nobody may remove a version."""
    locked: set[str] = field(default_factory=set)
    """Buckets with WORM and a default retention: as with S3, no object comes in without a checksum."""
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
        bucket, key = bucket_and_key_of(request)
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
        access_key, dialect = caller_of(request)
        if dialect is None:
            return _denied()
        user = self.shared.users.get(access_key)
        if user is None:
            message = "The OBS Access Key Id you provided does not exist in our records."
            return xml_error(403, "InvalidAccessKeyId", message)
        if not signed_by(request, user.secret, dialect):
            message = "The request signature we calculated does not match the signature you provided."
            return xml_error(403, "SignatureDoesNotMatch", message)
        if refusal := refuse_time(request, dialect):
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
            case "PUT" | "POST":
                if request.method == "PUT" and bucket in self.shared.locked and not request.header("Content-MD5"):
                    return xml_error(400, "InvalidRequest", "Content-MD5 is required for WORM protection.")
                allowed = self._may(user, Right.CREATE, bucket, key)
                asks = self.shared.conditional_writes and request.header("If-None-Match") == "*"
                if allowed and exists and asks:
                    message = "At least one of the pre-conditions you specified did not hold."
                    return xml_error(412, "PreconditionFailed", message)
                allowed = allowed and (not exists or self._may(user, Right.REPLACE, bucket, key))
            case "DELETE" if "uploadId" in request.query:
                allowed = self._may(user, Right.CREATE, bucket, key)
            case "DELETE":
                allowed = self._may(user, Right.DELETE, bucket, key)
                if "versionId" in request.query and bucket in self.shared.keeps_versions:
                    return _denied()
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
        for name, value in request.headers.items():
            kind, _, metadata = name.lower().partition("-meta-")
            if kind in {"x-obs", "x-amz"} and metadata:
                headers[f"x-amz-meta-{metadata}"] = value
        headers["Host"] = self.upstream
        # Not enforcing, moto only wants to see that somebody signed.
        scope = "operator/20200101/us-east-1/s3/aws4_request"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
        query = request.target.partition("?")[2] if not key else urlencode(_known(request))
        target = f"/{bucket}/{quote(key, safe='/~')}" if key else f"/{bucket}"
        target = f"{target}?{query}" if query or not key else target
        return self.forward(Request(request.method, target, headers, request.body))


def _known(request: Request) -> dict[str, str]:
    """What of the query moto has to know: a version, or an upload in parts."""
    return {name: value for name, value in request.query.items() if name in _PASSED_ON}


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
