"""Amazon S3 and STS for tests: moto with IAM enforcement, behind a gate that adds what moto leaves out.

The gate adds, as AWS does it: policy conditions (`s3:prefix`, `s3:if-none-match`), a missing key hidden behind 403
from those who may not list it, the wrong region, KMS rights, expired sessions, presigned URLs, and trust policies.
Where AWS looks before answering 404 for a missing key, it asks for s3:ListBucket with the key as `s3:prefix`.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote
from xml.etree import ElementTree

import boto3
import requests
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config as BotoConfig
from botocore.credentials import Credentials

from tests.servers.cors import Rule, allowed, matching
from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.policy import Document, allows, for_moto, forbids, merged, trusts
from tests.servers.process import HOST, ServerProcess
from tests.servers.vocabulary import Config, Right, Trouble
from tests.servers.xml_errors import sts_error, xml_error

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

ACCOUNT = "123456789012"
REGION = "us-east-1"
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MAX_CLOCK_SKEW = timedelta(minutes=15)

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


class S3Gate(Gate):
    """Judges what moto does not, and lets moto judge the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.principals: dict[str, Principal] = {}
        self.roles: dict[str, Role] = {}
        self.buckets: dict[str, Bucket] = {}
        self.operator = Credentials("", "")

    def answer(self, request: Request) -> Response:
        if request.raw_path == "/" and request.method == "POST":
            return self._answer_sts(request)
        name, key = request.bucket_and_key()
        if request.method == "OPTIONS":
            return self._trouble(name) or self._answer_preflight(request, name)
        refusal = self._trouble(name) or self._refuse_caller(request)
        if refusal is not None:
            return refusal
        principal = self.principals[_credential(request)[0]]
        bucket = self.buckets.get(name)
        if bucket is None:
            return xml_error(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name)
        if refusal := _refuse_region(request, bucket) or _refuse_policy(request, principal, name, key):
            return refusal
        if key and (refusal := self._refuse_object(request, principal, bucket, name, key)):
            return refusal
        if "X-Amz-Signature" in request.query:
            return self._forward_presigned(request)
        if request.method == "HEAD" and not key:
            # AWS asks for s3:ListBucket here, moto for s3:HeadBucket, which does not exist.
            return Response(200, headers={"x-amz-bucket-region": bucket.region})
        return self.forward(request)

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
        access_key, _, _ = _credential(request)
        if not access_key:
            return _refuse_unsigned(request)
        principal = self.principals.get(access_key)
        if principal is None:
            message = "The AWS Access Key Id you provided does not exist in our records."
            return xml_error(403, "InvalidAccessKeyId", message, AWSAccessKeyId=access_key)
        if principal.token != (request.header("X-Amz-Security-Token") or request.query.get("X-Amz-Security-Token", "")):
            return xml_error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if principal.expired:
            return xml_error(400, "ExpiredToken", "The provided token has expired.")
        if not _signed_by(request, Credentials(access_key, principal.secret, principal.token or None)):
            message = "The request signature we calculated does not match the signature you provided."
            return xml_error(403, "SignatureDoesNotMatch", message, AWSAccessKeyId=access_key)
        return _refuse_time(request)

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
        range_header = {"Range": request.header("Range")} if request.header("Range") else {}
        return self._as_operator(request.method, request.raw_path, range_header, request.body)

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
        answer = self.forward(request)
        if answer.status != 200 or form.get("Action") != "AssumeRole":
            return answer
        # moto found the signature right. It also grants roles that do not exist or want another external ID.
        caller = self.principals[_credential(request)[0]]
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


def _credential(request: Request) -> tuple[str, str, str]:
    """Access key id, region and service of a signature version 4, in the header or the URL; empty if there is none."""
    scope = request.query.get("X-Amz-Credential", "")
    authorization = request.header("Authorization")
    if authorization.startswith("AWS4-HMAC-SHA256"):
        scope = authorization.partition("Credential=")[2].partition(",")[0]
    parts = scope.split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else ("", "", "")


