"""The settings form: derived from the config classes, never giving a secret back, never aiming one elsewhere."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape, strip_tags

from clouds import PROVIDERS, CloudConfig, parse_config
from clouds.config import extra
from clouds.s3.config import S3Config
from datasources.models import Purpose
from datasources.settings.forms import DatasourceForm
from tests.clouds.examples import service_account
from tests.conftest import SECRET, s3_fields

GCS_KEY = service_account(client_email="w@p.iam.example", client_id=SECRET)
TYPED = {
    "S3": {
        "path": "s3://acme-raw/street",
        "region": "eu-central-1",
        "access_key_id": "AKIAEXAMPLE",
        "secret_access_key": SECRET,
    },
    "S3DelegatedAccess": {
        "path": "s3://acme-raw/street",
        "region": "eu-central-1",
        "role_arn": "arn:aws:iam::123456789012:role/lightly",
        "external_id": "0123456789",
    },
    "AZURE": {"path": "images/street", "account": "acmestore", "sas_token": f"?sp=rl&se=2030-01-01&sig={SECRET}"},
    "GCS": {"path": "gs://acme-raw/street", "project_id": "acme-prod", "credentials": GCS_KEY},
    "OBS": {
        "path": "obs://acme-raw/street",
        "endpoint": "https://obs.eu-de.otc.t-systems.com",
        "access_key_id": "AK",
        "secret_access_key": SECRET,
    },
    "S3Compatible": {
        "path": "s3://acme-raw/street",
        "endpoint": "https://minio.acme.example:9000",
        "access_key_id": "AK",
        "secret_access_key": SECRET,
        "addressing": "path",
    },
}


def filled(provider: str, changes: dict[str, str] | None = None, stored: CloudConfig | None = None) -> DatasourceForm:
    data = {"provider": provider, **TYPED[provider], **(changes or {})}
    return DatasourceForm(PROVIDERS[provider].config_class, Purpose.LIGHTLY, data=data, stored=stored)


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_a_right_form_gives_a_config(provider: str) -> None:
    form = filled(provider)
    assert form.is_valid(), form.errors
    config = form.cleaned_data["config"]
    assert (config.type, config.path[-8:]) == (provider, "/street/")


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_every_missing_field_is_named_with_an_example(provider: str) -> None:
    config_class = PROVIDERS[provider].config_class
    form = DatasourceForm(config_class, Purpose.INPUT, data={"provider": provider})
    assert not form.is_valid()
    required = {name for name, info in config_class.fields().items() if info.is_required()}
    assert set(form.errors) == required
    for name in required:
        assert "For example" in form.errors[name][0]


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_secrets_are_never_rendered(provider: str) -> None:
    config = filled(provider).config_class
    for form in (
        filled(provider, {"path": "nonsense"}),
        DatasourceForm(config, Purpose.LIGHTLY, stored=parse_config(_rest(provider))),
    ):
        assert SECRET not in form.as_p()
        assert SECRET not in repr(form)


def _rest(provider: str) -> dict[str, str]:
    form = filled(provider)
    assert form.is_valid()
    fields: dict[str, str] = form.cleaned_data["config"].revealed()
    return fields


@pytest.mark.parametrize("provider", ["S3", "AZURE", "GCS", "OBS"])
def test_an_empty_secret_keeps_the_stored_one(provider: str) -> None:
    stored = parse_config(_rest(provider))
    secret = stored.secret_fields()[0]
    form = filled(provider, {secret: ""}, stored)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["config"] == stored


@pytest.mark.parametrize(
    ("provider", "change"),
    [
        ("S3", {"path": "s3://other-bucket/street"}),
        ("S3", {"access_key_id": "AKIAOTHER"}),
        ("AZURE", {"account": "otherstore"}),
        ("AZURE", {"path": "other/street"}),
        ("GCS", {"path": "gs://other-bucket/"}),
        ("OBS", {"endpoint": "https://evil.example"}),
        ("OBS", {"path": "obs://other-bucket/"}),
        ("OBS", {"access_key_id": "OTHER"}),
    ],
)
def test_a_stored_secret_is_never_aimed_at_a_new_target(provider: str, change: dict[str, str]) -> None:
    stored = parse_config(_rest(provider))
    secret = stored.secret_fields()[0]
    form = filled(provider, {secret: "", **change}, stored)
    assert not form.is_valid()
    assert list(form.errors) == [secret]
    assert "enter the secret again" in form.errors[secret][0]
    assert filled(provider, change, stored).is_valid()  # entered again, it is fine


@pytest.mark.parametrize("change", [{"path": "s3://acme-raw/other/"}, {"region": "us-east-1"}])
def test_another_directory_or_region_needs_no_new_secret(change: dict[str, str]) -> None:
    form = filled("S3", {"secret_access_key": "", **change}, parse_config(s3_fields()))
    assert form.is_valid(), form.errors


def test_another_providers_secret_is_not_taken() -> None:
    form = filled("OBS", {"secret_access_key": ""}, parse_config(s3_fields()))
    assert list(form.errors) == ["secret_access_key"]


@pytest.mark.parametrize(
    ("provider", "field", "value"),
    [
        ("S3", "path", "s3:/bucket"),
        ("S3", "path", "gs://bucket/"),
        ("S3", "path", "s3://bucket/a//b"),
        ("S3", "path", "s3://bucket/../b"),
        ("S3", "path", "s3:///b"),
        ("S3", "region", "Frankfurt!"),
        ("S3", "kms_key_arn", "my-key"),
        ("S3", "secret_access_key", "two words"),
        ("S3DelegatedAccess", "role_arn", "arn:aws:iam::1:user/x"),
        ("S3DelegatedAccess", "external_id", "short"),
        ("AZURE", "account", "https://acme.example.com"),
        ("AZURE", "sas_token", "AccountKey=abc"),
        ("GCS", "credentials", "{"),
        ("GCS", "credentials", '{"type": "authorized_user"}'),
        ("GCS", "project_id", "a b"),
        ("OBS", "endpoint", "obs.example.com"),
        ("OBS", "endpoint", "https://user:pw@obs.example.com"),
    ],
)
def test_what_is_malformed_is_told_beside_the_field_with_an_example(provider: str, field: str, value: str) -> None:
    form = filled(provider, {field: value})
    assert list(form.errors) == [field]
    assert "For example: " in form.errors[field][0]


def test_a_key_file_may_be_chosen_instead_of_pasted() -> None:
    file = SimpleUploadedFile("key.json", GCS_KEY.encode())
    data = {"provider": "GCS", **TYPED["GCS"], "credentials": ""}
    form = DatasourceForm(PROVIDERS["GCS"].config_class, Purpose.INPUT, data=data, files={"credentials_file": file})
    assert form.is_valid(), form.errors


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * (1024 * 1024 + 1), b"not json"])
def test_a_file_that_is_no_key_is_refused_beside_the_field(content: bytes) -> None:
    file = SimpleUploadedFile("key.json", content)
    data = {"provider": "GCS", **TYPED["GCS"], "credentials": ""}
    form = DatasourceForm(PROVIDERS["GCS"].config_class, Purpose.INPUT, data=data, files={"credentials_file": file})
    assert list(form.errors) == ["credentials"]


def test_long_credentials_fit() -> None:
    """Far longer ones than the clouds give; test_lengths.py has the limits."""
    assert filled("S3", {"secret_access_key": "x" * 2000}).is_valid()
    assert filled("AZURE", {"sas_token": f"sp=r&se=2030-01-01&sig={'x' * 2000}"}).is_valid()


WRONG_SUFFIXES = [
    "thumbs/",
    "[filename].webp",
    "[extension]",
    "../[filename].[extension]",
    "/[filename].[extension]",
    "[filename][extension]",
]


@pytest.mark.parametrize("suffix", WRONG_SUFFIXES)
def test_a_thumbnail_suffix_must_tell_files_apart_and_stay_inside(suffix: str) -> None:
    assert list(filled("S3", {"thumbnail_suffix": suffix}).errors) == ["thumbnail_suffix"]


def test_input_has_no_thumbnails() -> None:
    assert "thumbnail_suffix" not in DatasourceForm(S3Config, Purpose.INPUT).fields


def test_what_may_stay_empty_comes_last() -> None:
    names = [row["field"].name for row in DatasourceForm(S3Config, Purpose.INPUT).rows()]
    assert names == ["path", "region", "access_key_id", "secret_access_key", "kms_key_arn"]


@pytest.mark.parametrize("provider", list(PROVIDERS))
@pytest.mark.parametrize("purpose", [Purpose.INPUT, Purpose.LIGHTLY])
def test_every_field_says_where_to_find_its_value(provider: str, purpose: Purpose) -> None:
    """In one to three short sentences: the console, then a command, which stands out as one."""
    form = DatasourceForm(PROVIDERS[provider].config_class, purpose)
    shown = {row["field"].name: row["where"] for row in form.rows() if row["where"]}
    fields = form.config_class.fields()
    assert list(shown) == list(fields)
    for name, info in fields.items():
        declared = extra(info, "where")
        assert 60 < len(declared) < 400, name
        assert declared.endswith("."), name
        assert "console" in declared or "portal" in declared, name
        assert declared.count("`") % 2 == 0, name
        assert re.search(r"<code>(aws|az|gcloud|obsutil|hcloud|mc|radosgw-admin|openssl) [^<]+</code>", shown[name]), (
            name
        )
        assert strip_tags(shown[name]) == escape(declared.replace("`", "")), name


def test_who_may_only_look_is_not_told_where_to_find_what_to_enter() -> None:
    form = DatasourceForm(PROVIDERS["S3"].config_class, Purpose.INPUT, read_only=True)
    assert {row["where"] for row in form.rows()} == {None}
