"""Google Cloud Storage for tests: gcp-storage-emulator, behind a gate that authenticates and judges like Google.

The emulator stores and lists. It knows no tokens, no permissions, no `ifGenerationMatch` and no `maxResults`: the gate
does all of that, issues the tokens, and checks signed URLs.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import secrets
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from requests import Response as HttpResponse

from tests.servers.cors import Rule, allowed, matching
from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.process import HOST, ServerProcess
from tests.servers.vocabulary import Config, Right, Trouble
from tests.servers.xml_errors import xml_error

PROJECT = "lightly-tests"
TOKEN_URI = "https://oauth2.googleapis.com/token"
TOKEN_PATH = "/token"
CERTS_PATH = "/robot/v1/metadata/x509"

LIST = "storage.objects.list"
GET = "storage.objects.get"
CREATE = "storage.objects.create"
DELETE = "storage.objects.delete"

_PERMISSIONS = {
    Right.LIST: {LIST},
    Right.READ: {GET},
    Right.CREATE: {CREATE},
    Right.REPLACE: {CREATE, DELETE},
    Right.DELETE: {DELETE},
}


class State(StrEnum):
    """What has become of a service account since its key was handed out."""

    GOOD = "good"
    DISABLED = "disabled"
    KEY_GONE = "key gone"
    """Rotated, deleted or expired: Google answers all three alike."""
    TOKENS_EXPIRE_AT_ONCE = "tokens expire at once"


_STARTS_WITH = re.compile(r'resource\.name\.startsWith\(("(?:[^"\\]|\\.)*")\)')
_OF_BUCKETS = 'resource.type == "storage.googleapis.com/Bucket"'


@dataclass(frozen=True)
class Binding:
    """A custom role, bound to an account on a bucket. Of conditions it knows the two forms the product writes."""

    permissions: frozenset[str]
    bucket: str
    condition: str = ""

    def allows(self, permission: str, bucket: str, key: str) -> bool:
        if permission not in self.permissions or bucket != self.bucket:
            return False
        if not self.condition:
            return True
        rest = _STARTS_WITH.sub("", self.condition)
        if rest.replace(_OF_BUCKETS, "").strip(" |"):
            raise NotImplementedError(f"the test server does not know the condition {self.condition}")
        if permission == LIST:  # a right on the bucket, whatever the prefix
            return _OF_BUCKETS in self.condition
        name = f"projects/_/buckets/{bucket}/objects/{key}"
        return any(name.startswith(json.loads(found)) for found in _STARTS_WITH.findall(self.condition))


@dataclass(frozen=True)
class Account:
    """A service account with its one key and what it may do below a prefix of one bucket."""

    email: str
    key_id: str
    bucket: str
    prefix: str
    permissions: frozenset[str]
    state: State = State.GOOD
    bindings: tuple[Binding, ...] = ()

    def may(self, permission: str, bucket: str, key: str) -> bool:
        granted = permission in self.permissions and bucket == self.bucket and key.startswith(self.prefix)
        return granted or any(binding.allows(permission, bucket, key) for binding in self.bindings)


class Call(NamedTuple):
    """What a request of the JSON API asks for."""

    operation: str
    bucket: str
    key: str = ""


@functools.cache
def _key(number: int) -> rsa.RSAPrivateKey:
    """A key pair; generating one takes long, so every account has the first, and wrong ones have the second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class GCSGate(Gate):
    """Google's token endpoint and the judgement of the JSON API."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.buckets: set[str] = set()
        self.troubles: dict[str, Trouble] = {}
        self.cors: dict[str, list[dict[str, Any]]] = {}
        self.certificates: dict[str, dict[str, str]] = {}
        """By e-mail and key id, as Google publishes them."""
        self._tokens: dict[str, str] = {}
        # A condition and the write it guards have to be one step.
        self._writing = threading.Lock()

    def answer(self, request: Request) -> Response:
        if request.path == TOKEN_PATH and request.method == "POST":
            return self._answer_token(request)
        if request.path.startswith(CERTS_PATH) and request.method == "GET":
            published = self.certificates.get(request.path.removeprefix(f"{CERTS_PATH}/"))
            return _json(200, published) if published else _json(404, {"error": "Not Found"})
        if request.method == "OPTIONS":
            return self._answer_preflight(request)
        if "X-Goog-Signature" in request.query:
            return self._answer_signed_url(request)
        call = _parse(request)
        if call is None:
            return _error(501, "notImplemented", f"The test server does not know {request.method} {request.raw_path}")
        if trouble := self._trouble(call.bucket):
            return trouble
        account = self._caller(request)
        if isinstance(account, Response):
            return account
        if call.bucket not in self.buckets:
            return _error(404, "notFound", "The specified bucket does not exist.")
        match call.operation:
            case "list":
                return self._list(request, account, call)
            case "get" | "download":
                return self._read(request, account, call)
            case "upload":
                with self._writing:
                    return self._upload(request, account, call)
            case "resume":
                return self.forward(request)
            case "delete":
                return self._delete(request, account, call)
            case permission:
                return self._answer_about_bucket(request, account, call, permission)

    def _trouble(self, bucket: str) -> Response | None:
        match self.troubles.get(bucket):
            case Trouble.SILENT:
                raise Silence
            case Trouble.RESET:
                raise NoAnswer
            case Trouble.THROTTLED:
                return _error(429, "rateLimitExceeded", "The rate of requests exceeds the limit.", "usageLimits")
            case Trouble.SERVER_ERROR:
                return _error(500, "backendError", "Backend Error")
        return None

    def _caller(self, request: Request) -> Account | Response:
        token = request.header("Authorization").removeprefix("Bearer ").strip()
        if not token:
            message = "Anonymous caller does not have access to the Google Cloud Storage object."
            return _error(401, "required", message)
        account = self.accounts.get(self._tokens.get(token, ""))
        if account is None or account.state is State.TOKENS_EXPIRE_AT_ONCE:
            return _error(401, "authError", "Invalid Credentials")
        return account

    def _list(self, request: Request, account: Account, call: Call) -> Response:
        query = request.query
        if not account.may(LIST, call.bucket, query.get("prefix", "")):
            return _denied(account, LIST, "bucket")
        whole = {name: value for name, value in query.items() if name in {"prefix", "delimiter", "matchGlob"}}
        target = f"{request.raw_path}?{urlencode(whole, quote_via=quote)}"
        answer = self.forward(replace(request, target=target))
        return _page(json.loads(answer.body), query)

    def _read(self, request: Request, account: Account, call: Call) -> Response:
        media = call.operation == "download" or request.query.get("alt") == "media"
        generation = self._generation(call)
        exists = bool(generation)
        if not account.may(GET, call.bucket, call.key) or (not exists and not account.may(LIST, call.bucket, call.key)):
            return _denied(account, GET, "object", media=media)
        if not exists:
            message = f"No such object: {call.bucket}/{call.key}"
            return Response(404, message.encode(), _TEXT) if media else _error(404, "notFound", message)
        if request.query.get("ifGenerationMatch", generation) != generation:
            return _error(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
        answer = self.forward(request)
        return replace(answer, headers=dict(answer.headers) | {"X-Goog-Generation": generation})

    def _upload(self, request: Request, account: Account, call: Call) -> Response:
        if not account.may(CREATE, call.bucket, call.key):
            return _denied(account, CREATE, "object")
        exists = self._exists(call)
        wanted = request.query.get("ifGenerationMatch")
        if wanted is not None and (wanted == "0") == exists:
            message = "At least one of the pre-conditions you specified did not hold."
            return _error(412, "conditionNotMet", message)
        if exists and not account.may(DELETE, call.bucket, call.key):
            return _denied(account, DELETE, "object")
        return self.forward(request)

    def _delete(self, request: Request, account: Account, call: Call) -> Response:
        if not account.may(DELETE, call.bucket, call.key):
            return _denied(account, DELETE, "object")
        if not self._exists(call):
            return _error(404, "notFound", f"No such object: {call.bucket}/{call.key}")
        self.forward(request)
        return Response(204)

    def _answer_about_bucket(self, request: Request, account: Account, call: Call, permission: str) -> Response:
        if permission not in account.permissions or call.bucket != account.bucket:
            return _denied(account, permission, "bucket")
        metadata = json.loads(self.forward(request).body)  # of which the emulator keeps no CORS rules
        return _json(200, metadata | {"cors": self.cors.get(call.bucket, [])})

    def _answer_preflight(self, request: Request) -> Response:
        """Of the XML API. Without a fitting rule Google answers 200 too, only without the headers that allow it."""
        bucket, _ = request.bucket_and_key()
        if trouble := self._trouble(bucket):
            return trouble
        rules = [Rule(entry.get("origin", []), entry.get("method", [])) for entry in self.cors.get(bucket, [])]
        rule = matching(rules, request, stars_inside=False)
        return allowed(rule, request) if rule else Response(200)

    def _exists(self, call: Call) -> bool:
        return bool(self._generation(call))

    def _generation(self, call: Call) -> str:
        """Which upload of this object is there; empty if it does not exist."""
        path = f"/storage/v1/b/{call.bucket}/o/{quote(call.key, safe='')}"
        answer = requests.get(f"http://{self.upstream}{path}", timeout=30)
        return str(answer.json()["generation"]) if answer.status_code == 200 else ""

    def _answer_token(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return _token_error("unsupported_grant_type", "Invalid grant_type: " + form.get("grant_type", ""))
        signed, _, signature = form.get("assertion", "").rpartition(".")
        header, claims = (json.loads(_unbase64(part)) for part in signed.split("."))
        account = self.accounts.get(claims["iss"])
        if account is None:
            return _token_error("invalid_grant", "Invalid grant: account not found")
        if account.state is State.DISABLED:
            return _token_error("invalid_grant", "Account has been disabled")
        good_key = header.get("kid") == account.key_id and account.state is not State.KEY_GONE
        if not good_key or not _verified(_unbase64(signature), signed.encode()):
            return _token_error("invalid_grant", "Invalid JWT Signature.")
        now = time.time()
        if not claims["iat"] - 300 <= now <= claims["exp"] <= claims["iat"] + 3600:
            message = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            return _token_error("invalid_grant", message)
        if claims["aud"] not in {TOKEN_URI, f"http://{request.header('Host')}{TOKEN_PATH}"}:
            return _token_error("invalid_grant", "Invalid JWT: Failed audience check.")
        if not claims.get("scope"):
            return _token_error("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens[token] = account.email
        return _json(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _answer_signed_url(self, request: Request) -> Response:
        bucket, key = request.bucket_and_key()
        if bucket in self.troubles:
            self._trouble(bucket)
        query = request.query
        email, _, scope = query["X-Goog-Credential"].partition("/")
        account = self.accounts.get(email)
        if account is None or not _signed(request, scope):
            return xml_error(403, "SignatureDoesNotMatch", "Access denied.")
        signed_at = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) > signed_at + timedelta(seconds=int(query["X-Goog-Expires"])):
            return xml_error(400, "ExpiredToken", "The provided token has expired.")
        if bucket not in self.buckets:
            return xml_error(404, "NoSuchBucket", "The specified bucket does not exist.")
        if request.method == "PUT":
            return self._upload_signed(request, account, bucket, key)
        if request.method not in {"GET", "HEAD"} or not account.may(GET, bucket, key):
            return xml_error(403, "AccessDenied", f"Access denied. {account.email} does not have {GET} access.")
        if not self._exists(Call("get", bucket, key)):
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        return self.forward(replace(request, method="GET", target=request.raw_path))

    def _upload_signed(self, request: Request, account: Account, bucket: str, key: str) -> Response:
        missing = {CREATE} | ({DELETE} if self._exists(Call("get", bucket, key)) else set())
        if any(not account.may(permission, bucket, key) for permission in missing):
            return xml_error(403, "AccessDenied", f"Access denied. {account.email} does not have {CREATE} access.")
        target = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(key, safe='')}"
        self.forward(replace(request, method="POST", target=target))
        return Response(200)


_TEXT = {"Content-Type": "text/html; charset=UTF-8"}


def _parse(request: Request) -> Call | None:
    """Splits before decoding, because a key may contain `/o/`."""
    kind, _, rest = request.raw_path.partition("/storage/v1/b/")
    bucket, _, part = rest.partition("/")
    key = unquote(part.removeprefix("o/"))
    match kind, request.method, part:
        case "", "GET", "o":
            return Call("list", bucket)
        case "/upload", "POST", "o":
            return Call("upload", bucket, _name_of_upload(request))
        case "/upload", "PUT", "o":
            return Call("resume", bucket)
        case "/download", "GET", _ if part.startswith("o/"):
            return Call("download", bucket, key)
        case "", "GET", _ if part.startswith("o/"):
            return Call("get", bucket, key)
        case "", "DELETE", _ if part.startswith("o/"):
            return Call("delete", bucket, key)
        case "", "GET", "" if bucket:
            return Call("storage.buckets.get", bucket)
        case "", "PATCH", "" if bucket:
            return Call("storage.buckets.update", bucket)
    return None


def _name_of_upload(request: Request) -> str:
    if "name" in request.query:
        return request.query["name"]
    body = request.body
    if request.query.get("uploadType") == "multipart":
        head = f"Content-Type: {request.header('Content-Type')}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + request.body).get_payload()
        body = parts[0].get_payload(decode=True)  # type: ignore[index,union-attr,assignment]
    return str(json.loads(body)["name"])


def _page(listing: dict[str, Any], query: dict[str, str]) -> Response:
    """One page of the emulator's whole listing. Objects and prefixes count alike and come in one order."""
    entries = [(item["name"], item) for item in listing["items"]] + [(name, None) for name in listing["prefixes"]]
    after = base64.urlsafe_b64decode(query["pageToken"]).decode() if "pageToken" in query else ""
    start = query.get("startOffset", "")
    rest = sorted((entry for entry in entries if entry[0] > after and entry[0] >= start), key=lambda entry: entry[0])
    size = int(query.get("maxResults") or 1000)
    page: dict[str, Any] = {"kind": "storage#objects"}
    if items := [item for _, item in rest[:size] if item is not None]:
        page["items"] = items
    if prefixes := [name for name, item in rest[:size] if item is None]:
        page["prefixes"] = prefixes
    if len(rest) > size:
        page["nextPageToken"] = base64.urlsafe_b64encode(rest[size - 1][0].encode()).decode()
    return _json(200, page)


