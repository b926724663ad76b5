"""What log lines tell beside their words: which request, check, job, run or dataset they are about.

Kept in a context variable, so that the lines of libraries carry it too. A thread has it if it was started with
`contextvars.copy_context()`; a message to a worker carries the id of the request (lightly_platform/celery.py).
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import MappingProxyType

REQUEST_ID = "request_id"
# Of a proxy: what nginx, Caddy, Envoy and others make. No white space, no quotes, nothing long: it stands in log lines,
# in an answer's header and on a page.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

Ids = Mapping[str, str]
_current: ContextVar[Ids] = ContextVar("log_context", default=MappingProxyType({}))


def current() -> Ids:
    """The ids by their names, such as `request_id` and `check_id`. None of them is empty."""
    return _current.get()


def begin(**ids: str) -> Token[Ids]:
    """From now on lines have these ids and no others. What it returns goes to `end`, in the same thread."""
    return _current.set({name: value for name, value in ids.items() if value})


def end(token: Token[Ids]) -> None:
    _current.reset(token)


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Lines inside have these ids as well. An empty one takes away what was there."""
    token = begin(**{**current(), **ids})
    try:
        yield
    finally:
        end(token)


def new_request_id() -> str:
    """16 hexadecimal digits: short enough to be read out on the phone."""
    return secrets.token_hex(8)


def sane_request_id(text: object) -> str:
    """The text if it has the form of a request id, else ""."""
    return text if isinstance(text, str) and _SANE.fullmatch(text) else ""
