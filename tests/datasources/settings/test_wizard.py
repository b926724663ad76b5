"""The guided way to a datasource."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from clouds import PROVIDERS, CloudConfig
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import CheckState, Datasource, Outcome, Purpose
from datasources.settings.forms import open_names
from teams.models import User
from tests.conftest import SECRET, Login

pytestmark = pytest.mark.django_db
OPEN = {"path": "s3://acme-raw/street/", "region": "eu-central-1", "access_key_id": "AKIAEXAMPLE"}
TYPED = {"provider": "S3", **OPEN, "secret_access_key": SECRET}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def url(dataset: Dataset, tab: str = "input") -> str:
    return reverse("datasources:wizard", args=[dataset.pk, tab])


def saved(dataset: Dataset, config: CloudConfig, outcome: Outcome, purpose: Purpose = Purpose.INPUT) -> None:
    check = services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="", by=dataset.owner)
    check.state, check.outcome = CheckState.DONE, outcome
    check.verdicts = {
        name: {
            "state": "granted" if outcome == Outcome.GREEN else "denied",
            "milliseconds": 5,
            "cause": "",
            "code": "",
            "summary": f"words of {name}",
            "tried": "something",
            "answered": "403",
            "likely_cause": "",
            "fix": "",
        }
        for name in ("list", "read")
    }
    check.save()


def test_only_who_may_edit_is_led(login: Login, alice: User, bob: User, charlie: User, dataset: Dataset) -> None:
    assert login(alice).get(url(dataset)).status_code == 200
    assert login(bob).get(url(dataset)).status_code == 403
    assert login(bob).post(url(dataset), TYPED).status_code == 403
    assert login(charlie).get(url(dataset)).status_code == 404
    assert login(charlie).post(url(dataset), TYPED).status_code == 404
    assert not Datasource.objects.exists()


def test_it_offers_every_provider(login: Login, alice: User, dataset: Dataset) -> None:
    page = login(alice).get(url(dataset)).content.decode()
    assert [provider for provider in PROVIDERS if f"provider={provider}" not in page] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_access_asks_for_no_secret(login: Login, alice: User, dataset: Dataset, provider: str) -> None:
    page = login(alice).get(url(dataset), {"step": "access", "provider": provider}).content.decode()
    for name in PROVIDERS[provider].config_class.fields():
        assert (f'name="{name}"' in page) == (name in open_names(PROVIDERS[provider].config_class))


def test_what_was_typed_goes_along(login: Login, alice: User, dataset: Dataset) -> None:
    for step in ("access", "credentials"):
        page = login(alice).get(url(dataset), {"step": step, "provider": "S3", **OPEN}).content.decode()
        assert 'value="s3://acme-raw/street/"' in page
        assert 'value="AKIAEXAMPLE"' in page
    assert "acme-raw/street" in login(alice).get(url(dataset), {"step": "access", **OPEN}).content.decode()


def test_saving_leads_to_the_bulbs(login: Login, alice: User, dataset: Dataset) -> None:
    answer = login(alice).post(url(dataset), TYPED)
    assert answer["Location"] == f"{url(dataset)}?step=check"
    assert dataset.datasources.get().path == "s3://acme-raw/street/"
    page = login(alice).get(answer["Location"]).content.decode()
    assert "Checking" in page
    assert "hx-trigger" in page
    assert SECRET not in page


def test_what_is_wrong_stands_beside_the_field(login: Login, alice: User, dataset: Dataset) -> None:
    answer = login(alice).post(url(dataset), TYPED | {"path": "other"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "must start with s3://" in page
    assert 'value="AKIAEXAMPLE"' in page
    assert SECRET not in page
    assert not Datasource.objects.exists()


def test_green_leads_on(login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig) -> None:
    saved(dataset, s3_config, Outcome.GREEN)
    page = login(alice).get(url(dataset), {"step": "check"}).content.decode()
    assert "All green" in page
    assert url(dataset, "lightly") in page
    assert "hx-trigger" not in page.partition('id="wizard-check"')[2].partition(">")[0]


def test_red_says_why_and_leads_back(login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig) -> None:
    saved(dataset, s3_config, Outcome.RED)
    page = login(alice).get(url(dataset), {"step": "check"}).content.decode()
    assert "0 of 2 are green" in page
    assert "words of list" in page
    assert "Edit the settings" in page
    answer = login(alice).post(reverse("datasources:check_again", args=[dataset.pk, "input"]) + "?wizard=1")
    assert answer["Location"] == f"{url(dataset)}?step=check"


def test_the_second_one_may_use_the_same_storage(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    saved(dataset, s3_config, Outcome.GREEN)
    page = login(alice).get(url(dataset, "lightly")).content.decode()
    assert "The same storage as Input" in page
    page = login(alice).get(url(dataset, "lightly"), {"step": "credentials", "copy": "1"}).content.decode()
    assert "Taken over from Input" in page
    typed = {key: value for key, value in TYPED.items() if key != "secret_access_key"} | {"copied_from": "INPUT"}
    login(alice).post(url(dataset, "lightly"), typed)
    assert dataset.datasources.get(purpose=Purpose.LIGHTLY).config.path == "s3://acme-raw/street/"


def test_without_a_datasource_there_are_no_bulbs(login: Login, alice: User, dataset: Dataset) -> None:
    assert login(alice).get(url(dataset), {"step": "check"})["Location"] == url(dataset)


def test_one_for_both_is_for_the_settings(login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig) -> None:
    saved(dataset, s3_config, Outcome.GREEN, Purpose.INPUT_OUTPUT)
    assert "/settings/" in login(alice).get(url(dataset))["Location"]


def test_sample_data_if_there_is(login: Login, alice: User, dataset: Dataset, settings: Settings) -> None:
    assert "sample data" not in login(alice).get(url(dataset)).content.decode()
    settings.LIGHTLY_SAMPLE_DATA_FILE = "anything"
    assert "sample data" in login(alice).get(url(dataset)).content.decode()


@pytest.mark.parametrize(
    ("pasted", "leads_to"),
    [
        ("s3://acme-raw/street/", "step=access&provider=S3&path=s3%3A%2F%2Facme-raw%2Fstreet%2F"),
        ("arn:aws:iam::123456789012:role/Reader", "provider=S3DelegatedAccess"),
        ("https://console.cloud.google.com/storage/browser/acme-raw/street", "provider=GCS"),
        ("https://acme.blob.core.windows.net/raw/street/", "provider=AZURE"),
        ("obs://acme-raw/street/", "provider=OBS"),
    ],
)
def test_what_is_pasted_first_chooses_the_provider(
    login: Login, alice: User, dataset: Dataset, pasted: str, leads_to: str
) -> None:
    answer = login(alice).post(url(dataset), {"step": "provider", "path": pasted})
    assert answer.status_code == 302
    assert leads_to in answer["Location"]
    form = login(alice).post(url(dataset), {"step": "provider", "path": "", "pasted": pasted, "pasted_into": "path"})
    assert 'id="step-title">Location' in form.content.decode()


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("acme raw data", "No storage is known for this."),
        ("  ", "Nothing was pasted."),
        (f"{SECRET}", "No storage is known for this."),
    ],
)
def test_what_nobody_knows_is_said_and_not_shown(
    login: Login, alice: User, dataset: Dataset, pasted: str, words: str
) -> None:
    answer = login(alice).post(url(dataset), {"step": "provider", "path": pasted})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'aria-invalid="true"' in page
    assert not pasted.strip() or pasted not in page
    fields = {"step": "provider", "path": "", "pasted": pasted, "pasted_into": "path"}
    assert login(alice).post(url(dataset), fields).status_code == 204


def test_the_place_goes_along_to_another_way_into_the_same_cloud(login: Login, alice: User, dataset: Dataset) -> None:
    page = login(alice).get(url(dataset), {"step": "access", "provider": "S3", **OPEN}).content.decode()
    role = "?step=access&amp;provider=S3&amp;path=s3%3A%2F%2Facme-raw%2Fstreet%2F&amp;region=eu-central-1"
    assert f"{role}&amp;access_key_id=AKIAEXAMPLE&amp;provider=S3DelegatedAccess" in page.replace("&amp;amp;", "&amp;")
    query = {"step": "access", "provider": "S3DelegatedAccess", **OPEN}
    page = login(alice).get(url(dataset), query).content.decode()
    assert 'value="s3://acme-raw/street/"' in page
    assert 'value="eu-central-1"' in page
