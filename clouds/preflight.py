"""The question a browser asks a bucket before a script may read from it. Asked without any credential."""

import re
from collections.abc import Mapping

import requests

from clouds.failures import Cause, Failure, StoreError, safe_code
from clouds.store import Deadline, Preflight

# Of the body, the code is all we want, and error documents begin with it.
MOST_BYTES = 4096
_CODE = re.compile(rb"<Code>([A-Za-z]{1,80})</Code>")


def question(origin: str) -> dict[str, str]:
    """The headers of the OPTIONS request."""
    return {"Origin": origin, "Access-Control-Request-Method": "GET"}


def understood(status: int, headers: Mapping[str, str], body: bytes) -> Preflight:
    """The answer. `headers` in whatever case they came."""
    found = {name.lower(): value for name, value in headers.items()}
    match = _CODE.search(body)
    code = found.get("x-ms-error-code") or (match.group(1).decode() if match else "")
    return Preflight(
        status,
        safe_code(code),
        found.get("access-control-allow-origin", "").strip(),
        found.get("access-control-allow-methods", "").strip(),
    )


def ask(url: str, *, origin: str, deadline: Deadline) -> Preflight:
    """For addresses the operator chose. Raises StoreError. `url` without a query: a signature is nobody's business."""
    try:
        with requests.options(
            url,
            headers=question(origin),
            timeout=deadline.timeout(),
            allow_redirects=False,
            stream=True,
            auth=no_credential,
        ) as answer:
            return understood(answer.status_code, answer.headers, first_bytes(answer, MOST_BYTES, deadline))
    except requests.exceptions.RequestException as error:
        raise StoreError(_failure_of(error)) from None


def first_bytes(answer: requests.Response, most: int, deadline: Deadline) -> bytes:
    """The first `most` bytes of a body, or fewer if they don't come in time. Raises what requests raises."""
    found = b""
    for piece in answer.iter_content(MOST_BYTES):
        found += piece
        if len(found) >= most or deadline.over:
            break
    return found[:most]


def no_credential(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Instead of an authentication: without one, requests would look into the machine's .netrc."""
    return request


def _failure_of(error: requests.exceptions.RequestException) -> Failure:
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(Cause.TLS)
    return Failure(Cause.TIMEOUT if isinstance(error, requests.exceptions.Timeout) else Cause.UNREACHABLE)
