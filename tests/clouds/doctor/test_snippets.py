"""The code shown for the official client is run here, with something in its place that writes down the calls."""

import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clouds import PROVIDERS, CloudConfig, parse_config
from clouds.doctor import snippets
from tests.clouds.examples import example, secrets_of

SUFFIX = ".lightly/thumbnails/[filename]_thumb.[extension]"
MORE = {"thumbnail_suffix", "purpose"}
# inspect.signature() of lightly.api.ApiWorkflowClient's methods in lightly 1.5.26, without self.
SIGNATURES = {
    "set_s3_config": {"resource_path", "region", "access_key", "secret_access_key"} | MORE,
    "set_s3_delegated_access_config": {"resource_path", "region", "role_arn", "external_id"} | MORE,
    "set_azure_config": {"container_name", "account_name", "sas_token"} | MORE,
    "set_gcs_config": {"resource_path", "project_id", "credentials"} | MORE,
    "set_obs_config": {"resource_path", "obs_endpoint", "obs_access_key_id", "obs_secret_access_key"} | MORE,
}
KEY_FILE = '{"type": "service_account"}'
HOSTILE = [
    """it's a "name" """.strip(),
    "'); import os; os.abort(); ('",
    "\"\"\"'''",
    "back\\slash\\",
    "{braces} %s",
    "\u202egpj.exe",
    "ünïcode 日本 \U0001f600",
    "#comment",
]
every_provider = pytest.mark.parametrize("provider", PROVIDERS)

Calls = list[tuple[str, dict[str, Any]]]


class Recorder:
    """Stands in for ApiWorkflowClient."""

    calls: Calls = []
    permissions: Any = None
    dataset_id = "0" * 24

    def __init__(self, **arguments: Any) -> None:
        self.calls.append(("ApiWorkflowClient", arguments))

    def list_datasource_permissions(self) -> Any:
        return self.permissions

    def download_raw_samples(self) -> list[tuple[str, str]]:
        return [("a.jpg", "https://example.com/a.jpg")]

    def create_dataset(self, *arguments: Any) -> None:
        self.calls.append(("create_dataset", {"arguments": arguments}))

    def __getattr__(self, name: str) -> Any:
        return lambda **arguments: self.calls.append((name, arguments))