def _json(status: int, content: object) -> Response:
    return Response(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=UTF-8"})


def _error(status: int, reason: str, message: str, domain: str = "global") -> Response:
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return _json(status, {"error": {"code": status, "message": message, "errors": errors}})


def _denied(account: Account, permission: str, what: str, *, media: bool = False) -> Response:
    message = (
        f"{account.email} does not have {permission} access to the Google Cloud Storage {what}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )
    return Response(403, message.encode(), _TEXT) if media else _error(403, "forbidden", message)


def _token_error(error: str, description: str) -> Response:
    return _json(400, {"error": error, "error_description": description})


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _verified(signature: bytes, signed: bytes) -> bool:
    try:
        _key(0).public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _signed(request: Request, scope: str) -> bool:
    """Signature version 4 of a signed URL."""
    query = request.query
    names = query["X-Goog-SignedHeaders"]
    headers = "".join(f"{name}:{request.header(name)}\n" for name in names.split(";"))
    raw = request.target.partition("?")[2].split("&")
    rest = "&".join(sorted(part for part in raw if not part.startswith("X-Goog-Signature=")))
    canonical = "\n".join([request.method, request.raw_path, rest, headers, names, "UNSIGNED-PAYLOAD"])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["GOOG4-RSA-SHA256", query["X-Goog-Date"], scope, digest])
    try:
        return _verified(bytes.fromhex(query["X-Goog-Signature"]), to_sign.encode())
    except ValueError:
        return False


class GCSCloud:
    """Buckets of Google Cloud Storage, reached with a service account's key."""

    provider = "GCS"

    def __init__(self) -> None:
        command = [str(Path(sys.executable).with_name("gcp-storage-emulator")), "start", "-H", HOST, "-M", "-q"]
        self.server = ServerProcess("gcp-storage-emulator", lambda port: [*command, "--port", str(port)])
        self.gate = GCSGate()

    @property
    def requests(self) -> list[Exchange]:
        return self.gate.requests

    @property
    def address(self) -> str:
        return self.gate.address

    def start(self) -> None:
        self.server.start()
        self.gate.upstream = self.server.address
        self.gate.start()

    def stop(self) -> None:
        self.gate.stop()
        self.server.stop()

    def environment(self, address: str | None = None) -> dict[str, str]:
        url = f"http://{address or self.address}"
        return {
            "LIGHTLY_GCS_ENDPOINT_URL": url,
            "LIGHTLY_GCS_TOKEN_URL": url + TOKEN_PATH,
            "LIGHTLY_GCS_CERTS_URL": url + CERTS_PATH,
            "LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST,
        }

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._call("POST", "/storage/v1/b", json={"name": name})
        self.gate.buckets.add(name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        boundary = secrets.token_hex(16)
        body = (
            f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{json.dumps({'name': key})}\r\n"
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self._call(
            "POST",
            f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart",
            data=body + data + f"\r\n--{boundary}--\r\n".encode(),
            headers={"Content-Type": f"multipart/related; boundary={boundary}"},
        )

    def get(self, bucket: str, key: str) -> bytes:
        return self._call("GET", f"/download/storage/v1/b/{bucket}/o/{quote(key, safe='')}?alt=media").content

    def keys(self, bucket: str) -> list[str]:
        return sorted(item["name"] for item in self._call("GET", f"/storage/v1/b/{bucket}/o").json()["items"])

    def grant(
        self,
        bucket: str,
        prefix: str,
        rights: Collection[Right],
        *,
        expired: bool = False,
        permissions: Collection[str] = (),
    ) -> Config:
        """REPLACE comes with DELETE, as Google has it. `permissions`: further ones, such as storage.buckets.get."""
        email = f"sa-{secrets.token_hex(6)}@{PROJECT}.iam.gserviceaccount.com"
        names = frozenset(permissions).union(*(_PERMISSIONS[right] for right in rights))
        account = Account(email, secrets.token_hex(20), bucket, prefix, names)
        self.gate.accounts[email] = account
        config = {
            "type": "GCS",
            "fullPath": f"gs://{bucket}/{prefix}",
            "gcsProjectId": PROJECT,
            "gcsCredentials": json.dumps(_service_account(account)),
        }
        return self.expired(config) if expired else config

    def bind(self, config: Config, bucket: str, permissions: Collection[str], condition: str = "") -> None:
        """Give the config's account one more custom role on a bucket, as `add-iam-policy-binding` does."""
        email = json.loads(config["gcsCredentials"])["client_email"]
        account = self.gate.accounts[email]
        binding = Binding(frozenset(permissions), bucket, condition)
        self.gate.accounts[email] = replace(account, bindings=(*account.bindings, binding))

    def set_cors(self, bucket: str, rules: list[dict[str, Any]]) -> None:
        """As `gcloud storage buckets update --cors-file` takes them."""
        self.gate.cors[bucket] = rules

    def publish_certificate(self, config: Config, *, made: datetime, ends: datetime) -> None:
        """What Google shows the world of the config's key."""
        info = json.loads(config["gcsCredentials"])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, info["client_email"].replace("@", ".")[:60])])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(_key(0).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(made)
            .not_valid_after(ends)
            .sign(_key(0), hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.gate.certificates.setdefault(info["client_email"], {})[info["private_key_id"]] = pem

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self.gate.troubles.pop(bucket, None)
        else:
            self.gate.troubles[bucket] = trouble

    def with_wrong_secret(self, config: Config) -> Config:
        """Another private key under the same key id: Google answers invalid_grant, Invalid JWT Signature."""
        return _with_credentials(config, private_key=_pem(_key(1)))

    def with_unknown_key(self, config: Config) -> Config:
        """An account that Google does not know: invalid_grant, account not found."""
        return _with_credentials(config, client_email=f"gone@{PROJECT}.iam.gserviceaccount.com")

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"gs://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A key past its date is answered like a deleted one: invalid_grant, Invalid JWT Signature."""
        return self.set_state(config, State.KEY_GONE)

    def set_state(self, config: Config, state: State) -> Config:
        email = json.loads(config["gcsCredentials"])["client_email"]
        self.gate.accounts[email] = replace(self.gate.accounts[email], state=state)
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return config

    def _call(self, method: str, target: str, **options: Any) -> HttpResponse:
        answer = requests.request(method, f"http://{self.server.address}{target}", timeout=30, **options)
        answer.raise_for_status()
        return answer


def _service_account(account: Account) -> dict[str, str]:
    """The file that Google's console hands out."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": account.key_id,
        "private_key": _pem(_key(0)),
        "client_email": account.email,
        "client_id": str(secrets.randbelow(10**21)),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": TOKEN_URI,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{quote(account.email)}",
        "universe_domain": "googleapis.com",
    }


def _with_credentials(config: Config, **changes: str) -> Config:
    return config | {"gcsCredentials": json.dumps(json.loads(config["gcsCredentials"]) | changes)}
