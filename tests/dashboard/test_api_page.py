"""The page with the client's code, and "Python code" in the settings."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from clouds import PROVIDERS, CloudConfig, parse_config
from clouds.doctor import snippets
from dashboard import api_page
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import services, tasks
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.conftest import SECRET, Login, s3_fields

pytestmark = pytest.mark.django_db
PAGE = "/api/"
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def codes(html: str) -> dict[str, str]:
    """The page's pieces of code, by key."""
    found = re.findall(r'<pre id="code-([\w-]+)"[^>]*><code>(.*?)</code></pre>', html, re.DOTALL)
    return {key: unescape(text) for key, text in found}


def settings(dataset: Dataset, tab: str) -> str:
    return reverse("datasources:settings", args=[dataset.pk, tab])


class TestPage:
    def test_it_is_for_this_very_server(self, login: Login, alice: User) -> None:
        html = login(alice).get(PAGE, headers={"host": "localhost:1234"}).content.decode()
        assert "LIGHTLY_SERVER_LOCATION=http://localhost:1234\n" in codes(html)["environment"]
        assert 'href="/v1/docs"' in html
        assert 'href="/tokens/"' in html

    @pytest.mark.parametrize("version", snippets.CLIENT_VERSIONS)
    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_every_choice_gives_one_script(
        self, login: Login, alice: User, dataset: Dataset, version: str, provider: str
    ) -> None:
        query = {"client": version, "provider": provider, "dataset": dataset.pk}
        shown = codes(login(alice).get(PAGE, query).content.decode())
        assert list(shown) == ["environment", "create", "reuse", "configure", "verify", "list"]
        environment = shown.pop("environment")
        compile("\n".join(shown.values()), "snippet", "exec")
        assert f"lightly=={version}" in environment
        assert PROVIDERS[provider].client_method.name in shown["configure"]
        assert ('permissions["can_list"]' in shown["verify"]) == (version == "1.5.26")
        assert repr(dataset.pk) in shown["reuse"]

    def test_without_datasets_there_is_none_to_go_on_with(self, login: Login, alice: User) -> None:
        html = login(alice).get(PAGE).content.decode()
        assert "reuse" not in codes(html)
        assert 'name="dataset"' not in html

    def test_the_dataset_changed_last_is_chosen(self, login: Login, alice: User, dataset: Dataset) -> None:
        newest = create_dataset(name="newest", owner=alice)
        assert repr(newest.pk) in codes(login(alice).get(PAGE).content.decode())["reuse"]

    def test_a_dataset_too_old_for_the_list_can_be_asked_for(
        self, login: Login, alice: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api_page, "CHOICES", 1)
        create_dataset(name="newest", owner=alice)
        assert dataset.pk not in login(alice).get(PAGE).content.decode()
        html = login(alice).get(PAGE, {"dataset": dataset.pk}).content.decode()
        assert f'<option value="{dataset.pk}" selected>' in html
        assert html.count(f'value="{dataset.pk}"') == 1

    def test_outsiders_learn_nothing(
        self, login: Login, alice: User, bob: User, charlie: User, dataset: Dataset
    ) -> None:
        for member in (alice, bob):
            assert dataset.pk in login(member).get(PAGE).content.decode()
        assert dataset.pk not in login(charlie).get(PAGE).content.decode()
        assert login(charlie).get(PAGE, {"dataset": dataset.pk}).status_code == 404

    def test_strangers_are_sent_to_the_sign_in_page(self, client: Client, alice: User) -> None:
        assert client.get(PAGE)["Location"].startswith("/accounts/login/")

    @pytest.mark.parametrize("query", [{"client": "9"}, {"provider": "DROPBOX"}, {"client": "'", "provider": "<"}])
    def test_odd_choices_fall_back(self, login: Login, alice: User, query: dict[str, str]) -> None:
        assert codes(login(alice).get(PAGE, query).content.decode()) == codes(login(alice).get(PAGE).content.decode())

    def test_an_odd_dataset_is_not_found(self, login: Login, alice: User, dataset: Dataset) -> None:
        for odd in ("x", "'", "0" * 24, "\0", f"{dataset.pk}\n"):
            assert login(alice).get(PAGE, {"dataset": odd}).status_code == 404

    def test_it_only_shows(self, login: Login, alice: User) -> None:
        assert login(alice).post(PAGE).status_code == 405

    def test_it_is_current_in_the_navigation(self, login: Login, alice: User) -> None:
        for page, entry in ((PAGE, "API"), ("/tokens/", "API"), ("/", "Datasets")):
            html = login(alice).get(page).content.decode()
            (current,) = re.findall(r'class="nav__link"[^>]*aria-current="page">.*?</svg>\s*(\w+)</a>', html, re.DOTALL)
            assert current == entry


class TestTheSameInPython:
    @pytest.mark.parametrize("headers", [{}, IN_DIALOG])
    def test_it_shows_what_is_stored_but_no_secret(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig, headers: dict[str, str]
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=s3_config, thumb_suffix="t/[filename]", by=alice)
        html = login(alice).get(settings(dataset, "lightly"), headers=headers).content.decode()
        code = codes(html)["python"]
        compile(code, "snippet", "exec")
        for words in (dataset.pk, "set_s3_config", "s3://acme-raw/street/", "AKIAEXAMPLE", ".LIGHTLY", "t/[filename]"):
            assert words in code
        assert SECRET not in html

    def test_saving_shows_it_at_once(self, login: Login, alice: User, dataset: Dataset) -> None:
        typed = {
            "provider": "S3",
            "path": "s3://acme-raw/it's",
            "region": "eu-central-1",
            "access_key_id": "AKIA'\"\\",
            "secret_access_key": SECRET,
        }
        html = login(alice).post(settings(dataset, "input"), typed, headers=IN_DIALOG).content.decode()
        code = codes(html)["python"]
        compile(code, "snippet", "exec")
        assert repr("s3://acme-raw/it's/") in code
        assert repr("AKIA'\"\\") in code
        assert SECRET not in html

    def test_nothing_stored_nothing_shown(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=s3_config, thumb_suffix="", by=alice)
        assert "Python code" not in login(alice).get(settings(dataset, "input")).content.decode()

    def test_one_that_serves_as_both_says_so(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.INPUT_OUTPUT, config=s3_config, thumb_suffix="", by=alice)
        for tab in ("input", "lightly"):
            html = login(alice).get(settings(dataset, tab)).content.decode()
            assert "DatasourcePurpose.INPUT_OUTPUT" in codes(html)["python"]

    def test_what_cannot_be_decrypted_is_left_out(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
        Datasource.objects.update(sealed_config="nonsense")
        answer = login(alice).get(settings(dataset, "input"))
        assert answer.status_code == 200
        assert "Python code" not in answer.content.decode()

    def test_while_another_provider_is_chosen_it_stays_as_stored(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        config = parse_config(s3_fields())
        services.save(dataset=dataset, purpose=Purpose.INPUT, config=config, thumb_suffix="", by=alice)
        html = login(alice).get(settings(dataset, "input"), {"provider": "AZURE"}).content.decode()
        assert "set_s3_config" in codes(html)["python"]
