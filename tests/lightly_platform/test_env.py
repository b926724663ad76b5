from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from lightly_platform.env import BASE_DIR, WrongEnvironment, read_environment, variable_names
from tests.lightly_platform.conftest import Run

# Fixed, because they stand in test names, which parallel test processes compare.
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER_KEY = base64.urlsafe_b64encode(b"o" * 32).decode()
SECRET_KEY = "correct-horse-battery-staple-" * 2
# Part of every wrong value of a secret variable below; it must never be printed.
PLANTED = "Pl4nted"

WRONG = [
    ("LIGHTLY_DATA_DIR", __file__),
    ("LIGHTLY_STATIC_DIR", __file__),
    ("LIGHTLY_ALIVE_FILE", "/no/such/directory/alive"),
    ("LIGHTLY_ALIVE_FILE", "/tmp"),
    ("DEBUG", "maybe"),
    ("LIGHTLY_HTTPS", "2"),
    ("BIND", "localhost"),
    ("BIND", "256.0.0.1"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "http"),
    ("PORT", "-1"),
    ("PORT", "８０"),
    ("WEB_CONCURRENCY", "0"),
    ("LIGHTLY_TRUSTED_PROXIES", "one"),
    ("SECRET_KEY", PLANTED),
    ("SECRET_KEY", "django-insecure-" + PLANTED * 10),
    ("SECRET_KEY", "a" * 60),
    ("LIGHTLY_ENCRYPTION_KEYS", PLANTED),
    ("LIGHTLY_ENCRYPTION_KEYS", f"{KEY},{PLANTED}"),
    ("LIGHTLY_ENCRYPTION_KEYS", ","),
    ("LIGHTLY_ENCRYPTION_KEYS", f"{PLANTED}é"),
    ("ALLOWED_HOSTS", "https://lightly.example.com"),
    ("ALLOWED_HOSTS", "lightly.example.com:8000"),
    ("ALLOWED_HOSTS", "good.example.com,bad host"),
    ("CSRF_TRUSTED_ORIGINS", "lightly.example.com"),
    ("CSRF_TRUSTED_ORIGINS", "https://lightly.example.com/path"),
    ("CSRF_TRUSTED_ORIGINS", "ftp://lightly.example.com"),
    ("DATABASE_URL", f"mysql://user:{PLANTED}@db/lightly"),
    ("DATABASE_URL", f"postgresql://user:{PLANTED}@db"),
    ("DATABASE_URL", f"postgresql://user:{PLANTED}@db:port/lightly"),
    ("DATABASE_URL", f"postgresql://user:{PLANTED}[@db/lightly"),
    ("DATABASE_URL", "sqlite://"),
    ("DATABASE_URL", "sqlite://:memory:"),
    ("REDIS_URL", f"amqp://user:{PLANTED}@mq"),
    ("REDIS_URL", f"redis://:{PLANTED}@"),
    ("REDIS_URL", f"redis://:{PLANTED}@redis/zero"),
    ("REDIS_URL", "unix://"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "0"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "-5"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "nan"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "inf"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "121"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "15s"),
    ("LIGHTLY_S3_ENDPOINT_URL", "s3.example.com"),
    ("LIGHTLY_S3_ENDPOINT_URL", "https://key:secret@s3.example.com"),
    ("LIGHTLY_STS_ENDPOINT_URL", "https://"),
    ("LIGHTLY_AZURE_ENDPOINT_URL", "http://127.0.0.1:10000/"),
    ("LIGHTLY_AZURE_ENDPOINT_URL", "http://{account}.example.com/{account}"),
    ("LIGHTLY_GCS_ENDPOINT_URL", "https://storage.example.com/?x=1"),
    ("LIGHTLY_GCS_TOKEN_URL", "file:///etc/passwd"),
    ("LIGHTLY_GCS_CERTS_URL", "https://iam.example.com/x509?alt=json"),
    ("LIGHTLY_ALLOWED_PRIVATE_HOSTS", "10.0.0.5/8"),
    ("LIGHTLY_ALLOWED_PRIVATE_HOSTS", "http://minio"),
    ("LIGHTLY_OBS_HOSTS", "https://obs.internal"),
    ("LIGHTLY_PUBLIC_URL", "lightly.example.com"),
    ("LIGHTLY_PUBLIC_URL", "https://lightly.example.com/app"),
    ("EMAIL_URL", f"mail://user:{PLANTED}@mail"),
    ("EMAIL_URL", f"smtp://user:{PLANTED}@"),
    ("EMAIL_URL", f"smtp://user:{PLANTED}@mail:port"),
    ("LIGHTLY_AWS_PRINCIPAL_ARN", "lightly-platform"),
    ("LIGHTLY_AWS_PRINCIPAL_ARN", "arn:aws:sts::123456789012:assumed-role/lightly/session"),
    ("LIGHTLY_AWS_PRINCIPAL_ARN", "arn:aws:iam::1234:role/lightly"),
    ("EMAIL_FROM", "Lightly"),
    ("EMAIL_FROM", "Lightly <lightly@example.com>"),
    ("LIGHTLY_OIDC_SERVER_URL", "login.example.com"),
    ("LIGHTLY_OIDC_CLIENT_ID", "two words"),
    ("LIGHTLY_OIDC_CLIENT_SECRET", f"{PLANTED} two words"),
    ("LIGHTLY_OIDC_NAME", "x" * 41),
    ("LIGHTLY_OIDC_TRUST_EMAILS", "maybe"),
    ("LIGHTLY_TRACES", "maybe"),
    ("LIGHTLY_SAMPLE_DATA_FILE", "/no/such/file.json"),
    ("LIGHTLY_EMBEDDING_MODEL", "/no/such/model.onnx"),
    ("LIGHTLY_METRICS_TOKEN", PLANTED),
    ("LIGHTLY_LOG_FORMAT", "xml"),
    ("LIGHTLY_THUMBNAIL_CACHE_MB", "63"),
    ("LIGHTLY_AUDIT_RETENTION_DAYS", "0"),
    ("LIGHTLY_AUDIT_RETENTION_DAYS", "a year"),
    ("LIGHTLY_METRICS_TOKEN", f"{PLANTED} with white space in it"),
]

