"""What is pasted into the settings form or the guided way, without JavaScript and as the script asks for it."""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from typing import Any

import pytest
from django.urls import reverse

from clouds import CloudConfig
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.clouds.examples import SAS, SIGNATURE, service_account
from tests.clouds.pasting.texts import AWS_SECRET, KEY_ID
from tests.conftest import Call, Login

pytestmark = pytest.mark.django_db
SAS_URL = f"https://acmestore.blob.core.windows.net/images/street/?{SAS}"
AZURE = {"fullPath": "images/street/", "accountName": "acmestore", "accountKey": SAS}
CONSOLE = "https://s3.console.aws.amazon.com/s3/buckets/acme?region=eu-central-1&prefix=street/"
BLOCK = f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {AWS_SECRET}\n"
KEYS = {"s3AccessKeyId": KEY_ID, "s3SecretAccessKey": AWS_SECRET}
S3 = {"fullPath": "s3://acme/street/", "s3Region": "eu-central-1", **KEYS}
S3_TYPED = {
    "provider": "S3",
    "path": "s3://acme/street/",
    "region": "eu-central-1",
    "access_key_id": KEY_ID,
    "secret_access_key": AWS_SECRET,
}
ACCOUNT_KEY = f"DefaultEndpointsProtocol=https;AccountName=acmestore;AccountKey={'k' * 86}=="
OBS_TYPED = {
    "provider": "OBS",
    "path": "obs://media/street/",
    "endpoint": "https://obs.eu-de.otc.t-systems.com",
    "access_key_id": "H3Q1K2J7ZEXAMPLE",
    "secret_access_key": AWS_SECRET,
}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


class Form:
    def __init__(self, login: Login, user: User, dataset: Dataset) -> None:
        self.client, self.dataset = login(user), dataset

    def post(self, typed: dict[str, str], name: str = "settings", **more: Any) -> Any:
        return self.client.post(reverse(f"datasources:{name}", args=[self.dataset.pk, "input"]), typed, **more)

    def stored(self) -> dict[str, Any]:
        """What is stored now, as the REST API spells it, without its type."""
        fields = self.dataset.datasources.get().config.revealed()
        del fields["type"]
        return fields


@pytest.fixture
def form(login: Login, alice: User, dataset: Dataset) -> Form:
    return Form(login, alice, dataset)


def errors(answer: Any) -> dict[str, str]:
    found: dict[str, list[str]] = answer.context["panel"].form.errors
    return {name: " ".join(problems) for name, problems in found.items()}


def words(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({"provider": "AZURE", "path": SAS_URL}, AZURE),
        ({"provider": "AZURE", "sas_token": SAS_URL}, AZURE),
        ({"provider": "AZURE", "account": SAS_URL}, AZURE),
        ({"provider": "AZURE", "path": SAS_URL, "sas_token": SAS_URL, "account": "acmestore"}, AZURE),
        ({"provider": "S3", "path": SAS_URL}, AZURE),
        ({"provider": "GCS", "path": f'  "{SAS_URL.replace("&", "&amp;")}"\n'}, AZURE),
        (
            {
                "provider": "AZURE",
                "path": "images/street/",
                "sas_token": f"AccountName=acmestore;SharedAccessSignature={SAS}",
            },
            AZURE,
        ),
        ({**S3_TYPED, "path": CONSOLE, "region": ""}, S3),
        ({"provider": "S3", "path": CONSOLE, "secret_access_key": BLOCK}, S3),
        ({"provider": "S3", "path": CONSOLE, "access_key_id": BLOCK.replace("\n", "")}, S3),
        ({**S3_TYPED, "access_key_id": f'"{KEY_ID}",', "secret_access_key": f"\ufeff'{AWS_SECRET}'"}, S3),
        ({**S3_TYPED, "provider": "AZURE", "account": "", "path": "s3://acme/street"}, {}),
        (
            {"provider": "GCS", "path": "gs://acme/street/", "credentials": f"'{service_account()}'"},
            {"fullPath": "gs://acme/street/", "gcsProjectId": "acme-vision", "gcsCredentials": service_account()},
        ),
        (
            {**OBS_TYPED, "endpoint": "https://media.obs.eu-de.otc.t-systems.com"},
            {"obsEndpoint": "https://obs.eu-de.otc.t-systems.com", "fullPath": "obs://media/street/"},
        ),
        ({**OBS_TYPED, "endpoint": "media.obs.eu-de.otc.t-systems.com/"}, {"fullPath": "obs://media/street/"}),
        (
            {**OBS_TYPED, "endpoint": "", "path": "https://media.obs.eu-de.otc.t-systems.com/street/a.jpg"},
            {"obsEndpoint": "https://obs.eu-de.otc.t-systems.com", "fullPath": "obs://media/street/"},
        ),
    ],
)
@pytest.mark.parametrize("name", ["settings", "wizard"])
def test_it_is_understood_and_saved(form: Form, typed: dict[str, str], stored: dict[str, str], name: str) -> None:
    answer = form.post(typed, name)
    assert answer.status_code == 302, errors(answer)
    assert form.stored().items() >= stored.items()
    page = words(form.client.get(answer["Location"]))
    assert [secret for secret in (SIGNATURE, AWS_SECRET, "PRIVATE KEY") if secret in answer["Location"] + page] == []


