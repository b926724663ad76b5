"""The one rule about kept secrets, for the form and for the REST API."""

import pytest

from clouds import PROVIDERS, CloudConfig
from clouds.obs.config import OBSConfig
from clouds.s3.config import S3Config
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import Purpose
from datasources.settings.forms import DatasourceForm
from datasources.validation import NOTHING_TO_KEEP, InvalidSettingsError, checked_config, problem_of_suffix
from teams.models import User
from tests.clouds.examples import example
from tests.conftest import SECRET, Call, s3_fields

ENTERED = {"path": "s3://acme-raw/other/", "region": "eu-central-1", "access_key_id": "AKIAEXAMPLE"}
KEEP = ["secret_access_key"]


def problems(config_class: type[CloudConfig], values: dict[str, str], stored: CloudConfig | None) -> dict[str, str]:
    with pytest.raises(InvalidSettingsError) as caught:
        checked_config(config_class, values, keep=KEEP, stored=stored)
    return caught.value.problems


def test_a_kept_secret_serves_for_another_directory_of_the_same_bucket(s3_config: CloudConfig) -> None:
    config = checked_config(S3Config, ENTERED, keep=KEEP, stored=s3_config)
    assert config.revealed()["s3SecretAccessKey"] == SECRET
    assert config.path == "s3://acme-raw/other/"


@pytest.mark.parametrize("stored", [None, "of another provider"])
def test_there_must_be_one_to_keep(s3_config: CloudConfig, stored: str | None) -> None:
    assert problems(OBSConfig, ENTERED, s3_config if stored else None) == {"secret_access_key": NOTHING_TO_KEEP}


def test_it_is_never_aimed_at_another_target(s3_config: CloudConfig) -> None:
    (words,) = problems(S3Config, ENTERED | {"path": "s3://other/", "access_key_id": "AKIAOTHER"}, s3_config).values()
    assert words.startswith("Bucket and Access key ID changed. For safety, enter the secret again")


def test_no_problem_quotes_what_was_entered(s3_config: CloudConfig) -> None:
    values = {"path": f"nonsense {SECRET}", "region": SECRET, "secret_access_key": f"two {SECRET}"}
    with pytest.raises(InvalidSettingsError) as caught:
        checked_config(S3Config, values)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.problems}"
    assert caught.value.__cause__ is None


@pytest.mark.django_db
def test_form_and_api_say_the_same(
    call: Call, alice: User, dataset: Dataset, s3_config: CloudConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    elsewhere = ENTERED | {"path": "s3://other/"}
    form = DatasourceForm(S3Config, Purpose.INPUT, data={"provider": "S3", **elsewhere}, stored=s3_config)
    (sentence,) = form.errors["secret_access_key"]
    body = s3_fields(fullPath="s3://other/", s3SecretAccessKey="***", purpose="INPUT")
    answer = call(alice).put(f"/v1/datasets/{dataset.pk}/datasource", body)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


@pytest.mark.parametrize("letter", ["\x1b", "\x85", "\u2028", "\u202e", "\u2067"])
@pytest.mark.parametrize("kind", PROVIDERS)
def test_no_field_takes_what_turns_the_writing_beside_it_around(kind: str, letter: str) -> None:
    config_class = PROVIDERS[kind].config_class
    names = {str(info.alias): name for name, info in config_class.fields().items()}
    right = {names[alias]: value for alias, value in example(kind).items() if alias in names}
    for name in set(right) - set(config_class.secret_fields()):
        middle = len(right[name]) - 2  # of paths: in the last directory
        with pytest.raises(InvalidSettingsError) as caught:
            checked_config(config_class, right | {name: right[name][:middle] + letter + right[name][middle:]})
        assert name in caught.value.problems
    assert problem_of_suffix(f"thumb{letter}.webp", Purpose.LIGHTLY)