RIGHT = [
    ("LIGHTLY_DATA_DIR", "/srv/lightly", "data_dir", Path("/srv/lightly")),
    ("DEBUG", "True", "debug", True),
    ("DEBUG", "0", "debug", False),
    ("LIGHTLY_TRACES", "1", "traces", True),
    ("LIGHTLY_HTTPS", "on", "https", True),
    ("BIND", "0.0.0.0", "bind", "0.0.0.0"),  # noqa: S104
    ("BIND", "[::]", "bind", "::"),
    ("PORT", " 8001 ", "port", 8001),
    ("PORT", "", "port", 8000),
    ("WEB_CONCURRENCY", "4", "web_concurrency", 4),
    ("LIGHTLY_TRUSTED_PROXIES", "1", "trusted_proxies", 1),
    ("SECRET_KEY", SECRET_KEY, "secret_key", SECRET_KEY),
    ("LIGHTLY_ENCRYPTION_KEYS", f"{KEY}, {OTHER_KEY},", "encryption_keys", (KEY, OTHER_KEY)),
    ("ALLOWED_HOSTS", "Lightly.example.com,.example.org,10.0.0.5,[::1]", "allowed_hosts", None),
    ("ALLOWED_HOSTS", "*", "allowed_hosts", ("*",)),
    ("CSRF_TRUSTED_ORIGINS", "https://a.example.com,https://*.example.org:8443", "csrf_trusted_origins", None),
    ("REDIS_URL", "redis://redis:6379/0", "redis_url", "redis://redis:6379/0"),
    ("REDIS_URL", "rediss://:pass@redis", "redis_url", "rediss://:pass@redis?ssl_cert_reqs=required"),
    ("REDIS_URL", "rediss://redis/1?a=b", "redis_url", "rediss://redis/1?a=b&ssl_cert_reqs=required"),
    ("REDIS_URL", "rediss://redis?ssl_cert_reqs=none", "redis_url", "rediss://redis?ssl_cert_reqs=none"),
    ("REDIS_URL", "unix:///run/redis.sock", "redis_url", "redis+socket:///run/redis.sock"),
    ("LIGHTLY_CHECK_DEADLINE_SECONDS", "2.5", "check_deadline_seconds", 2.5),
    ("LIGHTLY_S3_ENDPOINT_URL", "http://127.0.0.1:9000/", "s3_endpoint_url", "http://127.0.0.1:9000"),
    ("LIGHTLY_S3_ENDPOINT_URL", "http://[::1]:9000", "s3_endpoint_url", "http://[::1]:9000"),
    ("LIGHTLY_AZURE_ENDPOINT_URL", "https://{account}.blob.example.com", "azure_endpoint_url", None),
    ("LIGHTLY_GCS_TOKEN_URL", "https://oauth2.example.com/token", "gcs_token_url", "https://oauth2.example.com/token"),
    ("LIGHTLY_ALLOWED_PRIVATE_HOSTS", "MinIO.internal,10.0.0.0/8,fd00::1", "allowed_private_hosts", None),
    ("LIGHTLY_PUBLIC_URL", "https://Lightly.example.com/", "public_url", "https://lightly.example.com"),
    ("EMAIL_URL", "smtp+starttls://me:p%40ss@mail:587", "email_url", "smtp+starttls://me:p%40ss@mail:587"),
    ("EMAIL_URL", "smtps://mail.example.com", "email_url", "smtps://mail.example.com"),
    ("EMAIL_FROM", "lightly@example.com", "email_from", "lightly@example.com"),
    ("LIGHTLY_OIDC_NAME", "Acme SSO", "oidc_name", "Acme SSO"),
    ("LIGHTLY_LOG_FORMAT", "JSON", "log_format", "json"),
    ("LIGHTLY_LOG_FORMAT", "", "log_format", "plain"),
    ("LIGHTLY_SAMPLE_DATA_FILE", __file__, "sample_data_file", Path(__file__)),
    ("LIGHTLY_EMBEDDING_MODEL", __file__, "embedding_model", Path(__file__)),
    ("LIGHTLY_STATIC_DIR", "/srv/static", "static_dir", Path("/srv/static")),
    ("LIGHTLY_ALIVE_FILE", "/tmp/alive", "alive_file", Path("/tmp/alive")),
    ("LIGHTLY_AWS_PRINCIPAL_ARN", "arn:aws:iam::123456789012:role/lightly", "aws_principal_arn", None),
    ("LIGHTLY_AWS_PRINCIPAL_ARN", "arn:aws-cn:iam::123456789012:user/a/b", "aws_principal_arn", None),
    ("LIGHTLY_METRICS_TOKEN", "0123456789abcdef", "metrics_token", "0123456789abcdef"),
    ("LIGHTLY_THUMBNAIL_CACHE_MB", "64", "thumbnail_cache_mb", 64),
    ("LIGHTLY_AUDIT_RETENTION_DAYS", "90", "audit_retention_days", 90),
    ("LIGHTLY_AUDIT_RETENTION_DAYS", "", "audit_retention_days", 400),
]


