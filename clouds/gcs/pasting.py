"""What of Google Cloud people paste: URLs of the console and of objects, key files.

Forms of URLs: https://cloud.google.com/storage/docs/request-endpoints
"""

import re

from clouds.gcs.config import BUCKET
from clouds.pasting import Pasted, Reading, Refusal
from clouds.pasting.pasted import Url, directory_of, place

_VIRTUAL = re.compile(r"(?P<bucket>.+)\.storage\.(?:googleapis|cloud\.google)\.com")
_PATH_STYLE = {"storage.googleapis.com", "storage.cloud.google.com", "commondatastorage.googleapis.com"}
_JSON_HOSTS = {"storage.googleapis.com", "www.googleapis.com", "firebasestorage.googleapis.com"}
_JSON_API = re.compile(r"(?:(?:upload|download)/)?(?:storage/v1|v0)/b/(?P<bucket>[^/]+)(?:/o(?:/(?P<key>.*))?)?")
_CONSOLE_PAGE = re.compile(r"storage/browser/(?:_details/)?(?P<bucket>[^/;?]+)(?:/(?P<key>[^;?]*))?")
_RESOURCE = re.compile(
    r"(?:/{0,2}storage\.googleapis\.com/)?projects/_/buckets/(?P<bucket>[^/]+)(?:/objects/(?P<key>.*))?"
)
_PROJECT = re.compile(r"[a-z][a-z0-9.:-]*")

NEEDS_SERVICE_ACCOUNT = (
    "Only the key file of a service account is accepted (“type”: “service_account”). Make one in the Google Cloud "
    "console under IAM & Admin, Service Accounts, Keys."
)


def recognise(pasted: Pasted, /) -> Reading | Refusal | None:
    return _key_file(pasted) or _location(pasted)


def _key_file(pasted: Pasted) -> Reading | Refusal | None:
    text, key = pasted.text, pasted.json
    kind = str(key.get("type"))
    if kind == "service_account" and key.get("private_key"):
        named = {"credentials": pasted.json_text, "project_id": key.get("project_id")}
        return Reading(
            "the key file of a service account", {n: v for n, v in named.items() if v and isinstance(v, str)}
        )
    if kind in {"authorized_user", "external_account", "impersonated_service_account", "gdch_service_account"}:
        return Refusal(f"This is a credential of the type {kind}. {NEEDS_SERVICE_ACCOUNT}")
    if isinstance(key.get("installed") or key.get("web"), dict) and "client_secret" in text:
        return Refusal(f"This is the secret of an OAuth client. {NEEDS_SERVICE_ACCOUNT}")
    if text.startswith("-----BEGIN") and "PRIVATE KEY-----" in text:
        return Refusal("This is the private key alone. Paste the whole JSON key file of the service account.")
    if re.fullmatch(r"GOOG1?[A-Z0-9]{15,60}", text):
        return Refusal(f"This is an HMAC key. {NEEDS_SERVICE_ACCOUNT}")
    if re.fullmatch(r"AIza[A-Za-z0-9_-]{35}", text):
        return Refusal(f"This is an API key. {NEEDS_SERVICE_ACCOUNT}")
    return None


def _location(pasted: Pasted) -> Reading | Refusal | None:
    scheme, rest = pasted.scheme_and_rest
    if scheme in {"gs", "gcs"}:
        bucket, _, key = rest.partition("/")
        return Reading("a path", {"path": f"gs://{rest}"}) if BUCKET.fullmatch(bucket) and "\n" not in key else None
    if resource := _RESOURCE.fullmatch(pasted.text):
        return _reading("the name of a resource", resource["bucket"], resource["key"] or "")
    url = pasted.url
    if url is None:
        return None
    if url.host == "console.cloud.google.com":
        return _console(url)
    if url.host in _JSON_HOSTS and (api := _JSON_API.fullmatch(url.path)):
        return _reading("a URL of Google's API", api["bucket"], url.query.get("prefix") or api["key"] or "")
    virtual = _VIRTUAL.fullmatch(url.host)
    if not virtual and url.host not in _PATH_STYLE:
        return None
    bucket, key = (virtual["bucket"], url.path) if virtual else url.first_and_rest
    signed = "X-Goog-Signature" in url.query or "Signature" in url.query
    notes = ["Its signature was left out: it opens one file, and only for a while."] if signed else []
    return _reading("a signed URL of Google Cloud" if signed else "an https URL of Google Cloud", bucket, key, notes)


def _console(url: Url) -> Reading | Refusal:
    page = _CONSOLE_PAGE.match(url.path)
    if not page:
        return Refusal(
            "This page of the Google Cloud console is about no bucket. Open the bucket under Cloud Storage, Buckets "
            "and copy that URL."
        )
    found = _reading("a URL of the Google Cloud console", page["bucket"], url.query.get("prefix") or page["key"] or "")
    project = url.query.get("project", "")
    if isinstance(found, Reading) and _PROJECT.fullmatch(project):
        return Reading(found.what, {**found.fields, "project_id": project}, found.notes)
    return found


def _reading(what: str, bucket: str, key: str, notes: list[str] | None = None) -> Reading | Refusal:
    if not BUCKET.fullmatch(bucket):
        return Refusal("This URL of Google Cloud names no bucket. Enter the path as gs://bucket/path/.")
    directory = directory_of(key)
    notes = list(notes or [])
    if directory != key:
        notes.append("The file's name was left out, as a datasource is a directory.")
    return Reading(what, {"path": place("gs", bucket, directory)}, notes)