def _refuse_unsigned(request: Request) -> Response:
    if request.header("Authorization").startswith("AWS ") or "AWSAccessKeyId" in request.query:
        message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        return xml_error(400, "InvalidRequest", message)
    return xml_error(403, "AccessDenied", "Access Denied")


def _signed_by(request: Request, credentials: Credentials) -> bool:
    _, region, service = _credential(request)
    query = request.query
    authorization = request.header("Authorization")
    presigned = "X-Amz-Signature" in query
    names = query["X-Amz-SignedHeaders"] if presigned else _between(authorization, "SignedHeaders=")
    headers = {name: request.header(name) for name in names.split(";")}
    target = request.target
    if presigned:
        target = (
            request.raw_path
            + "?"
            + "&".join(
                part for part in request.target.partition("?")[2].split("&") if not part.startswith("X-Amz-Signature=")
            )
        )
    signed = AWSRequest(request.method, f"http://{request.header('Host')}{target}", headers=headers, data=request.body)
    signed.context["timestamp"] = query.get("X-Amz-Date") or request.header("X-Amz-Date")
    signer: SigV4Auth = (S3SigV4QueryAuth if presigned else S3SigV4Auth)(credentials, service, region)
    expected = signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed)
    given = query["X-Amz-Signature"] if presigned else _between(authorization, "Signature=")
    return secrets.compare_digest(str(expected), given)


def _between(text: str, start: str) -> str:
    return text.partition(start)[2].partition(",")[0].strip()


def _refuse_time(request: Request) -> Response | None:
    signed_at = datetime.strptime(
        request.query.get("X-Amz-Date") or request.header("X-Amz-Date"), "%Y%m%dT%H%M%SZ"
    ).replace(tzinfo=UTC)
    age = datetime.now(UTC) - signed_at
    if "X-Amz-Expires" in request.query:
        if age > timedelta(seconds=int(request.query["X-Amz-Expires"])):
            return xml_error(403, "AccessDenied", "Request has expired")
    elif abs(age) > MAX_CLOCK_SKEW:
        message = "The difference between the request time and the current time is too large."
        return xml_error(403, "RequestTimeTooSkewed", message)
    return None


def _refuse_region(request: Request, bucket: Bucket) -> Response | None:
    signed_for = _credential(request)[1]
    if signed_for == bucket.region:
        return None
    where = {"x-amz-bucket-region": bucket.region}
    if bucket.redirects:
        message = "The bucket you are attempting to access must be addressed using the specified endpoint."
        endpoint = f"s3.{bucket.region}.amazonaws.com"
        return xml_error(301, "PermanentRedirect", message, where, Endpoint=endpoint)
    message = f"The authorization header is malformed; the region '{signed_for}' is wrong; expecting '{bucket.region}'"
    return xml_error(400, "AuthorizationHeaderMalformed", message, where, Region=bucket.region)


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
        if action == "s3:PutObject" and "If-None-Match" in request.headers:
            context = {"s3:if-none-match": request.header("If-None-Match")}
    if allows(principal.policy, action, arn, context):
        return None
    return _denied(principal, action, arn, explicitly=forbids(principal.policy, action, arn, context))


def _denied(principal: Principal, action: str, resource: str, *, explicitly: bool = False) -> Response:
    implicit = f"because no identity-based policy allows the {action} action"
    reason = "with an explicit deny in an identity-based policy" if explicitly else implicit
    message = f'User: {principal.arn} is not authorized to perform: {action} on resource: "{resource}" {reason}'
    return xml_error(403, "AccessDenied", message)