def assert_one_sentence(text: str, name: str) -> None:
    assert "\n" not in text
    assert text.endswith(".")
    assert text.startswith(name)
    assert "for example" in text
    assert PLANTED not in text


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_value(name: str, value: str) -> None:
    with pytest.raises(WrongEnvironment) as caught:
        read_environment({name: value})
    assert_one_sentence(str(caught.value), name)
    assert f"{name}=" in str(caught.value)


def test_every_variable_has_a_wrong_value() -> None:
    assert {name for name, _ in WRONG} == set(variable_names())


@pytest.mark.parametrize(("name", "value", "field", "expected"), RIGHT)
def test_right_value(name: str, value: str, field: str, expected: object) -> None:
    read = getattr(read_environment({name: value}), field)
    if expected is None:
        expected = tuple(value.lower().split(",")) if isinstance(read, tuple) else value
        read = tuple(item.removesuffix("/128") for item in read) if isinstance(read, tuple) else read
    assert read == expected


@pytest.mark.parametrize("url", ["postgresql://user:p%40ss@db:5432/lightly?sslmode=require", "sqlite:////srv/my.db"])
def test_database_url_with_own_keys(url: str) -> None:
    environ = {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "LIGHTLY_ENCRYPTION_KEYS": KEY}
    assert read_environment(environ).database_url == url


