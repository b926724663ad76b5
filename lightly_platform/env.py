"""Reads and judges the environment variables. Knows no Django, so the launcher can stop early and cheaply.

Every variable NAME may also come as NAME_FILE, the path of a file that holds the value (a mounted secret).
A wrong value ends the program with one sentence. The value of a secret never appears in that sentence.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from cryptography.fernet import Fernet

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")

_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)


class WrongEnvironment(SystemExit):
    """Python prints the sentence to stderr and exits with 1, without a traceback."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything an operator can set. None and () mean: not set."""

    data_dir: Path
    debug: bool
    https: bool
    bind: str
    port: int
    web_concurrency: int
    trusted_proxies: int
    secret_key: str | None
    encryption_keys: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    database_url: str | None
    redis_url: str | None
    check_deadline_seconds: float
    s3_endpoint_url: str | None
    sts_endpoint_url: str | None
    azure_endpoint_url: str | None
    gcs_endpoint_url: str | None
    gcs_token_url: str | None
    gcs_certs_url: str | None
    allowed_private_hosts: tuple[str, ...]
    public_url: str | None
    email_url: str | None
    email_from: str | None
    oidc_server_url: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None
    oidc_name: str
    sample_data_file: Path | None
    aws_principal_arn: str | None
    metrics_token: str | None


class Reader:
    """Takes one variable after the other out of `environ` and remembers which names it knows."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.names: list[str] = []

    def text(self, name: str) -> str | None:
        """The value without surrounding white space; None when unset or empty."""
        self.names.append(name)
        value, path = self.environ.get(name), self.environ.get(f"{name}_FILE")
        if value and path:
            raise WrongEnvironment(f"{name} and {name}_FILE are both set; keep only one of them, for example {name}.")
        if path:
            try:
                value = Path(path).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise WrongEnvironment(
                    f"{name}_FILE names the file {path}, which can't be read ({why}); name a readable text file,"
                    f" for example {name}_FILE=/run/secrets/{name.lower()}."
                ) from None
            if not value.strip():
                raise WrongEnvironment(
                    f"{name}_FILE names the file {path}, which is empty; put the value into it, or unset {name}_FILE."
                )
        return (value or "").strip() or None

    def read(self, name: str, parse: Callable[[str], T], *, must: str, example: str, secret: bool = False) -> T | None:
        """`parse` raises ValueError for a wrong value; `must` and `example` then complete the sentence."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError:
            shown = "has a wrong value (not shown here, it is secret)" if secret else f"is {value!r}"
            raise WrongEnvironment(f"{name} {shown}; it must be {must}, for example {name}={example}.") from None

    def boolean(self, name: str) -> bool:
        return bool(self.read(name, _boolean, must="1 or 0", example="1"))

    def url(self, name: str, *, example: str) -> str | None:
        return self.read(name, _endpoint, must="an http:// or https:// address without a query", example=example)


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """Raises WrongEnvironment, whose text is one sentence for the operator."""
    return _read(Reader(os.environ if environ is None else environ))


def variable_names() -> list[str]:
    """All variables there are; a test compares them with docs/deploy.md."""
    reader = Reader({})
    _read(reader)
    return reader.names


