"""A web application that answers with what it was sent, and a worker in a hurry, for tests of the web server."""

from collections.abc import Callable, Iterable
from typing import Any

from lightly_platform.launcher.web_worker import PunctualWorker


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/large":
        body = b"x" * 50_000_000
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or -1)) or b"nothing"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class QuickWorker(PunctualWorker):
    head_seconds = body_seconds = answer_seconds = 1.0