@pytest.mark.parametrize("missing", ["SECRET_KEY", "LIGHTLY_ENCRYPTION_KEYS"])
def test_database_url_needs_own_keys(missing: str) -> None:
    environ = {"DATABASE_URL": "sqlite:////srv/my.db", "SECRET_KEY": SECRET_KEY, "LIGHTLY_ENCRYPTION_KEYS": KEY}
    del environ[missing]
    with pytest.raises(WrongEnvironment) as caught:
        read_environment(environ)
    assert_one_sentence(str(caught.value), "DATABASE_URL")
    assert missing in str(caught.value)


# --- NAME_FILE ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value", "field", "expected"), RIGHT)
def test_value_from_a_file(name: str, value: str, field: str, expected: object, tmp_path: Path) -> None:
    if not value:
        with pytest.raises(WrongEnvironment):
            read_environment({f"{name}_FILE": str(tmp_path)})
        return
    mounted = tmp_path / "secret"
    mounted.write_text(value + "\n", encoding="utf-8")
    from_file = read_environment({f"{name}_FILE": str(mounted)})
    assert getattr(from_file, field) == getattr(read_environment({name: value}), field)


def test_wrong_value_from_a_file_is_not_shown_either(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PLANTED)
    with pytest.raises(WrongEnvironment) as caught:
        read_environment({"SECRET_KEY_FILE": str(tmp_path / "secret")})
    assert_one_sentence(str(caught.value), "SECRET_KEY")


def test_both_spellings() -> None:
    with pytest.raises(WrongEnvironment) as caught:
        read_environment({"SECRET_KEY": PLANTED, "SECRET_KEY_FILE": "/run/secrets/secret_key"})
    assert_one_sentence(str(caught.value), "SECRET_KEY")
    assert "SECRET_KEY_FILE" in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_unusable_file(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(WrongEnvironment) as caught:
        read_environment({"PORT_FILE": str(tmp_path / "secret")})
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("PORT_FILE names the file")


# --- real starts ----------------------------------------------------------------------------------------------------

FIRST_WRONG = dict(reversed(WRONG))


@pytest.mark.parametrize(("name", "value"), FIRST_WRONG.items())
def test_start_stops_with_one_sentence(python: Run, name: str, value: str) -> None:
    result = python("-m", "lightly_platform.launch", "run", **{name: value})
    assert result.returncode == 1
    assert result.stdout == ""
    assert_one_sentence(result.stderr.removesuffix("\n"), name)


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "check"),
        ("-m", "celery", "--app", "lightly_platform", "report"),
        ("-m", "lightly_platform.launch", "worker"),
        ("-m", "lightly_platform.launch", "demo"),
    ],
    ids=lambda command: command[-1],
)
def test_every_way_to_start_says_the_same(python: Run, command: tuple[str, ...]) -> None:
    result = python(*command, PORT="http")
    assert result.returncode == 1
    assert_one_sentence(result.stderr.removesuffix("\n"), "PORT")


# --- documentation --------------------------------------------------------------------------------------------------


def test_every_variable_is_documented() -> None:
    text = (BASE_DIR / "docs" / "deploy.md").read_text(encoding="utf-8")
    # In order of use, each once.
    assert sorted(re.findall(r"^\| `([A-Z0-9_]+)` \|", text, re.MULTILINE)) == sorted(variable_names())


SINGLE_SIGN_ON = {
    "LIGHTLY_OIDC_SERVER_URL": "https://login.example.com/realms/acme",
    "LIGHTLY_OIDC_CLIENT_ID": "lightly",
    "LIGHTLY_OIDC_CLIENT_SECRET": PLANTED,
}


def test_single_sign_on_is_whole() -> None:
    assert read_environment(SINGLE_SIGN_ON).oidc_client_secret == PLANTED


@pytest.mark.parametrize("name", list(SINGLE_SIGN_ON))
def test_single_sign_on_by_halves(name: str) -> None:
    with pytest.raises(WrongEnvironment) as caught:
        read_environment({key: value for key, value in SINGLE_SIGN_ON.items() if key != name})
    assert str(caught.value).startswith(name)
    assert PLANTED not in str(caught.value)
