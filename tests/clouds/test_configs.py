"""What users may type, what it becomes, and what the refusals say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from clouds import PROVIDERS, CloudConfig, Endpoints, parse_config
from tests.clouds.examples import SAS, SECRET, SIGNATURE, example, secrets_of, service_account

WITH_SCHEME = {"S3": "s3://", "S3DelegatedAccess": "s3://", "GCS": "gs://", "OBS": "obs://", "S3Compatible": "s3://"}
SCHEMES = WITH_SCHEME | {"AZURE": ""}


def refusal(fields: dict[str, Any]) -> tuple[str, str]:
    """The field and the sentence of the one error."""
    with pytest.raises(ValidationError) as caught:
        parse_config(fields)
    [error] = caught.value.errors()
    assert not [secret for secret in secrets_of(fields["type"]) if secret in str(caught.value)]
    return str(error["loc"][-1]), error["msg"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_examples_shown_to_users_are_right_themselves(provider: str) -> None:
    fields = PROVIDERS[provider].config_class.fields()
    shown = {info.alias or name: info.examples[0] for name, info in fields.items() if info.examples}
    shown |= {"gcsCredentials": service_account()} if provider == "GCS" else {}
    assert isinstance(parse_config(example(provider) | shown), PROVIDERS[provider].config_class)


# --- paths ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("rest", "prefix"),
    [
        ("bucket/input/", "input/"),
        ("bucket/input", "input/"),
        ("  bucket/input \n", "input/"),
        ("bucket", ""),
        ("bucket/", ""),
        ("bucket/a/b c/größe+100%#?/…", "a/b c/größe+100%#?/…/"),
        ("bucket/..hidden/a..b/...", "..hidden/a..b/.../"),
        ("bucket/" + "deep/" * 500, "deep/" * 500),
    ],
)
def test_paths_are_normalised(provider: str, rest: str, prefix: str) -> None:
    scheme = SCHEMES[provider]
    stripped = rest.lstrip()
    config = parse_config(example(provider, fullPath=rest.replace(stripped, scheme + stripped)))
    assert (config.bucket, config.prefix) == ("bucket", prefix)
    assert config.path == f"{scheme}bucket/{prefix}"
    assert config.display_key("x/y") == f"{scheme}bucket/x/y"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("bucket/../other/", "'.' or '..'"),
        ("bucket/a/..", "'.' or '..'"),
        ("bucket/./a/", "'.' or '..'"),
        ("bucket//a/", "two slashes in a row"),
        ("bucket/a//", "two slashes in a row"),
        ("bucket/ /a/", "empty directory name"),
        ("", "is missing"),
        ("/", "is missing"),
        ("/a/b/", "is missing"),
        ("bucket/a\nb/", "line break"),
        ("bucket/a\x00b/", "control character"),
        ("bucket/a\x7fb/", "control character"),
        ("b!/a/", "can't be the name"),
        ("x/a/", "can't be the name"),
        ("-bucket/a/", "can't be the name"),
        ("bucket@host/a/", "can't be the name"),
    ],
)
def test_paths_that_can_t_be(provider: str, rest: str, sentence: str) -> None:
    field, message = refusal(example(provider, fullPath=SCHEMES[provider] + rest))
    assert field == "fullPath"
    assert sentence in message
    assert f"For example: {PROVIDERS[provider].config_class.fields()['path'].examples[0]}" in message  # type: ignore[index]


@pytest.mark.parametrize("provider", WITH_SCHEME)
@pytest.mark.parametrize("path", ["bucket/a/", "https://bucket/a/", "S4://bucket/a/", "az://bucket/a/", "/bucket/a"])
def test_paths_with_another_scheme_or_none(provider: str, path: str) -> None:
    field, message = refusal(example(provider, fullPath=path))
    assert field == "fullPath"
    assert f"must start with {WITH_SCHEME[provider]}" in message


@pytest.mark.parametrize("path", ["https://account.blob.core.windows.net/container/a/", "az://container/a/"])
def test_an_address_is_no_azure_path(path: str) -> None:
    assert "not an address" in refusal(example("AZURE", fullPath=path))[1]


@pytest.mark.parametrize("path", ["Container/a/", "co/a/", "con--tainer/a/", "container-/a/", "c" * 64 + "/a/"])
def test_azure_containers_have_rules_of_their_own(path: str) -> None:
    assert "name of a container" in refusal(example("AZURE", fullPath=path))[1]
    assert parse_config(example("AZURE", fullPath="$web/a")).bucket == "$web"


# --- credentials ----------------------------------------------------------------------------------------------------
SECRET_FIELDS = {
    "S3": "s3SecretAccessKey",
    "AZURE": "accountKey",
    "GCS": "gcsCredentials",
    "OBS": "obsSecretAccessKey",
}


@pytest.mark.parametrize(
    ("provider", "field", "value"),
    [
        ("S3", "s3SecretAccessKey", "x" * 20_000),
        ("S3", "s3AccessKeyId", "x" * 20_000),
        ("S3DelegatedAccess", "s3ExternalId", "x" * 20_000),
        ("AZURE", "accountKey", f"{SAS}&skoid={'x' * 20_000}"),
        ("OBS", "obsSecretAccessKey", "x" * 20_000),
        ("OBS", "obsAccessKeyId", "x" * 20_000),
    ],
)
def test_credentials_may_be_of_any_length(provider: str, field: str, value: str) -> None:
    assert parse_config(example(provider, **{field: value})).revealed()[field] == value


def test_a_key_file_may_be_of_any_length() -> None:
    text = json.dumps(json.loads(service_account(comment="x" * 20_000)), indent=8)
    assert parse_config(example("GCS", gcsCredentials=text)).revealed()["gcsCredentials"] == text


@pytest.mark.parametrize(("provider", "field"), [("S3", "s3SecretAccessKey"), ("OBS", "obsSecretAccessKey")])
def test_secrets_are_one_word_however_they_were_copied(provider: str, field: str) -> None:
    assert parse_config(example(provider, **{field: f"\t {SECRET} \r\n"})).revealed()[field] == SECRET
    for text in (f"{SECRET[:9]} {SECRET[9:]}", f"{SECRET[:9]}\n{SECRET[9:]}", f"{SECRET[:9]}\x00"):
        assert refusal(example(provider, **{field: text})) == (
            field,
            "Value error, There is a space or a line break inside. Copy the value anew, alone and whole.",
        )
    for text in ("", "  "):
        assert refusal(example(provider, **{field: text}))[0] == field


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_required_field_is_missed_by_its_name(provider: str) -> None:
    for name, info in PROVIDERS[provider].config_class.fields().items():
        if info.is_required():
            alias = info.alias or name
            fields = example(provider)
            del fields[alias]
            assert refusal(fields) == (alias, "Field required")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_fields_of_another_provider_are_refused(provider: str) -> None:
    assert refusal(example(provider, somethingElse="x"))[0] == "somethingElse"


@pytest.mark.parametrize(
    ("provider", "field", "value"),
    [
        ("S3", "s3Region", "EU (Frankfurt)"),
        ("S3", "s3Region", "eu-central-1.evil.example"),
        ("S3", "s3Region", "eu-central-1\n"),
        ("S3", "s3AccessKeyId", "AKIA EXAMPLE"),
        ("S3", "s3AccessKeyId", ""),
        ("S3", "s3ServerSideEncryptionKMSKey", "alias/my-key"),
        ("S3DelegatedAccess", "s3ARN", "arn:aws:iam::123456789012:user/someone"),
        ("S3DelegatedAccess", "s3ARN", "Lightly-S3-Integration"),
        ("S3DelegatedAccess", "s3ExternalId", "short"),
        ("S3DelegatedAccess", "s3ExternalId", "with space inside"),
        ("AZURE", "accountName", "account.blob.core.windows.net"),
        ("AZURE", "accountName", "account/../x"),
        ("AZURE", "accountName", "account@evil.example"),
        ("AZURE", "accountName", "Account"),
        ("GCS", "gcsProjectId", "my project"),
        ("GCS", "gcsProjectId", "../x"),
    ],
)
def test_fields_that_can_t_be(provider: str, field: str, value: str) -> None:
    if value.endswith("\n"):  # white space around a value is taken off
        assert parse_config(example(provider, **{field: value})).revealed()[field] == value.strip()
    else:
        assert refusal(example(provider, **{field: value}))[0] == field


@pytest.mark.parametrize("token", [SAS, f"?{SAS}", f"  ?{SAS}\n"])
def test_a_sas_with_and_without_its_question_mark(token: str) -> None:
    config = parse_config(example("AZURE", accountKey=token))
    assert config.revealed()["accountKey"].lstrip("?") == SAS


def test_a_sas_may_leave_its_rights_to_a_stored_policy() -> None:
    token = f"?sv=2025-05-05&sr=c&si=policy&sig={SIGNATURE}"
    assert parse_config(example("AZURE", accountKey=token)).revealed()["accountKey"] == token


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + SIGNATURE, "connection string"),
        ("BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=" + SAS, "connection string"),
        ("https://account.blob.core.windows.net/container?" + SAS, "from the question mark on"),
        (SIGNATURE + "==", "no sig and no sp and no se"),
        (SAS.partition("&sig=")[0], "no sig"),
        (SAS.replace("sp=racwdl&", ""), "no sp"),
        (SAS.replace("se=", "xe="), "no se"),
    ],
)
def test_what_is_no_sas(token: str, sentence: str) -> None:
    field, message = refusal(example("AZURE", accountKey=token))
    assert field == "accountKey"
    assert sentence in message
    assert "For example: ?sv=" in message


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("not json", "not JSON"),
        ("[]", "Only the key of a service account"),
        ('"service_account"', "Only the key of a service account"),
        ("{}", "Only the key of a service account"),
        # These make google-auth call any URL, read files or run programs.
        (service_account(type="external_account"), "Only the key of a service account"),
        (service_account(type="authorized_user"), "Only the key of a service account"),
        (service_account(type="impersonated_service_account"), "Only the key of a service account"),
        (service_account(type="gdch_service_account"), "Only the key of a service account"),
        (service_account(private_key=None), "no private_key"),
        (service_account(private_key="", client_email=7), "no client_email and no private_key"),
        (service_account(private_key_id=None), "no private_key_id"),
        (service_account(token_uri="http://169.254.169.254/token"), "token_uri that is not Google's"),
        (service_account(token_uri="https://oauth2.googleapis.com.evil.example/token"), "token_uri"),
        (service_account(token_uri=["https://oauth2.googleapis.com/token"]), "token_uri"),
        (service_account(universe_domain="evil.example"), "universe_domain"),
        (service_account(universe_domain=""), "universe_domain"),
    ],
)
def test_what_is_no_key_of_a_service_account(key: str, sentence: str) -> None:
    field, message = refusal(example("GCS", gcsCredentials=key))
    assert field == "gcsCredentials"
    assert sentence in message


def test_the_operators_own_token_url_is_accepted_where_it_is_configured() -> None:
    own = example("GCS", gcsCredentials=service_account(token_uri="http://127.0.0.1:1234/token"))
    assert parse_config(own, Endpoints(gcs_token="http://127.0.0.1:1234/token")).bucket == "bucket"
    assert "token_uri" in refusal(own)[1]


@pytest.mark.parametrize(
    ("endpoint", "normalised"),
    [
        ("https://obs.eu-de.otc.t-systems.com", "https://obs.eu-de.otc.t-systems.com"),
        ("https://OBS.example.com/", "https://obs.example.com"),
        (" http://127.0.0.1:9000 ", "http://127.0.0.1:9000"),
    ],
)
def test_obs_endpoints(endpoint: str, normalised: str) -> None:
    assert parse_config(example("OBS", obsEndpoint=endpoint)).revealed()["obsEndpoint"] == normalised


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        ("https://user:pass@obs.example.com", "user name or password"),
        ("https://user@obs.example.com", "user name or password"),
        ("https://obs.example.com/bucket", "without bucket or path"),
        ("https://obs.example.com?x=1", "without bucket or path"),
        ("https://obs.example.com#x", "without bucket or path"),
        ("obs.example.com", "must start with https://"),
        ("ftp://obs.example.com", "must start with https://"),
        ("file:///etc/passwd", "must start with https://"),
        ("https://", "no valid host name"),
        ("https://obs_example", "no valid host name"),
        ("https://obs.example.com\\@evil.example", "user name or password"),
        ("https://[::1]:443", "no valid host name"),
        ("https://obs.example.com:99999", "not an address"),
        ("https://obs.example.com:port", "not an address"),
        ("https://obs.exa mple.com", "no valid host name"),
    ],
)
def test_what_is_no_obs_endpoint(endpoint: str, sentence: str) -> None:
    field, message = refusal(example("OBS", obsEndpoint=endpoint))
    assert field == "obsEndpoint"
    assert sentence in message
    assert "For example: https://obs.eu-de.otc.t-systems.com" in message


# --- secrets --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("provider", SECRET_FIELDS)
def test_a_config_shows_no_secret(provider: str) -> None:
    config = parse_config(example(provider))
    shown = [repr(config), str(config), repr(config.model_dump()), config.model_dump_json(), repr(config.target())]
    shown += [f"{config.principal}", repr(config.model_copy()), repr([config])]
    for secret in secrets_of(provider):
        assert not [text for text in shown if secret in text]
    assert SECRET_FIELDS[provider] in config.revealed()


@pytest.mark.parametrize("provider", SECRET_FIELDS)
def test_errors_show_no_secret_although_everything_is_wrong(provider: str) -> None:
    wrong = {name: {"nested": value} for name, value in example(provider).items() if name != "type"}
    for fields in (
        {"type": provider} | wrong,
        example(provider, fullPath="x"),
        example(provider) | {SECRET_FIELDS[provider]: 7},
        example(provider) | {SECRET_FIELDS[provider]: [example(provider)[SECRET_FIELDS[provider]]]},
    ):
        with pytest.raises(ValidationError) as caught:
            parse_config(fields)
        told = [str(caught.value), repr(caught.value)]
        told.append(repr(caught.value.errors(include_input=False, include_context=False)))
        for secret in secrets_of(provider):
            assert not [text for text in told if secret in text]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_stored_comes_back_whole(provider: str) -> None:
    config = parse_config(example(provider))
    assert parse_config(json.loads(json.dumps(config.revealed()))) == config


@pytest.mark.parametrize("provider", SECRET_FIELDS)
def test_a_kept_secret_is_taken_over(provider: str) -> None:
    old = parse_config(example(provider))
    config_class = PROVIDERS[provider].config_class
    assert config_class.secret_fields() == [
        name for name, info in config_class.fields().items() if info.alias == SECRET_FIELDS[provider]
    ]
    new: CloudConfig = parse_config(example(provider, fullPath=f"{SCHEMES[provider]}bucket/elsewhere"))
    assert new.with_secrets_of(old).revealed() == old.revealed() | {"fullPath": f"{SCHEMES[provider]}bucket/elsewhere/"}


@pytest.mark.parametrize(
    ("provider", "changes", "binds"),
    [
        ("S3", {"fullPath": "s3://bucket/other/"}, False),
        ("S3", {"s3Region": "us-east-1"}, False),
        ("S3", {"fullPath": "s3://another/input/"}, True),
        ("S3", {"s3AccessKeyId": "AKIAOTHER"}, True),
        ("S3DelegatedAccess", {"s3ARN": "arn:aws:iam::123456789012:role/Other"}, True),
        ("AZURE", {"accountName": "another"}, True),
        ("AZURE", {"fullPath": "another/input/"}, True),
        ("GCS", {"fullPath": "gs://another/input/"}, True),
        ("OBS", {"obsEndpoint": "https://obs.evil.example"}, True),
        ("OBS", {"obsAccessKeyId": "OTHER"}, True),
    ],
)
def test_what_a_stored_secret_was_given_for(provider: str, changes: dict[str, str], binds: bool) -> None:
    before, after = parse_config(example(provider)), parse_config(example(provider, **changes))
    assert (before.target() != after.target()) is binds
