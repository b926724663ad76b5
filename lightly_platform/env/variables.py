"""Every variable an operator can set, declared once: the reader, the error sentences and docs/deploy.md follow it.

After a change here, `python -m scripts.variables` writes the tables of docs/deploy.md anew.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path

from lightly_platform.env import parsers
from lightly_platform.env.cloud_variables import CloudAddresses
from lightly_platform.env.declaring import (
    Group,
    Variable,
    choice,
    declare,
    existing_file,
    flag,
    optional,
    path,
    url,
    whole,
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Environment(CloudAddresses):
    """Everything an operator can set. None and () mean: not set."""

    # --- server -----------------------------------------------------------------------------------------------------
    data_dir: Path = declare(
        "LIGHTLY_DATA_DIR",
        parsers.directory,
        group=Group.SERVER,
        default=BASE_DIR / "var",
        shown_default="`./var`",
        must="a directory",
        example="/var/lib/lightly",
        help="Where database, generated keys, queue and static files live. Only its owner may read it.",
    )
    static_dir: Path | None = path(
        "LIGHTLY_STATIC_DIR",
        parsers.directory,
        must="a directory",
        example="/opt/lightly-static",
        shown_default="`LIGHTLY_DATA_DIR`/static",
        help="Static files that `launch static` made before, as in the container image. Then a start makes none.",
    )
    alive_file: Path | None = path(
        "LIGHTLY_ALIVE_FILE",
        parsers.file_to_write,
        must="the path of a file in an existing directory",
        example="/tmp/lightly-alive",  # noqa: S108 - words for an operator
        help="A file that a worker or the scheduler touches every 10 s, for health checks of containers.",
    )
    debug: bool = flag(
        "DEBUG",
        group=Group.SERVER,
        help="`1` shows Django's error pages. Use it only for yourself: these pages show settings and data.",
    )
    bind: str = declare(
        "BIND",
        parsers.ip_address,
        group=Group.SERVER,
        default="127.0.0.1",
        shown_default="`127.0.0.1`",
        must="an IP address of this machine",
        example="0.0.0.0",  # noqa: S104 - words for an operator
        help="The IP address to listen on. `0.0.0.0`: all addresses of the machine.",
    )
    port: int = whole("PORT", 1, 65535, group=Group.SERVER, default=8000, example="8000", help="The port to listen on.")
    web_concurrency: int = whole(
        "WEB_CONCURRENCY",
        1,
        64,
        group=Group.SERVER,
        default=2,
        example="4",
        help="The number of web server processes. Each answers 48 requests at a time, of which at most 32 list files, "
        "sign URLs or verify, so that pages stay fast. See Limits below.",
    )

    # --- addresses and HTTPS ----------------------------------------------------------------------------------------
    https: bool = flag(
        "LIGHTLY_HTTPS",
        group=Group.ADDRESSES,
        help="`1` when people reach it over HTTPS: secure cookies, redirect to HTTPS, HSTS. See [TLS](#tls).",
    )
    trusted_proxies: int = whole(
        "LIGHTLY_TRUSTED_PROXIES",
        0,
        10,
        group=Group.ADDRESSES,
        default=0,
        example="1",
        help="The number of your proxies in front of the server, to limit sign-ins by the visitor's own address.",
    )
    allowed_hosts: tuple[str, ...] = declare(
        "ALLOWED_HOSTS",
        parsers.listed(parsers.allowed_host),
        group=Group.ADDRESSES,
        default=(),
        shown_default="this machine's own names",
        must="host names separated by commas, without scheme and port",
        example="lightly.example.com,10.0.0.5",
        help="Host names that people may use, separated by commas, without port. `.example.com` includes sub-domains.",
    )
    csrf_trusted_origins: tuple[str, ...] = declare(
        "CSRF_TRUSTED_ORIGINS",
        parsers.listed(parsers.origin),
        group=Group.ADDRESSES,
        default=(),
        shown_default="none",
        must="origins with their scheme, separated by commas",
        example="https://lightly.example.com",
        help="Other origins, with scheme, from which forms are accepted: for proxies that hide the original host or"
        " scheme. `LIGHTLY_PUBLIC_URL` is always accepted.",
    )
    public_url: str | None = declare(
        "LIGHTLY_PUBLIC_URL",
        parsers.origin,
        group=Group.ADDRESSES,
        default=None,
        shown_default="made of the variables above",
        must="the http:// or https:// address people open, without a path",
        example="https://lightly.example.com",
        help="The address that people open, such as `https://lightly.example.com`. All links to this server begin with"
        " it: in mails, webhooks, pages and answers of the API. Single sign-on leads back to it.",
    )

    # --- keys, database and queue -----------------------------------------------------------------------------------
    secret_key: str | None = declare(
        "SECRET_KEY",
        parsers.secret_key,
        group=Group.STORES,
        default=None,
        shown_default="generated",
        must="at least 50 random characters",
        example='"$(openssl rand -base64 48)"',
        help="Signs sessions. At least 50 random characters. Needed with `DATABASE_URL`.",
        secret=True,
    )
    encryption_keys: tuple[str, ...] = declare(
        "LIGHTLY_ENCRYPTION_KEYS",
        parsers.listed(parsers.fernet_key),
        group=Group.STORES,
        default=(),
        shown_default="generated",
        must="Fernet keys (32 random bytes in URL-safe base64) separated by commas",
        example='"$(openssl rand -base64 32 | tr +/ -_)"',
        help="Encrypt the cloud credentials in the database. Separated by commas: the first key encrypts, all decrypt."
        " Needed with `DATABASE_URL`.",
        secret=True,
    )
    database_url: str | None = declare(
        "DATABASE_URL",
        parsers.database_url,
        group=Group.STORES,
        default=None,
        shown_default="SQLite in the data directory",
        must="a postgresql:// or sqlite:// URL with a database name",
        example="postgresql://lightly:PASSWORD@db.example.com:5432/lightly",
        help="`postgresql://user:password@host:5432/name`, or `sqlite:////absolute/path`.",
        secret=True,
    )
    redis_url: str | None = declare(
        "REDIS_URL",
        parsers.redis_url,
        group=Group.STORES,
        default=None,
        shown_default="an embedded Redis",
        must="a redis://, rediss:// or unix:// URL",
        example="redis://:PASSWORD@redis.example.com:6379/0",
        help="The queue between web server and workers: `redis://`, `rediss://` (TLS, the certificate is verified;"
        " `SSL_CERT_FILE` names your own authority) or `unix://`.",
        secret=True,
    )

    # --- mail -------------------------------------------------------------------------------------------------------
    email_url: str | None = optional(
        "EMAIL_URL",
        parsers.email_url,
        group=Group.MAIL,
        must="an smtp://, smtp+starttls:// or smtps:// URL",
        example="smtp+starttls://user:PASSWORD@mail.example.com:587",
        help="The mail server: `smtp+starttls://user:password@mail.example.com:587`, `smtps://…:465` or `smtp://…:25`."
        " Without one, notices are only in the inbox, and links are shown on screen.",
        secret=True,
    )
    email_from: str | None = declare(
        "EMAIL_FROM",
        parsers.email,
        group=Group.MAIL,
        default=None,
        shown_default="`lightly@` and the public host",
        must="an e-mail address",
        example="lightly@example.com",
        help="The sender of mails.",
    )

    # --- single sign-on ---------------------------------------------------------------------------------------------
    oidc_server_url: str | None = url(
        "LIGHTLY_OIDC_SERVER_URL",
        group=Group.SIGN_ON,
        example="https://login.example.com/realms/acme",
        help="The address of your OpenID Connect provider, without `/.well-known/openid-configuration`."
        " See [Single sign-on](#single-sign-on).",
    )
    oidc_client_id: str | None = optional(
        "LIGHTLY_OIDC_CLIENT_ID",
        parsers.one_word,
        group=Group.SIGN_ON,
        must="one word",
        example="lightly-platform",
        help="The client ID of this installation at the provider.",
    )
    oidc_client_secret: str | None = optional(
        "LIGHTLY_OIDC_CLIENT_SECRET",
        parsers.one_word,
        group=Group.SIGN_ON,
        must="one word",
        example="SECRET",
        help="The client secret from the provider.",
        secret=True,
    )
    oidc_name: str = declare(
        "LIGHTLY_OIDC_NAME",
        parsers.short,
        group=Group.SIGN_ON,
        default="single sign-on",
        shown_default="single sign-on",
        must="at most 40 characters",
        example='"Acme SSO"',
        help="What the button on the sign-in page says after “Sign in with”.",
    )
    oidc_trust_emails: bool = flag(
        "LIGHTLY_OIDC_TRUST_EMAILS",
        group=Group.SIGN_ON,
        help="`1`: trust e-mail addresses that the provider does not confirm, such as those of work accounts in Entra"
        " ID. Use it only if people can't choose their own address there.",
    )

    # --- checks and datasources -------------------------------------------------------------------------------------
    check_deadline_seconds: float = declare(
        "LIGHTLY_CHECK_DEADLINE_SECONDS",
        parsers.seconds,
        group=Group.CHECKS,
        default=15.0,
        shown_default="`15`",
        must="a number of seconds above 0 and at most 120",
        example="15",
        help="The time limit of a permission check. Permissions without an answer by then are *unknown*. At most 120.",
    )
    allowed_private_hosts: tuple[str, ...] = declare(
        "LIGHTLY_ALLOWED_PRIVATE_HOSTS",
        parsers.listed(parsers.host_or_network),
        group=Group.CHECKS,
        default=(),
        shown_default="none",
        must="host names, addresses or networks separated by commas",
        example="minio.internal,10.20.0.0/16",
        help="Private hosts or networks that are allowed in addresses that users enter (endpoints of S3-compatible"
        " storage and of OBS, webhooks): `minio.internal,10.20.0.0/16`.",
    )
    obs_hosts: tuple[str, ...] = declare(
        "LIGHTLY_OBS_HOSTS",
        parsers.listed(parsers.host_or_network),
        group=Group.CHECKS,
        default=(),
        shown_default="none",
        must="host names, addresses or networks separated by commas",
        example="obs.internal",
        help="Hosts or networks of a private OBS (Huawei Cloud Stack). The official client's `set_obs_config` is for"
        " all S3-compatible storage. It means OBS only at these hosts and at those of Huawei Cloud and the Open Telekom"
        " Cloud.",
    )
    aws_principal_arn: str | None = optional(
        "LIGHTLY_AWS_PRINCIPAL_ARN",
        parsers.principal_arn,
        group=Group.CHECKS,
        must="the ARN of an IAM user, an IAM role or an account's root",
        example="arn:aws:iam::123456789012:role/lightly-platform",
        help="The ARN of this platform's own IAM user or role in AWS. The pages show it in trust policies. Without it,"
        " they tell people to ask you.",
    )
    sample_data_file: Path | None = existing_file(
        "LIGHTLY_SAMPLE_DATA_FILE",
        group=Group.CHECKS,
        example="/etc/lightly/sample-data.json",
        help="A JSON file with two working datasources that people may try the dashboard with:"
        ' `{"INPUT": {…}, "LIGHTLY": {…}}`, each as in the REST API. Each dataset that uses it gets a'
        " directory of its own under the Lightly path. `make demo` has one.",
    )
    thumbnail_cache_mb: int = whole(
        "LIGHTLY_THUMBNAIL_CACHE_MB",
        64,
        1_000_000,
        group=Group.CHECKS,
        default=1000,
        example="1000",
        help="The disk space in megabytes for thumbnails and previews of files, in `LIGHTLY_DATA_DIR`/thumbnails. Those"
        " not looked at for longest are deleted first. Web server and workers must share this directory.",
    )
    embedding_model: Path | None = existing_file(
        "LIGHTLY_EMBEDDING_MODEL",
        group=Group.CHECKS,
        shown_default="EfficientNet-Lite0",
        example="/etc/lightly/model.onnx",
        help="An ONNX network that makes the embeddings of runs instead of the built-in one. It takes one input of RGB"
        " pictures (N × 3 × height × width or N × height × width × 3, `float` or `uint8`) and gives a vector for each."
        " `float` pictures are (x − 127) / 128, unless the file's metadata has `mean` and `std`, three numbers from 0"
        " to 255 each. All workers of the queue `runs` need the same file.",
    )

    # --- monitoring -------------------------------------------------------------------------------------------------
    metrics_token: str | None = optional(
        "LIGHTLY_METRICS_TOKEN",
        parsers.token,
        group=Group.MONITORING,
        must="at least 16 visible ASCII characters",
        example='"$(openssl rand -hex 32)"',
        help="What Prometheus sends to `/metrics`, which is off without it. See [Metrics](monitoring.md#metrics).",
        secret=True,
    )
    log_format: str = choice(
        "LIGHTLY_LOG_FORMAT",
        ("plain", "json"),
        group=Group.MONITORING,
        help="`json`: each line of the log is a JSON object. See [Logs](monitoring.md#logs).",
    )
    traces: bool = flag(
        "LIGHTLY_TRACES",
        group=Group.MONITORING,
        help="`1` sends traces to a collector of OpenTelemetry, which the standard variables `OTEL_*` name."
        " See [Traces](monitoring.md#traces).",
    )
    audit_retention_days: int = whole(
        "LIGHTLY_AUDIT_RETENTION_DAYS",
        1,
        36_500,
        group=Group.MONITORING,
        default=400,
        example="400",
        help="The number of days after which entries of the [activity log](#activity-log) are deleted.",
    )


@functools.cache
def variables() -> dict[str, Variable]:
    """What is declared above, by the name of its field in Environment."""
    return {field.name: field.metadata["variable"] for field in dataclasses.fields(Environment)}
