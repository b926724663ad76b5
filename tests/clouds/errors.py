"""Errors as the SDKs of the clouds make them, and a text that a hostile cloud may answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import azure.core.exceptions
import botocore.exceptions
import google.auth.exceptions

HOSTILE = "<script>alert(1)</script>\r\nSet-Cookie: x=1 " + "A" * 500


def client_error(code: str, status: int, message: str = "Access Denied") -> botocore.exceptions.ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "4442587FB7D0A2F9", "HTTPHeaders": {}},
    }
    return botocore.exceptions.ClientError(answer, "ListObjectsV2")


def azure_error(
    kind: type[azure.core.exceptions.HttpResponseError], code: object, status: int
) -> azure.core.exceptions.HttpResponseError:
    response: Any = SimpleNamespace(status_code=status, reason="x", headers={"x-ms-request-id": "c69628e5-57de"})
    error = kind(message="Server failed to authenticate", response=response)
    error.error_code = code  # type: ignore[attr-defined]  # as azure-storage-blob adds it
    return error


def refresh_error(code: str, description: str, *, retryable: bool = False) -> Exception:
    """As google-auth makes it of the token endpoint's answer."""
    answer = {"error": code, "error_description": description}
    return google.auth.exceptions.RefreshError(f"{code}: {description}", answer, retryable=retryable)
