"""Amazon S3 and STS for tests: moto with IAM enforcement, behind a gate that adds what moto leaves out.

The gate adds, as AWS does it: policy conditions (`s3:prefix`, `s3:if-none-match`), a missing key hidden behind 403
from those who may not list it, the wrong region, KMS rights, expired sessions, presigned URLs, and trust policies.
Where AWS looks before answering 404 for a missing key, it asks for s3:ListBucket with the key as `s3:prefix`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote
from xml.etree import ElementTree

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.servers.cors import Rule, allowed, matching
from tests.servers.gate import Gate, NoAnswer, Request, Response, Silence
from tests.servers.s3.policy import Document, allows, forbids, trusts
from tests.servers.s3.signatures import credential_of, refuse_time, refuse_unsigned, refuse_unsigned_headers, signed_by
from tests.servers.vocabulary import Trouble
from tests.servers.xml_errors import sts_error, xml_error

if TYPE_CHECKING:
    pass

ACCOUNT = "123456789012"


REGION = "us-east-1"


KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


_SUBRESOURCES = {
    ("GET", "location"): "s3:GetBucketLocation",
    ("GET", "cors"): "s3:GetBucketCORS",
    ("PUT", "cors"): "s3:PutBucketCORS",
    ("DELETE", "cors"): "s3:PutBucketCORS",
}


_OBJECT_ACTIONS = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "PUT": "s3:PutObject",
    "POST": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}


_ENCRYPTION = ("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")


@dataclass
class Principal:
    """A user's access key, or one session of a role."""

    arn: str
    secret: str
    policy: Document
    token: str = ""
    expired: bool = False


@dataclass
class Role:
    trust: Document
    policy: Document
    sessions_expired: bool = False


@dataclass
class Bucket:
    region: str = REGION
    redirects: bool = False
    denied_kms: frozenset[str] = frozenset()
    trouble: Trouble | None = None
    cors: list[Rule] = field(default_factory=list)
    caller_pays: bool = False
    expires: str = ""
    """When a rule of its lifecycle deletes its objects, as HTTP writes dates."""
    locked: bool = False
    """Object Lock with a default retention: no object comes in without a checksum."""