def _read(reader: Reader) -> Environment:
    environment = Environment(
        data_dir=reader.read("LIGHTLY_DATA_DIR", _directory, must="a directory", example="/var/lib/lightly")
        or BASE_DIR / "var",
        debug=reader.boolean("DEBUG"),
        https=reader.boolean("LIGHTLY_HTTPS"),
        bind=reader.read("BIND", _bind, must="an IP address of this machine", example="0.0.0.0") or "127.0.0.1",  # noqa: S104
        port=reader.read("PORT", _whole(1, 65535), must="a whole number from 1 to 65535", example="8000") or 8000,
        web_concurrency=reader.read("WEB_CONCURRENCY", _whole(1, 64), must="a whole number from 1 to 64", example="4")
        or 2,
        trusted_proxies=reader.read(
            "LIGHTLY_TRUSTED_PROXIES", _whole(0, 10), must="a whole number from 0 to 10", example="1"
        )
        or 0,
        secret_key=reader.read(
            "SECRET_KEY",
            _secret_key,
            must="at least 50 random characters",
            example='"$(openssl rand -base64 48)"',
            secret=True,
        ),
        encryption_keys=reader.read(
            "LIGHTLY_ENCRYPTION_KEYS",
            _listed(_fernet_key),
            must="Fernet keys (32 random bytes in URL-safe base64) separated by commas",
            example='"$(openssl rand -base64 32 | tr +/ -_)"',
            secret=True,
        )
        or (),
        allowed_hosts=reader.read(
            "ALLOWED_HOSTS",
            _listed(_allowed_host),
            must="host names separated by commas, without scheme and port",
            example="lightly.example.com,10.0.0.5",
        )
        or (),
        csrf_trusted_origins=reader.read(
            "CSRF_TRUSTED_ORIGINS",
            _listed(_origin),
            must="origins with their scheme, separated by commas",
            example="https://lightly.example.com",
        )
        or (),
        database_url=reader.read(
            "DATABASE_URL",
            _database_url,
            must="a postgresql:// or sqlite:// URL with a database name",
            example="postgresql://lightly:PASSWORD@db.example.com:5432/lightly",
            secret=True,
        ),
        redis_url=reader.read(
            "REDIS_URL",
            _redis_url,
            must="a redis://, rediss:// or unix:// URL",
            example="redis://:PASSWORD@redis.example.com:6379/0",
            secret=True,
        ),
        check_deadline_seconds=reader.read(
            "LIGHTLY_CHECK_DEADLINE_SECONDS",
            _seconds,
            must="a number of seconds above 0 and at most 120",
            example="15",
        )
        or 15.0,
        s3_endpoint_url=reader.url("LIGHTLY_S3_ENDPOINT_URL", example="https://s3.example.com"),
        sts_endpoint_url=reader.url("LIGHTLY_STS_ENDPOINT_URL", example="https://sts.example.com"),
        azure_endpoint_url=reader.read(
            "LIGHTLY_AZURE_ENDPOINT_URL",
            _azure_endpoint,
            must="an http:// or https:// address that contains {account} once",
            example="http://127.0.0.1:10000/{account}",
        ),
        gcs_endpoint_url=reader.url("LIGHTLY_GCS_ENDPOINT_URL", example="https://storage.example.com"),
        gcs_token_url=reader.url("LIGHTLY_GCS_TOKEN_URL", example="https://oauth2.example.com/token"),
        gcs_certs_url=reader.url("LIGHTLY_GCS_CERTS_URL", example="https://iam.example.com/x509"),
        allowed_private_hosts=reader.read(
            "LIGHTLY_ALLOWED_PRIVATE_HOSTS",
            _listed(_host_or_network),
            must="host names, addresses or networks separated by commas",
            example="minio.internal,10.20.0.0/16",
        )
        or (),
        public_url=reader.read(
            "LIGHTLY_PUBLIC_URL",
            _origin,
            must="the http:// or https:// address people open, without a path",
            example="https://lightly.example.com",
        ),
        email_url=reader.read(
            "EMAIL_URL",
            _email_url,
            must="an smtp://, smtp+starttls:// or smtps:// URL",
            example="smtp+starttls://user:PASSWORD@mail.example.com:587",
            secret=True,
        ),
        email_from=reader.read("EMAIL_FROM", _email, must="an e-mail address", example="lightly@example.com"),
        oidc_server_url=reader.url("LIGHTLY_OIDC_SERVER_URL", example="https://login.example.com/realms/acme"),
        oidc_client_id=reader.read("LIGHTLY_OIDC_CLIENT_ID", _one_word, must="one word", example="lightly-platform"),
        oidc_client_secret=reader.read(
            "LIGHTLY_OIDC_CLIENT_SECRET", _one_word, must="one word", example="SECRET", secret=True
        ),
        oidc_name=reader.read("LIGHTLY_OIDC_NAME", _short, must="at most 40 characters", example='"Acme SSO"')
        or "single sign-on",
        sample_data_file=reader.read(
            "LIGHTLY_SAMPLE_DATA_FILE", _file, must="an existing file", example="/etc/lightly/sample-data.json"
        ),
        aws_principal_arn=reader.read(
            "LIGHTLY_AWS_PRINCIPAL_ARN",
            _principal_arn,
            must="the ARN of an IAM user, an IAM role or an account's root",
            example="arn:aws:iam::123456789012:role/lightly-platform",
        ),
        metrics_token=reader.read(
            "LIGHTLY_METRICS_TOKEN",
            _token,
            must="at least 16 visible ASCII characters",
            example='"$(openssl rand -hex 32)"',
            secret=True,
        ),
    )
    if environment.database_url:
        _demand_own_keys(environment)
    _demand_whole_oidc(environment)
    return environment


def public_url(environment: Environment) -> str:
    """Where people find it, unless the operator says: behind a TLS proxy that is the first allowed host."""
    if environment.https and (name := allowed_name(environment)):
        return f"https://{name}"
    return f"http://{host_in_url(environment)}:{environment.port}"


def host_in_url(environment: Environment) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(environment.bind, environment.bind)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def allowed_name(environment: Environment) -> str | None:
    return next((host.removeprefix(".") for host in environment.allowed_hosts if host != "*"), None)


