"""Whether a browser's scripts may read from a bucket, and the document that lets them. Pure.

CORS stands between a bucket and what pages of other sites do by script: `fetch`, or an image whose pixels are read
(`crossorigin`, canvas, WebGL). A plain `<img>` or `<video>` shows a file without it. Reading is a simple GET: its
headers (and the plain kind of `Range`) need no leave of their own, https://fetch.spec.whatwg.org/#cors-safelisted-request-header
so origin and method decide.
"""

import json
import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from clouds import AzureConfig, CloudConfig, CorsRule, Endpoints, Preflight

MAX_AGE_SECONDS = 3600
METHODS = ["GET", "HEAD"]
# What a script may want to know of a file besides its bytes.
EXPOSED = ["Accept-Ranges", "Content-Length", "Content-Range", "Content-Type", "ETag"]


class State(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Document:
    """Something to paste: what it is, where it goes, and the text."""

    title: str
    where: str
    text: str


def origin_of(url: str) -> str:
    """As a browser spells it: without path, and without the port everybody knows."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port not in (None, usual) else ''}"


def judge_rules(rules: list[CorsRule], origin: str) -> State:
    allowed = any("GET" in rule.methods and any(_covers(entry, origin) for entry in rule.origins) for rule in rules)
    return State.ALLOWED if allowed else State.REFUSED


def _covers(pattern: str, origin: str) -> bool:
    """A `*` is anything, also nothing; all else is itself, with its capitals."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), origin) is not None


# By these words a cloud refuses the origin or the method; any other 403 may come from a firewall on the way.
_REFUSALS = {"AccessForbidden", "CorsPreflightFailure"}


def judge_preflight(answer: Preflight, origin: str) -> State:
    """As a browser judges it."""
    if answer.status == 403 and answer.code in _REFUSALS:
        return State.REFUSED
    if not 200 <= answer.status < 300:
        return State.UNKNOWN
    methods = [method.strip().upper() for method in answer.methods.split(",") if method.strip()]
    fits = answer.origin in {"*", origin} and (not methods or "GET" in methods or "*" in methods)
    return State.ALLOWED if fits else State.REFUSED


def summary(state: State, origin: str) -> str:
    return {
        State.ALLOWED: f"Pages at {origin} may read files from here by script.",
        State.REFUSED: f"Pages at {origin} can't read files from here by script: no CORS rule lets them.",
        State.UNKNOWN: f"Whether pages at {origin} may read files from here by script could not be told.",
    }[state]


def documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    """What lets pages at `origin` read from exactly this bucket (Azure: this account, it has rules for all of it)."""
    bucket = config.bucket
    match config.type:
        case "S3" | "S3DelegatedAccess":
            return _s3(bucket, origin, endpoints)
        case "AZURE" if isinstance(config, AzureConfig):
            return [_azure(config.account, origin)]
        case "GCS":
            return _gcs(bucket, origin)
        case "OBS":
            return [_obs(bucket, origin)]
    raise NotImplementedError(config.type)


def _s3(bucket: str, origin: str, endpoints: Endpoints) -> list[Document]:
    rules = [
        {
            "AllowedOrigins": [origin],
            "AllowedMethods": METHODS,
            "AllowedHeaders": ["*"],
            "ExposeHeaders": EXPOSED,
            "MaxAgeSeconds": MAX_AGE_SECONDS,
        }
    ]
    elsewhere = f" --endpoint-url {shlex.quote(endpoints.s3)}" if endpoints.s3 else ""
    command = (
        f"aws s3api put-bucket-cors --bucket {shlex.quote(bucket)}{elsewhere} "
        f"--cors-configuration {shlex.quote(json.dumps({'CORSRules': rules}))}"
    )
    return [
        Document(
            "CORS rules (JSON)",
            f"In the S3 console: bucket {bucket}, Permissions, Cross-origin resource sharing (CORS), Edit. "
            "If there are rules already, add this one to the list.",
            _lines(rules[0]),
        ),
        Document("With the AWS CLI", "This replaces all CORS rules of the bucket.", command),
    ]


def _gcs(bucket: str, origin: str) -> list[Document]:
    rules = [{"origin": [origin], "method": METHODS, "responseHeader": EXPOSED, "maxAgeSeconds": MAX_AGE_SECONDS}]
    return [
        Document(
            "cors.json",
            "Google's console has no form for it. Save this as cors.json, then run the command below.",
            _lines(rules[0]),
        ),
        Document(
            "With gcloud",
            "This replaces all CORS rules of the bucket.",
            f"gcloud storage buckets update {shlex.quote(f'gs://{bucket}')} --cors-file=cors.json",
        ),
    ]


def _lines(rule: dict[str, Any]) -> str:
    """A list of this one rule as JSON, a line for each of its entries."""
    entries = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in rule.items())
    return f"[\n  {{\n{entries}\n  }}\n]"


def _azure(account: str, origin: str) -> Document:
    words = ["az", "storage", "cors", "add", "--account-name", account, "--services", "b", "--methods", *METHODS]
    words += ["--origins", origin, "--allowed-headers", "*", "--exposed-headers", *EXPOSED]
    return Document(
        "With the Azure CLI",
        "Adds a rule for the Blob service of the whole account, which may have five at most. In the portal: the "
        "storage account, Settings, Resource sharing (CORS), Blob service.",
        shlex.join([*words, "--max-age", str(MAX_AGE_SECONDS)]),
    )


def _obs(bucket: str, origin: str) -> Document:
    entries = [
        *(("AllowedOrigin", value) for value in [origin]),
        *(("AllowedMethod", value) for value in METHODS),
        ("AllowedHeader", "*"),
        *(("ExposeHeader", value) for value in EXPOSED),
        ("MaxAgeSeconds", str(MAX_AGE_SECONDS)),
    ]
    lines = [f"    <{name}>{escape(value)}</{name}>" for name, value in entries]
    return Document(
        "CORS rules (XML)",
        f"The body of PUT /?cors for bucket {bucket}, which replaces all its rules; or enter the same values in the "
        "OBS console as a CORS rule of the bucket.",
        "\n".join(["<CORSConfiguration>", "  <CORSRule>", *lines, "  </CORSRule>", "</CORSConfiguration>"]),
    )