class S3Gate(Gate):
    """Judges what moto does not, and lets moto judge the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.principals: dict[str, Principal] = {}
        self.roles: dict[str, Role] = {}
        self.buckets: dict[str, Bucket] = {}
        self.operator = Credentials("", "")
        self.unknown_in: dict[str, str] = {}
        """Regions in which STS does not know the platform, and the code with which it says so."""

    def answer(self, request: Request) -> Response:
        if request.raw_path == "/" and request.method == "POST":
            return self._answer_sts(request)
        name, key = request.bucket_and_key()
        if request.method == "OPTIONS":
            return self._trouble(name) or self._answer_preflight(request, name)
        refusal = self._trouble(name) or self._refuse_caller(request)
        if refusal is not None:
            return refusal
        principal = self.principals[credential_of(request)[0]]
        bucket = self.buckets.get(name)
        if bucket is None:
            return xml_error(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name)
        if bucket.caller_pays and not _pays(request):
            return xml_error(403, "AccessDenied", "Access Denied")
        if refusal := _refuse_region(request, bucket) or _refuse_policy(request, principal, name, key):
            return refusal
        if key and (refusal := self._refuse_object(request, principal, bucket, name, key)):
            return refusal
        if key and bucket.locked and (refusal := _refuse_unchecked(request)):
            return refusal
        if "X-Amz-Signature" in request.query:
            return self._forward_presigned(request)
        if request.method == "HEAD" and not key:
            # AWS asks for s3:ListBucket here, moto for s3:HeadBucket, which does not exist.
            return Response(200, headers={"x-amz-bucket-region": bucket.region})
        answer = self.forward(request)
        if bucket.expires and request.method == "HEAD":
            told = {"x-amz-expiration": f'expiry-date="{bucket.expires}", rule-id="old"'}
            return Response(answer.status, answer.body, dict(answer.headers) | told)
        return answer

    def _trouble(self, name: str) -> Response | None:
        trouble = self.buckets[name].trouble if name in self.buckets else None
        match trouble:
            case Trouble.SILENT:
                raise Silence
            case Trouble.RESET:
                raise NoAnswer
            case Trouble.THROTTLED:
                return xml_error(503, "SlowDown", "Please reduce your request rate.")
            case Trouble.SERVER_ERROR:
                return xml_error(500, "InternalError", "We encountered an internal error. Please try again.")
        return None

    def _answer_preflight(self, request: Request, name: str) -> Response:
        """Browsers send no credential along. moto's server would let everybody in, whatever the bucket's rules."""
        bucket = self.buckets.get(name)
        if bucket is None:
            return xml_error(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name)
        if not bucket.cors:
            return xml_error(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
        rule = matching(bucket.cors, request, stars_inside=True)
        if rule is None:
            return xml_error(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.")
        return allowed(rule, request)

    def _refuse_caller(self, request: Request) -> Response | None:
        access_key, _, _ = credential_of(request)
        if not access_key:
            return refuse_unsigned(request)
        principal = self.principals.get(access_key)
        if principal is None:
            message = "The AWS Access Key Id you provided does not exist in our records."
            return xml_error(403, "InvalidAccessKeyId", message, AWSAccessKeyId=access_key)
        if principal.token != (request.header("X-Amz-Security-Token") or request.query.get("X-Amz-Security-Token", "")):
            return xml_error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if principal.expired:
            return xml_error(400, "ExpiredToken", "The provided token has expired.")
        if not signed_by(request, Credentials(access_key, principal.secret, principal.token or None)):
            message = "The request signature we calculated does not match the signature you provided."
            return xml_error(403, "SignatureDoesNotMatch", message, AWSAccessKeyId=access_key)
        return refuse_time(request) or refuse_unsigned_headers(request)

    def _refuse_object(
        self, request: Request, principal: Principal, bucket: Bucket, name: str, key: str
    ) -> Response | None:
        arn = f"arn:aws:s3:::{name}"
        kms = "kms:GenerateDataKey" if request.method in {"PUT", "POST"} else "kms:Decrypt"
        exists = self._exists(name, key)
        if request.method in {"GET", "HEAD"} and not exists:
            if not allows(principal.policy, "s3:ListBucket", arn, {"s3:prefix": key}):
                return _denied(principal, "s3:ListBucket", arn)
            return None
        granted = allows(principal.policy, kms, KMS_KEY, {})
        if kms in bucket.denied_kms and request.method != "DELETE" and not granted:
            return _denied(principal, kms, KMS_KEY)
        return None

    def _exists(self, name: str, key: str) -> bool:
        return self._as_operator("HEAD", f"/{name}/{quote(key, safe='/~')}").status == 200

    def _forward_presigned(self, request: Request) -> Response:
        """moto cannot judge presigned URLs while it enforces; the gate has just done so, and asks as the operator."""
        kept = {name: request.header(name) for name in ("Range", *_ENCRYPTION) if request.header(name)}
        return self._as_operator(request.method, request.raw_path, kept, request.body)

    def _as_operator(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        url = f"http://{self.upstream}{target}"
        signed = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
        S3SigV4Auth(self.operator, "s3", REGION).add_auth(signed)
        message = HTTPMessage()
        for header, value in signed.headers.items():
            message[header] = value
        message["Host"] = self.upstream
        return self.forward(Request(method, target, message, body))

    def _answer_sts(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if code := self.unknown_in.get(credential_of(request)[1]):
            return sts_error(403, code, "The security token included in the request is invalid")
        answer = self.forward(request)
        if answer.status != 200 or form.get("Action") != "AssumeRole":
            return answer
        # moto found the signature right. It also grants roles that do not exist or want another external ID.
        caller = self.principals[credential_of(request)[0]]
        arn = form.get("RoleArn", "")
        role = self.roles.get(arn)
        context = {"sts:ExternalId": form["ExternalId"]} if "ExternalId" in form else {}
        if role is None or not trusts(role.trust, caller.arn, context):
            message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            return sts_error(403, "AccessDenied", message)
        elements = ElementTree.fromstring(answer.body).iter()  # noqa: S314  our own server's
        found = {element.tag.rpartition("}")[2]: element.text or "" for element in elements}
        self.principals[found["AccessKeyId"]] = Principal(
            arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{arn.rpartition('/')[2]}/{form.get('RoleSessionName', '')}",
            secret=found["SecretAccessKey"],
            token=found["SessionToken"],
            policy=role.policy,
            expired=role.sessions_expired,
        )
        return answer


def _refuse_region(request: Request, bucket: Bucket) -> Response | None:
    signed_for = credential_of(request)[1]
    if signed_for == bucket.region:
        return None
    where = {"x-amz-bucket-region": bucket.region}
    if bucket.redirects:
        message = "The bucket you are attempting to access must be addressed using the specified endpoint."
        endpoint = f"s3.{bucket.region}.amazonaws.com"
        return xml_error(301, "PermanentRedirect", message, where, Endpoint=endpoint)
    message = f"The authorization header is malformed; the region '{signed_for}' is wrong; expecting '{bucket.region}'"
    return xml_error(400, "AuthorizationHeaderMalformed", message, where, Region=bucket.region)


def _pays(request: Request) -> bool:
    name = "x-amz-request-payer"
    return "requester" in {request.header(name), request.query.get(name)}


def _refuse_unchecked(request: Request) -> Response | None:
    names = {name.lower() for name in request.headers}
    if request.method != "PUT" or any(name.startswith(("content-md5", "x-amz-checksum-")) for name in names):
        return None
    message = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock"
    return xml_error(400, "InvalidRequest", message)


def _refuse_policy(request: Request, principal: Principal, name: str, key: str) -> Response | None:
    arn = f"arn:aws:s3:::{name}"
    query = request.query
    context: dict[str, str] = {}
    if not key:
        action = next((a for (m, part), a in _SUBRESOURCES.items() if m == request.method and part in query), "")
        action = action or "s3:ListBucket"
        context = {"s3:prefix": query["prefix"]} if "prefix" in query else {}
    else:
        arn = f"{arn}/{key}"
        action = _OBJECT_ACTIONS[request.method]
        if request.method == "DELETE" and "versionId" in query:
            action = "s3:DeleteObjectVersion"
        if request.method == "DELETE" and "uploadId" in query:
            action = "s3:AbortMultipartUpload"
        if action == "s3:PutObject":
            # Never from the query: AWS takes no header of these from a URL.
            conditions = ("if-none-match", *_ENCRYPTION)
            context = {f"s3:{name}": request.header(name) for name in conditions if name in request.headers}
    if allows(principal.policy, action, arn, context):
        return None
    return _denied(principal, action, arn, explicitly=forbids(principal.policy, action, arn, context))


def _denied(principal: Principal, action: str, resource: str, *, explicitly: bool = False) -> Response:
    implicit = f"because no identity-based policy allows the {action} action"
    reason = "with an explicit deny in an identity-based policy" if explicitly else implicit
    message = f'User: {principal.arn} is not authorized to perform: {action} on resource: "{resource}" {reason}'
    return xml_error(403, "AccessDenied", message)
