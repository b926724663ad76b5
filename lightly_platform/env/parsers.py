"""From the text of a variable to its value. Every parser raises ValueError for a text that makes no sense.

They know no variables: what a text must be is said beside each variable, in variables.py.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

T = TypeVar("T")

_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)


def _check(condition: object) -> None:
    if not condition:
        raise ValueError


def boolean(text: str) -> bool:
    _check(text.lower() in _BOOLEANS)
    return _BOOLEANS[text.lower()]


def whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        _check(text.isascii() and text.isdigit() and least <= int(text) <= most)
        return int(text)

    return parse


def seconds(text: str) -> float:
    number = float(text)
    _check(math.isfinite(number) and 0 < number <= 120)
    return number


def listed(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def parse_all(text: str) -> tuple[T, ...]:
        items = [item.strip() for item in text.split(",") if item.strip()]
        _check(items)
        return tuple(parse(item) for item in items)

    return parse_all


def directory(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    _check(path.is_dir() or not path.exists())
    return path


def existing_file(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    _check(path.is_file())
    return path


def file_to_write(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    _check(path.parent.is_dir() and not path.is_dir())
    return path


def ip_address(text: str) -> str:
    return str(ipaddress.ip_address(text.strip("[]")))


def secret_key(text: str) -> str:
    # The bounds of Django's own deployment check (security.W009).
    _check(len(text) >= 50 and len(set(text)) >= 5 and not text.startswith("django-insecure-"))
    return text


def one_of(values: Sequence[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        _check(text.lower() in values)
        return text.lower()

    return parse


def fernet_key(text: str) -> str:
    from cryptography.fernet import Fernet  # 9 MB, which launchers without such a variable need not keep

    Fernet(text)
    return text


def allowed_host(text: str) -> str:
    if text == "*":
        return text
    if text.startswith("["):
        ipaddress.IPv6Address(text.strip("[]"))
        return text.lower()
    _check(_HOST.fullmatch(text.removeprefix(".")))
    return text.lower()


def _split(text: str, schemes: set[str]) -> SplitResult:
    """Only a URL with a known scheme; a wrong port is a ValueError too."""
    url = urlsplit(text)
    _check(url.scheme in schemes and not re.search(r"\s", text))
    _check(url.port is None or url.port > 0)
    return url


def origin(text: str) -> str:
    url = _split(text, {"http", "https"})
    _check(url.netloc and "@" not in url.netloc and url.path in {"", "/"} and not url.query and not url.fragment)
    _check(_HOST.fullmatch((url.hostname or "").removeprefix("*.")) or ":" in (url.hostname or ""))
    return f"{url.scheme}://{url.netloc.lower()}"


def endpoint(text: str) -> str:
    url = _split(text, {"http", "https"})
    _check(url.hostname and "@" not in url.netloc and not url.query and not url.fragment)
    _check(_HOST.fullmatch(url.hostname or "") or ":" in (url.hostname or ""))
    return text.rstrip("/")


def azure_endpoint(text: str) -> str:
    _check(text.count("{account}") == 1)
    endpoint(text.replace("{account}", "account"))
    return text.rstrip("/")


def database_url(text: str) -> str:
    url = _split(text, {"postgres", "postgresql", "sqlite"})
    _check(url.path.strip("/") and url.path.strip("/") != ":memory:")
    _check(url.scheme != "sqlite" or not url.netloc)
    return text


def redis_url(text: str) -> str:
    """In Celery's spelling. Celery would take any certificate unless the address says otherwise, so it does.

    Whoever answers there gets the password, and may send tasks.
    """
    url = _split(text, {"redis", "rediss", "unix", "redis+socket"})
    if url.scheme in {"unix", "redis+socket"}:
        _check(not url.netloc and len(url.path) > 1)
        return text.replace("unix://", "redis+socket://", 1)
    _check(url.hostname and re.fullmatch(r"/?\d*", url.path))
    if url.scheme == "rediss" and "ssl_cert_reqs" not in dict(parse_qsl(url.query, keep_blank_values=True)):
        return f"{text}{'&' if url.query else '?'}ssl_cert_reqs=required"
    return text


def email_url(text: str) -> str:
    url = _split(text, {"smtp", "smtp+starttls", "smtps"})
    _check(url.hostname and url.path in {"", "/"} and not url.query and not url.fragment)
    return text


def principal_arn(value: str) -> str:
    """A session's ARN (sts) would do in a trust policy too, but ends with the session."""
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[\w+=,.@/-]+)", value, re.ASCII):
        raise ValueError(value)
    return value


def email(text: str) -> str:
    _check(re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", text))
    return text


def one_word(text: str) -> str:
    _check(text.isprintable() and " " not in text)
    return text


def short(text: str) -> str:
    _check(text.isprintable() and len(text) <= 40)
    return text


def token(text: str) -> str:
    _check(re.fullmatch(r"[!-~]{16,}", text))
    return text


def host_or_network(text: str) -> str:
    if "/" in text or ":" in text:
        return str(ipaddress.ip_network(text))
    _check(_HOST.fullmatch(text))
    return text.lower().rstrip(".")