class Names:
    """Stands in for the client's enums."""

    IMAGES, INPUT, LIGHTLY, INPUT_OUTPUT = "IMAGES", "INPUT", "LIGHTLY", "INPUT_OUTPUT"


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    """What the code called, in order."""
    api, generated = ModuleType("lightly.api"), ModuleType("lightly.openapi_generated.swagger_client")
    vars(api)["ApiWorkflowClient"] = Recorder
    vars(generated).update(DatasetType=Names, DatasourcePurpose=Names)
    for name, module in {
        "lightly": ModuleType("lightly"),
        "lightly.api": api,
        "lightly.openapi_generated": ModuleType("lightly.openapi_generated"),
        "lightly.openapi_generated.swagger_client": generated,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    (tmp_path / snippets.KEY_FILE).write_text(KEY_FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Recorder, "calls", [])
    return Recorder.calls


def run(*codes: str) -> None:
    namespace: dict[str, Any] = {}
    for code in codes:
        exec(compile(code, "snippet", "exec"), namespace)  # noqa: S102


@every_provider
def test_its_arguments_are_the_clients(provider: str) -> None:
    method = PROVIDERS[provider].client_method
    assert {*method.arguments, *MORE} == SIGNATURES[method.name]
    fields = PROVIDERS[provider].config_class.fields()
    assert set(method.arguments.values()) <= set(fields)
    assert {name for name, info in fields.items() if info.is_required()} <= set(method.arguments.values())


def test_every_provider_has_a_method_of_its_own() -> None:
    """But for those that go by the name of another one."""
    own = [provider for provider in PROVIDERS.values() if provider.guise is None]
    assert sorted(provider.client_method.name for provider in own) == sorted(SIGNATURES)


@every_provider
def test_both_datasources_are_configured(provider: str, client: Calls) -> None:
    config_class = PROVIDERS[provider].config_class
    run(snippets.create(), snippets.configure_both(config_class, thumbnail_suffix=SUFFIX))
    (_, made), (_, named), (first, on_input), (second, on_lightly) = client
    method = PROVIDERS[provider].client_method
    assert (made, named) == ({}, {"arguments": ("my-dataset", "IMAGES")})
    assert first == second == method.name
    assert set(on_input) == SIGNATURES[method.name] - {"thumbnail_suffix"}
    assert set(on_lightly) == SIGNATURES[method.name]
    assert (on_input["purpose"], on_lightly["purpose"]) == ("INPUT", "LIGHTLY")
    path = next(keyword for keyword, name in method.arguments.items() if name == "path")
    assert on_input[path] != on_lightly[path]
    assert on_input[path] == as_the_client_knows(provider, config_class.model_fields["path"].examples[0])  # type: ignore[index]


def as_the_client_knows(provider: str, path: Any) -> str:
    guise = PROVIDERS[provider].guise
    return guise.path(path) if guise else str(path)


@every_provider
@pytest.mark.parametrize("purpose", ["INPUT", "LIGHTLY", "INPUT_OUTPUT"])
def test_what_is_stored_comes_back_and_no_secret(provider: str, purpose: str, client: Calls) -> None:
    config = parse_config(example(provider))
    code = snippets.stored(
        config, dataset_id="6b03d9880d5290c751ec7347", purpose=purpose, thumbnail_suffix="t/[filename]"
    )
    assert not [secret for secret in secrets_of(provider) if secret in code]
    run(code)
    made, (name, arguments) = client
    method = PROVIDERS[provider].client_method
    assert made == ("ApiWorkflowClient", {"dataset_id": "6b03d9880d5290c751ec7347"})
    assert name == method.name
    assert arguments.pop("purpose") == purpose
    assert arguments.pop("thumbnail_suffix", None) == (None if purpose == "INPUT" else "t/[filename]")
    for keyword, field in method.arguments.items():
        if field == "path":
            assert arguments[keyword] == as_the_client_knows(provider, config.path)
        elif field not in config.secret_fields():
            assert arguments[keyword] == getattr(config, field)
        elif provider == "GCS":
            assert arguments[keyword] == KEY_FILE
        else:
            assert arguments[keyword] == f"<{config.fields()[field].title}>"


def test_no_suffix_is_none(client: Calls) -> None:
    config = parse_config(example("S3"))
    run(snippets.stored(config, dataset_id="0" * 24, purpose="LIGHTLY", thumbnail_suffix=""))
    assert client[-1][1]["thumbnail_suffix"] is None


def test_what_the_client_cannot_set_is_told() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    config = parse_config(example("S3", s3ServerSideEncryptionKMSKey=key))
    code = snippets.stored(config, dataset_id="0" * 24, purpose="INPUT", thumbnail_suffix="")
    assert "# KMS key ARN: this call clears it" in code
    assert key not in code
    assert "KMS" not in snippets.configure_both(PROVIDERS["S3"].config_class, thumbnail_suffix=SUFFIX)


@every_provider
@pytest.mark.parametrize("value", [*HOSTILE, "line\nbreak'\r\nimport os"])
def test_no_value_becomes_code(provider: str, value: str, client: Calls) -> None:
    """Also none that today's patterns would refuse."""
    valid = parse_config(example(provider))
    open_fields = [name for name in valid.fields() if name not in valid.secret_fields() and name != "kms_key_arn"]
    config: CloudConfig = valid.model_copy(update=dict.fromkeys(open_fields, value))
    code = snippets.stored(config, dataset_id=value, purpose="LIGHTLY", thumbnail_suffix=value)
    assert code.replace("\n", "").isprintable()
    run(code)
    (made, identity), (name, arguments) = client
    assert (made, name) == ("ApiWorkflowClient", PROVIDERS[provider].client_method.name)
    assert identity == {"dataset_id": value}
    assert [keyword for keyword, given in arguments.items() if given != value] == [
        *(
            keyword
            for keyword, field in PROVIDERS[provider].client_method.arguments.items()
            if field in valid.secret_fields()
        ),
        "purpose",
    ]


@pytest.mark.parametrize("version", snippets.CLIENT_VERSIONS)
@pytest.mark.parametrize("missing", [None, "can_list", "can_read", "can_write", "can_overwrite"])
def test_verify_stops_with_the_reasons(monkeypatch: pytest.MonkeyPatch, version: str, missing: str | None) -> None:
    answer: dict[str, Any] = dict.fromkeys(["can_list", "can_read", "can_write", "can_overwrite"], True)
    if missing:
        answer |= {missing: False, "errors": {missing: "the reason"}}
    elif version not in snippets.ANSWERS_AS_DICT:
        answer["errors"] = None
    as_object = type("Answer", (), answer)
    monkeypatch.setattr(Recorder, "permissions", answer if version in snippets.ANSWERS_AS_DICT else as_object)
    code = snippets.reuse("0" * 24), snippets.verify(version)
    if missing is None:
        run(*code)
    else:
        with pytest.raises(AssertionError, match="the reason"):
            run(*code)


def test_samples_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    run(snippets.reuse("0" * 24), snippets.list_samples())
    assert capsys.readouterr().out == "a.jpg https://example.com/a.jpg\n"


@pytest.mark.parametrize("root", ["http://127.0.0.1:8000/", "https://lightly.example.com", "http://host/$(id)'; id"])
def test_the_shell_gets_the_address_as_one_word(root: str) -> None:
    install, location, token = snippets.environment(root, "1.4.5").splitlines()
    assert install == "pip install lightly==1.4.5"
    assert shlex.split(location) == ["export", f"LIGHTLY_SERVER_LOCATION={root.rstrip('/')}"]
    assert shlex.split(token) == ["export", "LIGHTLY_TOKEN=<your token>"]