def policy_for(bucket: str, prefix: str, rights: Collection[Right]) -> dict[str, Any]:
    """An IAM policy with exactly these rights below the prefix; CREATE alone demands `If-None-Match` on every PUT."""
    below = f"arn:aws:s3:::{bucket}/{prefix}*"
    statements: list[dict[str, Any]] = []
    if Right.LIST in rights:
        only_below = {"StringLike": {"s3:prefix": [f"{prefix}*"]}} if prefix else None
        statements.append(_allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", only_below))
    if Right.READ in rights:
        statements.append(_allow("s3:GetObject", below))
    if Right.REPLACE in rights:
        statements.append(_allow("s3:PutObject", below))
    elif Right.CREATE in rights:
        statements.append(_allow("s3:PutObject", below, {"Null": {"s3:if-none-match": "false"}}))
    if Right.DELETE in rights:
        statements.append(_allow("s3:DeleteObject", below))
    # IAM refuses a policy without statements; this one allows something that helps nobody here.
    return {"Version": "2012-10-17", "Statement": statements or [_allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")]}


def _allow(action: str, resource: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement if condition is None else statement | {"Condition": condition}


class S3Cloud:
    """Buckets of Amazon S3, reached with a user's access key."""

    provider = "S3"

    def __init__(self) -> None:
        command = [str(Path(sys.executable).with_name("moto_server")), "-H", HOST, "-p"]
        self.server = ServerProcess("moto", lambda port: [*command, str(port)])
        self.gate = S3Gate()
        self.platform = Credentials("", "")
        """The platform's own principal: may call sts:AssumeRole and nothing else."""
        self.platform_arn = f"arn:aws:iam::{ACCOUNT}:user/lightly-platform"
        self._s3: S3Client
        self._iam: IAMClient

    @property
    def requests(self) -> list[Exchange]:
        return self.gate.requests

    @property
    def address(self) -> str:
        return self.gate.address

    def start(self) -> None:
        self.server.start()
        self.gate.upstream = self.server.address
        self._become_operator()
        self._enforce()
        self.platform = self._make_user(
            "lightly-platform",
            {"Version": "2012-10-17", "Statement": [_allow("sts:AssumeRole", "*")]},
        )
        self.gate.start()

    def stop(self) -> None:
        self.gate.stop()
        self.server.stop()

    def environment(self, address: str | None = None) -> dict[str, str]:
        url = f"http://{address or self.address}"
        return {
            "LIGHTLY_S3_ENDPOINT_URL": url,
            "LIGHTLY_STS_ENDPOINT_URL": url,
            "LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST,
        }

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._s3.create_bucket(Bucket=name)
        self.gate.buckets[name] = Bucket()
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=data)

    def get(self, bucket: str, key: str) -> bytes:
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def grant(self, bucket: str, prefix: str, rights: Collection[Right], *, expired: bool = False) -> Config:
        config = self.grant_policy(bucket, prefix, policy_for(bucket, prefix, rights))
        return self.expired(config) if expired else config

    def grant_policy(self, bucket: str, prefix: str, policy: Document) -> Config:
        """A config for a fresh user with exactly this IAM policy, such as one the product proposed."""
        user = self._make_user(f"user-{secrets.token_hex(6)}", policy)
        return {
            "type": "S3",
            "fullPath": f"s3://{bucket}/{prefix}",
            "s3Region": self.gate.buckets[bucket].region,
            "s3AccessKeyId": user.access_key,
            "s3SecretAccessKey": user.secret_key,
        }

    def attach_policy(self, config: Config, policy: Document) -> None:
        """Give the config's user one more inline policy, such as one the product wrote."""
        principal = self.gate.principals[config["s3AccessKeyId"]]
        name = principal.arn.rpartition("/")[2]
        self._iam.put_user_policy(
            UserName=name, PolicyName=f"more-{secrets.token_hex(4)}", PolicyDocument=json.dumps(for_moto(policy))
        )
        principal.policy = merged(principal.policy, policy)

    def replace_policy(self, config: Config, policy: Document) -> None:
        """Let the config's user have this inline policy and no other."""
        principal = self.gate.principals[config["s3AccessKeyId"]]
        name = principal.arn.rpartition("/")[2]
        for other in self._iam.list_user_policies(UserName=name)["PolicyNames"]:
            self._iam.delete_user_policy(UserName=name, PolicyName=other)
        self._iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(for_moto(policy)))
        principal.policy = policy

    def attach_role_policy(self, arn: str, policy: Document) -> None:
        name = arn.rpartition("/")[2]
        document = json.dumps(for_moto(policy))
        self._iam.put_role_policy(RoleName=name, PolicyName=f"more-{secrets.token_hex(4)}", PolicyDocument=document)
        self.gate.roles[arn].policy = merged(self.gate.roles[arn].policy, policy)

    def set_trust(self, arn: str, trust: Document) -> None:
        document = json.dumps(for_moto(trust))
        self._iam.update_assume_role_policy(RoleName=arn.rpartition("/")[2], PolicyDocument=document)
        self.gate.roles[arn].trust = trust

    def set_cors(self, bucket: str, rules: list[dict[str, Any]]) -> None:
        """As the S3 console takes them."""
        self._s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})  # type: ignore[typeddict-item]
        self.gate.buckets[bucket].cors = [Rule(rule["AllowedOrigins"], rule["AllowedMethods"]) for rule in rules]

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        self.gate.buckets[bucket].trouble = trouble

    def set_home_region(self, bucket: str, region: str, *, redirects: bool = False) -> None:
        """Requests signed for another region get 400 AuthorizationHeaderMalformed, or 301 PermanentRedirect."""
        self.gate.buckets[bucket].region = region
        self.gate.buckets[bucket].redirects = redirects

    def deny_kms(self, bucket: str, *actions: str) -> None:
        """Nobody but the operator may use the bucket's key; by default to write (kms:GenerateDataKey)."""
        self.gate.buckets[bucket].denied_kms = frozenset(actions or {"kms:GenerateDataKey"})

    def with_wrong_secret(self, config: Config) -> Config:
        return config | {"s3SecretAccessKey": secrets.token_hex(20)}

    def with_unknown_key(self, config: Config) -> Config:
        return config | {"s3AccessKeyId": "AKIA" + secrets.token_hex(8).upper()}

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"s3://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A user's key does not expire, but it can be deactivated: AWS then answers InvalidAccessKeyId."""
        del self.gate.principals[config["s3AccessKeyId"]]
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return config

    def _make_user(self, name: str, policy: Document) -> Credentials:
        self._iam.create_user(UserName=name)
        plain = json.dumps(for_moto(policy))
        self._iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=plain)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        self.gate.principals[key["AccessKeyId"]] = Principal(
            f"arn:aws:iam::{ACCOUNT}:user/{name}", key["SecretAccessKey"], policy
        )
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def change_rights(self, config: Config, bucket: str, prefix: str, rights: Collection[Right]) -> None:
        """Behind the back of whoever uses this key: from now on it has exactly these rights."""
        principal = self.gate.principals[config["s3AccessKeyId"]]
        policy = policy_for(bucket, prefix, rights)
        name = principal.arn.rpartition("/")[2]
        self._iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(for_moto(policy)))
        self.gate.principals[config["s3AccessKeyId"]] = replace(principal, policy=policy)

    def make_role(self, trust: Document, policy: Document) -> str:
        """The ARN of a fresh role."""
        name = f"role-{secrets.token_hex(6)}"
        plain = json.dumps(for_moto(trust))
        arn = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=plain)["Role"]["Arn"]
        rights = json.dumps(for_moto(policy))
        self._iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
        self.gate.roles[arn] = Role(trust, policy)
        return arn

    def _become_operator(self) -> None:
        """Makes the all-mighty user while moto does not enforce yet."""
        self._connect(Credentials("setup", "setup"))
        everything = {"Version": "2012-10-17", "Statement": [_allow("*", "*")]}
        self.gate.operator = self._make_user("operator", everything)
        self._connect(self.gate.operator)

    def _connect(self, credentials: Credentials) -> None:
        session = boto3.Session(credentials.access_key, credentials.secret_key, region_name=REGION)
        url = f"http://{self.server.address}"
        self._s3 = session.client("s3", endpoint_url=url, config=BotoConfig(s3={"addressing_style": "path"}))
        self._iam = session.client("iam", endpoint_url=url)

    def _enforce(self) -> None:
        # moto answers 500 to a form content type.
        url = f"http://{self.server.address}/moto-api/reset-auth"
        requests.post(url, data=b"0", headers={"Content-Type": "text/plain"}, timeout=10).raise_for_status()