def _demand_whole_oidc(environment: Environment) -> None:
    given = {
        "LIGHTLY_OIDC_SERVER_URL": environment.oidc_server_url,
        "LIGHTLY_OIDC_CLIENT_ID": environment.oidc_client_id,
        "LIGHTLY_OIDC_CLIENT_SECRET": environment.oidc_client_secret,
    }
    missing = [name for name, value in given.items() if not value]
    if missing and len(missing) < len(given):
        raise WrongEnvironment(
            f"{missing[0]} is missing: single sign-on needs {', '.join(given)} together; set all of them, or none."
        )


def _demand_own_keys(environment: Environment) -> None:
    """Keys generated on one machine would be unknown to the next one that opens the same database."""
    missing = []
    if not environment.secret_key:
        missing.append('SECRET_KEY (for example "$(openssl rand -base64 48)")')
    if not environment.encryption_keys:
        missing.append('LIGHTLY_ENCRYPTION_KEYS (for example "$(openssl rand -base64 32 | tr +/ -_)")')
    if missing:
        raise WrongEnvironment(
            f"DATABASE_URL is set, so this deployment must bring its own keys: set {' and '.join(missing)},"
            " and keep them safe."
        )


def _check(condition: object) -> None:
    if not condition:
        raise ValueError


def _boolean(text: str) -> bool:
    _check(text.lower() in _BOOLEANS)
    return _BOOLEANS[text.lower()]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        _check(text.isascii() and text.isdigit() and least <= int(text) <= most)
        return int(text)

    return parse


def _seconds(text: str) -> float:
    seconds = float(text)
    _check(math.isfinite(seconds) and 0 < seconds <= 120)
    return seconds


def _listed(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def parse_all(text: str) -> tuple[T, ...]:
        items = [item.strip() for item in text.split(",") if item.strip()]
        _check(items)
        return tuple(parse(item) for item in items)

    return parse_all


def _directory(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    _check(path.is_dir() or not path.exists())
    return path


def _file(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    _check(path.is_file())
    return path


def _bind(text: str) -> str:
    return str(ipaddress.ip_address(text.strip("[]")))


def _secret_key(text: str) -> str:
    # The bounds of Django's own deployment check (security.W009).
    _check(len(text) >= 50 and len(set(text)) >= 5 and not text.startswith("django-insecure-"))
    return text


def _fernet_key(text: str) -> str:
    Fernet(text)
    return text


def _allowed_host(text: str) -> str:
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


def _origin(text: str) -> str:
    url = _split(text, {"http", "https"})
    _check(url.netloc and "@" not in url.netloc and url.path in {"", "/"} and not url.query and not url.fragment)
    _check(_HOST.fullmatch((url.hostname or "").removeprefix("*.")) or ":" in (url.hostname or ""))
    return f"{url.scheme}://{url.netloc.lower()}"


def _endpoint(text: str) -> str:
    url = _split(text, {"http", "https"})
    _check(url.hostname and "@" not in url.netloc and not url.query and not url.fragment)
    _check(_HOST.fullmatch(url.hostname or "") or ":" in (url.hostname or ""))
    return text.rstrip("/")


def _azure_endpoint(text: str) -> str:
    _check(text.count("{account}") == 1)
    _endpoint(text.replace("{account}", "account"))
    return text.rstrip("/")


def _database_url(text: str) -> str:
    url = _split(text, {"postgres", "postgresql", "sqlite"})
    _check(url.path.strip("/") and url.path.strip("/") != ":memory:")
    _check(url.scheme != "sqlite" or not url.netloc)
    return text


def _redis_url(text: str) -> str:
    """In Celery's spelling."""
    url = _split(text, {"redis", "rediss", "unix", "redis+socket"})
    if url.scheme in {"unix", "redis+socket"}:
        _check(not url.netloc and len(url.path) > 1)
        return text.replace("unix://", "redis+socket://", 1)
    _check(url.hostname and re.fullmatch(r"/?\d*", url.path))
    return text


def _email_url(text: str) -> str:
    url = _split(text, {"smtp", "smtp+starttls", "smtps"})
    _check(url.hostname and url.path in {"", "/"} and not url.query and not url.fragment)
    return text


def _principal_arn(value: str) -> str:
    """A session's ARN (sts) would do in a trust policy too, but ends with the session."""
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[\w+=,.@/-]+)", value, re.ASCII):
        raise ValueError(value)
    return value


def _email(text: str) -> str:
    _check(re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", text))
    return text


def _one_word(text: str) -> str:
    _check(text.isprintable() and " " not in text)
    return text


def _short(text: str) -> str:
    _check(text.isprintable() and len(text) <= 40)
    return text


def _token(text: str) -> str:
    _check(re.fullmatch(r"[!-~]{16,}", text))
    return text


def _host_or_network(text: str) -> str:
    if "/" in text or ":" in text:
        return str(ipaddress.ip_network(text))
    _check(_HOST.fullmatch(text))
    return text.lower().rstrip(".")