def test_what_was_filled_in_is_said(form: Form) -> None:
    answer = form.post({"provider": "S3", "path": SAS_URL}, follow=True)
    assert "This belongs to Azure Blob Storage, so the provider was changed from AWS S3." in words(answer)
    assert "Filled in from a SAS URL: Container and path, Storage account, SAS token." in words(answer)


@pytest.mark.parametrize(
    ("typed", "field", "problem"),
    [
        # Each with the words for the field at fault. Nothing that may be a secret is in the page.
        ({"provider": "AZURE", "path": "images/", "sas_token": ACCOUNT_KEY}, "sas_token", "Make a SAS token instead"),
        ({"provider": "AZURE", "path": ACCOUNT_KEY}, "path", "Make a SAS token instead"),
        ({"provider": "S3", "path": ACCOUNT_KEY}, "path", "Make a SAS token instead"),
        ({**S3_TYPED, "region": "us-east-1", "path": CONSOLE}, "region", "says eu-central-1"),
        (
            {**S3_TYPED, "access_key_id": "AKIAOTHER7EXAMPLE", "secret_access_key": BLOCK},
            "access_key_id",
            f"says {KEY_ID}",
        ),
        ({"provider": "AZURE", "path": "other/", "sas_token": SAS_URL}, "path", "says images/street/"),
        (
            {"provider": "AZURE", "path": SAS_URL, "sas_token": SAS.replace("sp=", "sp=x")},
            "sas_token",
            "holds another value",
        ),
        ({**S3_TYPED, "secret_access_key": service_account()}, "secret_access_key", "which belongs to Google Cloud"),
        ({**S3_TYPED, "path": "https://eu-west-1.console.aws.amazon.com/s3/home"}, "path", "about no bucket"),
    ],
)
@pytest.mark.parametrize("name", ["settings", "wizard"])
def test_what_does_not_fit_is_said_beside_the_field(
    form: Form, typed: dict[str, str], field: str, problem: str, name: str
) -> None:
    answer = form.post(typed, name)
    assert answer.status_code == 422
    assert problem in errors(answer)[field]
    assert [secret for secret in (SIGNATURE, AWS_SECRET, "kkkk", "PRIVATE KEY") if secret in words(answer)] == []
    assert not Datasource.objects.exists()


def test_another_provider_is_chosen_and_what_is_missing_is_asked_for(form: Form) -> None:
    answer = form.post({**S3_TYPED, "path": "gs://acme/street/"})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"project_id", "credentials"}
    assert 'value="gs://acme/street/"' in words(answer)
    assert "so the provider was changed from AWS S3" in words(answer)


