"""Answers as the JSON API and the token endpoint of Google give them."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.servers.gate import Response
from tests.servers.gcs.accounts import Account

TEXT = {"Content-Type": "text/html; charset=UTF-8"}


def json_response(status: int, content: object) -> Response:
    return Response(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=UTF-8"})


def json_error(status: int, reason: str, message: str, domain: str = "global") -> Response:
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return json_response(status, {"error": {"code": status, "message": message, "errors": errors}})


def denied(account: Account, permission: str, what: str, *, media: bool = False) -> Response:
    message = (
        f"{account.email} does not have {permission} access to the Google Cloud Storage {what}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )
    return Response(403, message.encode(), TEXT) if media else json_error(403, "forbidden", message)


def token_error(error: str, description: str) -> Response:
    return json_response(400, {"error": error, "error_description": description})


def page_of(listing: dict[str, Any], query: dict[str, str]) -> Response:
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
    return json_response(200, page)
