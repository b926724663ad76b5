"""Google Cloud Storage for tests: gcp-storage-emulator, behind a gate that authenticates and judges like Google.

The emulator stores and lists. It knows no tokens, no permissions, no `ifGenerationMatch` and no `maxResults`: the gate
does all of that, issues the tokens, and checks signed URLs.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

import requests

from tests.servers.cors import Rule, allowed, matching
from tests.servers.gate import Gate, NoAnswer, Request, Response, Silence
from tests.servers.gcs.accounts import CREATE, DELETE, GET, LIST, TOKEN_URI, Account, State
from tests.servers.gcs.answers import TEXT, denied, json_error, json_response, page_of, token_error
from tests.servers.gcs.signatures import signed_by, unbase64, verified
from tests.servers.vocabulary import Trouble
from tests.servers.xml_errors import xml_error

TOKEN_PATH = "/token"
CERTS_PATH = "/robot/v1/metadata/x509"


class Call(NamedTuple):
    """What a request of the JSON API asks for."""

    operation: str
    bucket: str
    key: str = ""


class GCSGate(Gate):
    """Google's token endpoint and the judgement of the JSON API."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.buckets: set[str] = set()
        self.troubles: dict[str, Trouble] = {}
        self.kept: dict[str, tuple[str, str]] = {}
        """By bucket: why its objects can't be replaced or deleted, as (reason, text)."""
        self.noncurrent: dict[str, set[str]] = {}
        """Of buckets that keep versions: the generations of objects that were replaced or deleted."""
        self.caller_pays: set[str] = set()
        """Buckets whose caller names a project to bill."""
        self.bills_nobody: set[str] = set()
        """E-mail addresses of accounts that may bill no project."""
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
            return json_response(200, published) if published else json_response(404, {"error": "Not Found"})
        if request.method == "OPTIONS":
            return self._answer_preflight(request)
        if "X-Goog-Signature" in request.query:
            return self._answer_signed_url(request)
        call = _parse(request)
        if call is None:
            return json_error(
                501, "notImplemented", f"The test server does not know {request.method} {request.raw_path}"
            )
        if trouble := self._trouble(call.bucket):
            return trouble
        account = self._caller(request)
        if isinstance(account, Response):
            return account
        if call.bucket not in self.buckets:
            return json_error(404, "notFound", "The specified bucket does not exist.")
        if refusal := self._refuse_payer(request, account, call.bucket):
            return refusal
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
            case "compose":
                with self._writing:
                    return self._compose(request, account, call)
            case permission:
                return self._answer_about_bucket(request, account, call, permission)

    def _trouble(self, bucket: str) -> Response | None:
        match self.troubles.get(bucket):
            case Trouble.SILENT:
                raise Silence
            case Trouble.RESET:
                raise NoAnswer
            case Trouble.THROTTLED:
                return json_error(429, "rateLimitExceeded", "The rate of requests exceeds the limit.", "usageLimits")
            case Trouble.SERVER_ERROR:
                return json_error(500, "backendError", "Backend Error")
        return None

    def _caller(self, request: Request) -> Account | Response:
        token = request.header("Authorization").removeprefix("Bearer ").strip()
        if not token:
            message = "Anonymous caller does not have access to the Google Cloud Storage object."
            return json_error(401, "required", message)
        account = self.accounts.get(self._tokens.get(token, ""))
        if account is None or account.state is State.TOKENS_EXPIRE_AT_ONCE:
            return json_error(401, "authError", "Invalid Credentials")
        return account

    def _refuse_payer(self, request: Request, account: Account, bucket: str) -> Response | None:
        media = request.query.get("alt") == "media"
        project = request.query.get("userProject")
        if bucket in self.caller_pays and not project:
            message = "Bucket is a requester pays bucket but no user project provided."
            return Response(400, message.encode(), TEXT) if media else json_error(400, "required", message)
        # To name a project takes the right to bill it, whoever pays.
        if project and account.email in self.bills_nobody:
            message = (
                f"{account.email} does not have serviceusage.services.use access to the Google Cloud project. "
                "Permission 'serviceusage.services.use' denied on resource (or it may not exist)."
            )
            return Response(403, message.encode(), TEXT) if media else json_error(403, "forbidden", message)
        return None

    def _list(self, request: Request, account: Account, call: Call) -> Response:
        query = request.query
        if not account.may(LIST, call.bucket, query.get("prefix", "")):
            return denied(account, LIST, "bucket")
        whole = {name: value for name, value in query.items() if name in {"prefix", "delimiter", "matchGlob"}}
        target = f"{request.raw_path}?{urlencode(whole, quote_via=quote)}"
        answer = self.forward(replace(request, target=target))
        return page_of(json.loads(answer.body), query)

    def _read(self, request: Request, account: Account, call: Call) -> Response:
        media = call.operation == "download" or request.query.get("alt") == "media"
        generation = self._generation(call)
        exists = bool(generation)
        if not account.may(GET, call.bucket, call.key) or (not exists and not account.may(LIST, call.bucket, call.key)):
            return denied(account, GET, "object", media=media)
        if not exists:
            message = f"No such object: {call.bucket}/{call.key}"
            return Response(404, message.encode(), TEXT) if media else json_error(404, "notFound", message)
        if request.query.get("ifGenerationMatch", generation) != generation:
            return json_error(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
        answer = self.forward(request)
        return replace(answer, headers=dict(answer.headers) | {"X-Goog-Generation": generation})

    def _upload(self, request: Request, account: Account, call: Call) -> Response:
        if not account.may(CREATE, call.bucket, call.key):
            return denied(account, CREATE, "object")
        exists = self._exists(call)
        wanted = request.query.get("ifGenerationMatch")
        if wanted is not None and (wanted == "0") == exists:
            message = "At least one of the pre-conditions you specified did not hold."
            return json_error(412, "conditionNotMet", message)
        if exists and not account.may(DELETE, call.bucket, call.key):
            return denied(account, DELETE, "object")
        if exists and call.bucket in self.kept:
            return self._refuse_kept(call)
        self._keep_version(call)
        return self.forward(request)

    def _compose(self, request: Request, account: Account, call: Call) -> Response:
        """To read the parts takes the right to read them."""
        parts = [part["name"] for part in json.loads(request.body)["sourceObjects"]]
        if len(parts) > 32:
            return json_error(400, "invalid", "The number of source components provided exceeds the maximum of 32.")
        if not all(account.may(GET, call.bucket, part) for part in parts):
            return denied(account, GET, "object")
        return self._upload(request, account, call)

    def _delete(self, request: Request, account: Account, call: Call) -> Response:
        if not account.may(DELETE, call.bucket, call.key):
            return denied(account, DELETE, "object")
        wanted, current = request.query.get("generation"), self._generation(call)
        noncurrent = self.noncurrent.get(call.bucket, set())
        if wanted in noncurrent:
            noncurrent.discard(str(wanted))
            return Response(204)
        if not current or wanted not in {None, current}:
            return json_error(404, "notFound", f"No such object: {call.bucket}/{call.key}")
        if call.bucket in self.kept:
            return self._refuse_kept(call)
        if not wanted:
            self._keep_version(call)
        self.forward(replace(request, target=request.raw_path))
        return Response(204)

    def _keep_version(self, call: Call) -> None:
        """The one that is about to be replaced or deleted."""
        if call.bucket in self.noncurrent and (current := self._generation(call)):
            self.noncurrent[call.bucket].add(current)

    def _refuse_kept(self, call: Call) -> Response:
        reason, text = self.kept[call.bucket]
        return json_error(403, reason, f"Object '{call.bucket}/{call.key}' {text}")

    def _answer_about_bucket(self, request: Request, account: Account, call: Call, permission: str) -> Response:
        if permission not in account.permissions or call.bucket != account.bucket:
            return denied(account, permission, "bucket")
        metadata = json.loads(self.forward(request).body)  # of which the emulator keeps no CORS rules
        return json_response(200, metadata | {"cors": self.cors.get(call.bucket, [])})

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
            return token_error("unsupported_grant_type", "Invalid grant_type: " + form.get("grant_type", ""))
        signed, _, signature = form.get("assertion", "").rpartition(".")
        header, claims = (json.loads(unbase64(part)) for part in signed.split("."))
        account = self.accounts.get(claims["iss"])
        if account is None:
            return token_error("invalid_grant", "Invalid grant: account not found")
        if account.state is State.DISABLED:
            return token_error("invalid_grant", "Account has been disabled")
        good_key = header.get("kid") == account.key_id and account.state is not State.KEY_GONE
        if not good_key or not verified(unbase64(signature), signed.encode()):
            return token_error("invalid_grant", "Invalid JWT Signature.")
        now = time.time()
        if not claims["iat"] - 300 <= now <= claims["exp"] <= claims["iat"] + 3600:
            message = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            return token_error("invalid_grant", message)
        if claims["aud"] not in {TOKEN_URI, f"http://{request.header('Host')}{TOKEN_PATH}"}:
            return token_error("invalid_grant", "Invalid JWT: Failed audience check.")
        if not claims.get("scope"):
            return token_error("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens[token] = account.email
        return json_response(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _answer_signed_url(self, request: Request) -> Response:
        bucket, key = request.bucket_and_key()
        if bucket in self.troubles:
            self._trouble(bucket)
        query = request.query
        email, _, scope = query["X-Goog-Credential"].partition("/")
        account = self.accounts.get(email)
        if account is None or not signed_by(request, scope):
            return xml_error(403, "SignatureDoesNotMatch", "Access denied.")
        signed_at = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) > signed_at + timedelta(seconds=int(query["X-Goog-Expires"])):
            return xml_error(400, "ExpiredToken", "The provided token has expired.")
        if bucket not in self.buckets:
            return xml_error(404, "NoSuchBucket", "The specified bucket does not exist.")
        if bucket in self.caller_pays and not query.get("userProject"):
            message = "Bucket is a requester pays bucket but no user project provided."
            return xml_error(400, "UserProjectMissing", message)
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
        case "", "POST", _ if part.startswith("o/") and part.endswith("/compose"):
            return Call("compose", bucket, key.removesuffix("/compose"))
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