def test_what_is_stored_gives_way_to_what_is_pasted(
    form: Form, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    """Nobody typed it now, so it is no clash. The stored secret is still not aimed at another bucket."""
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    page = form.client.get(reverse("datasources:settings", args=[dataset.pk, "input"]))
    typed = {"provider": "S3", **page.context["panel"].form.open_values()}
    pasted = "https://acme.s3.us-west-2.amazonaws.com/street/"
    answer = form.post({**typed, "path": pasted})
    assert list(errors(answer)) == ["secret_access_key"]
    assert form.post({**typed, "path": pasted, "secret_access_key": AWS_SECRET}).status_code == 302
    assert form.stored().items() >= {"fullPath": "s3://acme/street/", "s3Region": "us-west-2"}.items()


class TestWhileTyping:
    """What the script sends as soon as something is pasted."""

    def paste(self, form: Form, typed: dict[str, str], into: str, text: str, name: str = "settings") -> Any:
        return form.post(typed | {"pasted": text, "pasted_into": into}, name, headers={"HX-Request": "true"})

    @pytest.mark.parametrize("name", ["settings", "wizard"])
    def test_fields_are_filled_and_the_secret_stays_in_the_browser(self, form: Form, name: str) -> None:
        answer = self.paste(form, {"provider": "S3", "step": "access"}, "path", SAS_URL, name)
        text = words(answer)
        assert answer.status_code == 200
        assert 'value="images/street/"' in text
        assert 'value="acmestore"' in text
        assert 'data-announce="This belongs to Azure' in text
        assert SIGNATURE not in text
        assert "This is missing" not in text
        (places,) = re.findall(r'data-pasted="([^"]*)"', answer.content.decode())
        first, behind = json.loads(html.unescape(places))["sas_token"]
        assert SAS_URL[first:behind] == SAS
        assert 'name="sas_token"' in text
        assert not Datasource.objects.exists()

    @pytest.mark.parametrize(
        ("into", "text"), [("path", "s3://acme/"), ("region", "eu-west-1"), ("", ""), ("nobody", "x")]
    )
    def test_ordinary_values_are_left_to_the_browser(self, form: Form, into: str, text: str) -> None:
        assert self.paste(form, {"provider": "S3"}, into, text).status_code == 204

    def test_a_secret_in_a_field_of_another_name_leaves_it(self, form: Form) -> None:
        answer = self.paste(form, {"provider": "S3"}, "secret_access_key", KEY_ID)
        assert f'value="{KEY_ID}"' in words(answer)
        assert answer.context["panel"].form.understood.places() == '{"secret_access_key": null}'

    def test_characters_are_counted_as_browsers_do(self, form: Form) -> None:
        text = f"😀\naws_secret_access_key = {AWS_SECRET}\n"
        answer = self.paste(form, {"provider": "S3"}, "path", text.replace("\n", "\r\n"))  # as forms are sent
        first, _ = json.loads(answer.context["panel"].form.understood.places())["secret_access_key"]
        assert first == text.index(AWS_SECRET) + 1

    def test_a_second_paste_replaces_what_the_first_filled_in(self, form: Form) -> None:
        answer = self.paste(form, {"provider": "S3"}, "path", CONSOLE)
        hidden = dict(re.findall(r'name="(filled\.\w+)" value="([^"]*)"', answer.content.decode()))
        assert hidden == {"filled.region": "eu-central-1"}
        typed = {"provider": "S3", "path": "s3://acme/street/", "region": "eu-central-1", **hidden}
        answer = self.paste(form, typed, "path", CONSOLE.replace("eu-central-1", "us-east-2"))
        assert 'value="us-east-2"' in words(answer)
        assert errors(answer) == {}
        # Who changed it meanwhile has said otherwise.
        answer = self.paste(form, typed | {"region": "eu-west-3"}, "path", CONSOLE)
        assert "says eu-central-1" in errors(answer)["region"]

    def test_what_is_refused_is_said_at_once(self, form: Form) -> None:
        answer = self.paste(form, {"provider": "AZURE"}, "sas_token", ACCOUNT_KEY)
        assert "Make a SAS token instead" in errors(answer)["sas_token"]
        assert answer.context["panel"].form.understood.places() == '{"sas_token": null}'
        assert "kkkk" not in words(answer)


class TestGuidedWay:
    def test_what_is_told_without_a_secret_goes_along_in_the_address(self, form: Form) -> None:
        answer = form.post({"step": "access", "provider": "S3", "path": CONSOLE}, "wizard")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer["Location"]).query))
        assert query == {
            "step": "credentials",
            "provider": "S3",
            "path": "s3://acme/street/",
            "region": "eu-central-1",
        }
        assert "Filled in from a URL of the S3 console" in words(form.client.get(answer["Location"]))

    def test_who_pasted_the_secret_too_is_there(self, form: Form) -> None:
        answer = form.post({"step": "access", "provider": "AZURE", "path": SAS_URL}, "wizard")
        assert answer["Location"].endswith("?step=check")
        assert form.stored() == AZURE

    def test_what_nobody_knows_never_gets_into_an_address(self, form: Form) -> None:
        answer = form.post({"step": "access", "provider": "S3", "path": AWS_SECRET}, "wizard")
        assert answer.status_code == 422
        assert "must start with s3://" in errors(answer)["path"]
        assert list(errors(answer)) == ["path"]

    def test_a_secret_alone_leads_to_the_page_that_asks_for_the_rest(self, form: Form) -> None:
        answer = form.post({"step": "access", "provider": "S3", "access_key_id": BLOCK}, "wizard")
        assert answer.status_code == 422
        assert set(errors(answer)) == {"path", "region"}
        assert 'name="secret_access_key"' in words(answer)
        assert AWS_SECRET not in words(answer)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"fullPath": CONSOLE}, "must start with s3://, not https://. This is a URL of the S3 console; the path would"),
        ({"fullPath": CONSOLE}, "This is a URL of the S3 console; the path would be s3://acme/street/"),
        ({"fullPath": "gs://acme/"}, "belongs to Google Cloud Storage; the path would be gs://acme/"),
        ({"fullPath": SAS_URL}, "Enter SAS token alone, in its own field."),
        ({"fullPath": ACCOUNT_KEY}, "Make a SAS token instead"),
        ({"s3SecretAccessKey": f'"{AWS_SECRET}"'}, "This has quotation marks around it"),
        ({"s3AccessKeyId": f"\ufeff{KEY_ID}"}, "byte order mark"),
        ({"s3SecretAccessKey": f"{AWS_SECRET},"}, "comma"),
        ({"s3SecretAccessKey": BLOCK}, "Access key ID would be"),
    ],
)
def test_the_api_stays_strict_and_says_what_it_saw(
    call: Call, alice: User, dataset: Dataset, config: dict[str, str], said: str
) -> None:
    answer = call(alice).put(
        f"/v1/datasets/{dataset.pk}/datasource", {"type": "S3", "purpose": "INPUT", **S3, **config}
    )
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert [secret for secret in (SIGNATURE, AWS_SECRET, "kkkk") if secret in answer.json()["error"]] == []
    assert not Datasource.objects.exists()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"accountKey": SAS_URL}, "This is an address. Give the part from the question mark on. This is a SAS URL;"),
        (
            {"fullPath": SAS_URL.partition("?")[0]},
            "not an address. This is a URL of Azure Blob Storage; Storage account",
        ),
    ],
)
def test_azures_rules_are_said_before_what_was_seen(
    call: Call, alice: User, dataset: Dataset, config: dict[str, str], said: str
) -> None:
    values = {"type": "AZURE", "purpose": "INPUT", **AZURE, **config}
    answer = call(alice).put(f"/v1/datasets/{dataset.pk}/datasource", values)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert SIGNATURE not in answer.json()["error"]
