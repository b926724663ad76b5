"""Every page asks the same three questions: Alice (owner), Bob (member of the team), Charlie (outsider)."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clouds import PROVIDERS, CloudConfig
from datasets.models import Dataset
from datasources import services, states, tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose
from datasources.settings.bulbs import GIVEN_UP, NO_WORKER, NOT_REACHED
from datasources.settings.forms import open_names
from teams.models import User
from tests.conftest import SECRET, Login

pytestmark = pytest.mark.django_db
TYPED = {
    "provider": "S3",
    "path": "s3://acme-raw/street",
    "region": "eu-central-1",
    "access_key_id": "AKIAEXAMPLE",
    "secret_access_key": SECRET,
}
CORS = {
    "state": "refused",
    "origin": "https://lightly.example.com",
    "summary": "Browser access (CORS): not allowed for https://lightly.example.com.",
    "documents": [{"title": "CORS rules (JSON)", "where": "In the console.", "text": '[{"AllowedOrigins": ["<x>"]}]'}],
    "key_made_at": "",
}
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def check(dataset: Dataset, alice: User, s3_config: CloudConfig) -> PermissionCheck:
    return services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)


def url(name: str, dataset: Dataset, *more: str) -> str:
    """Of a page of this app; the names of others are whole."""
    return reverse(name if ":" in name else f"datasources:{name}", args=[dataset.pk, *more])


def pages(dataset: Dataset) -> list[str]:
    return [
        url("dashboard:row", dataset),
        url("settings", dataset, "input"),
        url("settings", dataset, "lightly"),
        url("permissions", dataset, "input"),
        url("cors", dataset, "input"),
        url("dataset", dataset),
        url("history", dataset),
        url("overview", dataset),
        url("datasets:overview", dataset),
    ]


def changes(dataset: Dataset) -> dict[str, dict[str, str]]:
    return {
        url("settings", dataset, "input"): TYPED,
        url("check_again", dataset, "input"): {},
        url("dataset", dataset): {"name": "night-scenes"},
    }


def test_what_to_run_for_the_typed_path_is_for_alice_and_bob_and_changes_nothing(
    login: Login, alice: User, bob: User, charlie: User, dataset: Dataset, check: PermissionCheck
) -> None:
    before = list(PermissionCheck.objects.values()), list(Dataset.objects.values())
    for tab in ("input", "lightly"):
        page = url("access", dataset, tab)
        answers = [login(person).post(page, TYPED).status_code for person in (alice, bob, charlie)]
        assert answers == [200, 200, 404]
        assert login(alice).get(page, TYPED).status_code == 405  # an address is logged, and might hold a secret
        assert Client().post(page, TYPED)["Location"].startswith("/accounts/login/")
    assert (list(PermissionCheck.objects.values()), list(Dataset.objects.values())) == before


@pytest.mark.parametrize("htmx", [False, True])
def test_alice_and_bob_may_look_and_charlie_gets_404(
    login: Login, alice: User, bob: User, charlie: User, dataset: Dataset, check: PermissionCheck, htmx: bool
) -> None:
    headers = IN_DIALOG if htmx else {}
    for page in pages(dataset):
        assert login(alice).get(page, headers=headers).status_code == 200
        assert login(bob).get(page, headers=headers).status_code == 200
        assert login(charlie).get(page, headers=headers).status_code == 404


def test_only_alice_may_change_anything(
    login: Login, alice: User, bob: User, charlie: User, dataset: Dataset, check: PermissionCheck
) -> None:
    for page, data in changes(dataset).items():
        assert login(charlie).post(page, data).status_code == 404
        assert login(bob).post(page, data).status_code == 403
    assert login(bob).post(url("dataset", dataset), {"confirm": dataset.name}).status_code == 403
    dataset.refresh_from_db()
    assert (dataset.name, PermissionCheck.objects.count()) == ("street-scenes", 1)
    for page, data in changes(dataset).items():
        assert login(alice).post(page, data).status_code == 302


def test_strangers_are_sent_to_the_sign_in_page(client: Client, dataset: Dataset) -> None:
    for page in [*pages(dataset), reverse("home"), reverse("datasets:create")]:
        assert client.get(page)["Location"].startswith("/accounts/login/")


def test_looking_changes_nothing(login: Login, alice: User, dataset: Dataset, check: PermissionCheck) -> None:
    before = list(PermissionCheck.objects.values()), list(Dataset.objects.values())
    for page in pages(dataset):
        login(alice).get(page)
    assert (list(PermissionCheck.objects.values()), list(Dataset.objects.values())) == before
    assert login(alice).get(url("check_again", dataset, "input")).status_code == 405


def test_bob_sees_who_may_change_it_and_no_buttons(
    login: Login, bob: User, dataset: Dataset, check: PermissionCheck
) -> None:
    html = login(bob).get(url("settings", dataset, "input")).content.decode()
    assert "alice@example.com" in html
    assert "Save and check" not in html
    assert "Check again" not in html
    assert "Delete this dataset" not in login(bob).get(url("dataset", dataset)).content.decode()


class TestHome:
    def test_without_datasets_it_leads_to_the_first_one(self, login: Login, alice: User) -> None:
        html = login(alice).get("/").content.decode()
        assert "Create your first dataset" in html
        assert reverse("datasets:create") in html

    def test_each_dataset_shows_both_datasources_with_their_bulbs(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        html = login(alice).get("/").content.decode()
        assert "s3://acme-raw/street/" in html
        assert "not configured" in html
        assert len(re.findall(r'class="bulb bulb--checking"', html)) == 2
        assert len(re.findall(r'class="bulb bulb--off"', html)) == 4

    def test_counts(self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig) -> None:
        for purpose in (Purpose.INPUT, Purpose.LIGHTLY):
            services.save(dataset=dataset, purpose=purpose, config=s3_config, thumb_suffix="", by=alice)
        for outcome, words in [
            (Outcome.GREEN, "1 dataset 1 ready 0 need attention"),
            (Outcome.RED, "1 dataset 0 ready 1 needs attention"),
            (Outcome.UNKNOWN, "1 dataset 0 ready 1 needs attention"),
        ]:
            PermissionCheck.objects.update(state=CheckState.DONE, outcome=outcome)
            states.repair()
            html = re.sub(r"<[^>]*>", " ", login(alice).get("/").content.decode())
            assert words in " ".join(html.split())

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("street", True),
            ("STREET", True),
            ("acme raw", True),
            ("acme nothing", False),
            ("%", False),
            ("' OR 1=1", False),
            ("<script>alert(1)</script>", False),
            ("\0", True),
        ],
    )
    def test_search_by_name_and_path(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck, query: str, found: bool
    ) -> None:
        html = login(alice).get("/", {"q": query}).content.decode()
        assert (f'id="dataset-{dataset.pk}"' in html) is found
        assert "<script>alert" not in html

    @pytest.mark.parametrize("query", [{"page": "abc"}, {"page": "999"}, {"page": "-1"}, {"sort": "nonsense"}])
    def test_odd_parameters_show_a_page_all_the_same(
        self, login: Login, alice: User, dataset: Dataset, query: dict[str, str]
    ) -> None:
        answer = login(alice).get("/", query)
        assert answer.status_code == 200
        assert dataset.name in answer.content.decode()


class TestPolling:
    """A fragment asks for itself again while a check is open, and not after. A script asks for rows of the home."""

    def polls(self, html: str) -> bool:
        return 'hx-trigger="load' in html or "data-open=" in html

    def test_it_goes_on_while_a_check_is_open_and_ends_with_it(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        fragments = [url(name, dataset) for name in ("dashboard:row", "overview")]
        fragments.append(url("permissions", dataset, "input"))
        for state in (CheckState.QUEUED, CheckState.RUNNING):
            PermissionCheck.objects.update(state=state)
            for fragment in fragments:
                assert self.polls(login(alice).get(fragment, headers=IN_DIALOG).content.decode())
        for state in (CheckState.DONE, CheckState.EXPIRED):
            PermissionCheck.objects.update(state=state, finished_at=timezone.now(), cors=CORS)
            for fragment in fragments:
                assert not self.polls(login(alice).get(fragment, headers=IN_DIALOG).content.decode())

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"dispatched_at": None, "queued_at": timezone.now() - timedelta(seconds=2)}, NOT_REACHED),
            ({"dispatched_at": timezone.now(), "queued_at": timezone.now() - timedelta(seconds=11)}, NO_WORKER),
            ({"state": CheckState.EXPIRED}, GIVEN_UP),
        ],
    )
    def test_it_says_when_nobody_works_on_it(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck, fields: dict[str, object], words: str
    ) -> None:
        PermissionCheck.objects.update(**fields)
        for fragment in (url("dashboard:row", dataset), url("permissions", dataset, "input")):
            html = login(alice).get(fragment, headers=IN_DIALOG).content.decode()
            assert words in html.replace("&#x27;", "'")


class TestSaving:
    def test_it_stores_and_answers_with_the_bulbs(self, login: Login, alice: User, dataset: Dataset) -> None:
        answer = login(alice).post(url("settings", dataset, "lightly"), TYPED, headers=IN_DIALOG)
        html = answer.content.decode()
        assert answer.status_code == 200
        assert f"dataset-changed-{dataset.pk}" in answer["HX-Trigger"]
        assert "bulb--checking" in html
        assert SECRET not in html
        assert dataset.datasources.get().purpose == "LIGHTLY"

    def test_without_htmx_it_redirects(self, login: Login, alice: User, dataset: Dataset) -> None:
        answer = login(alice).post(url("settings", dataset, "input"), TYPED)
        assert answer["Location"] == url("settings", dataset, "input")

    def test_mistakes_keep_what_was_typed_but_the_secret(self, login: Login, alice: User, dataset: Dataset) -> None:
        answer = login(alice).post(
            url("settings", dataset, "input"), TYPED | {"path": "nonsense", "region": "eu-north-1"}, headers=IN_DIALOG
        )
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "data-keep-typed" in html
        assert "nonsense" in html
        assert "eu-north-1" in html
        assert SECRET not in html
        assert not dataset.datasources.exists()

    def test_copied_credentials_serve_on_the_same_target(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        html = login(alice).get(url("settings", dataset, "lightly") + "?copy=1").content.decode()
        assert "AKIAEXAMPLE" in html
        assert SECRET not in html
        typed = TYPED | {"secret_access_key": "", "copied_from": "INPUT", "path": "s3://acme-raw/lightly/"}
        elsewhere = typed | {"path": "s3://other/lightly/"}
        assert login(alice).post(url("settings", dataset, "lightly"), elsewhere).status_code == 422
        assert login(alice).post(url("settings", dataset, "lightly"), typed).status_code == 302
        stored = dataset.datasources.get(purpose=Purpose.LIGHTLY).config
        assert stored.revealed()["s3SecretAccessKey"] == SECRET

    @pytest.mark.parametrize("tab", ["input", "lightly"])
    def test_a_datasource_that_serves_as_both_stays_one(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig, tab: str
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.INPUT_OUTPUT, config=s3_config, thumb_suffix="", by=alice)
        page = login(alice).get(url("settings", dataset, tab)).content.decode()
        assert "s3://acme-raw/street/" in page
        assert len(re.findall(r"bulb--l bulb--checking", page)) == 4
        typed = TYPED | {"secret_access_key": "", "path": "s3://acme-raw/other/"}
        assert login(alice).post(url("settings", dataset, tab), typed).status_code == 302
        datasource = dataset.datasources.get()
        assert (datasource.purpose, datasource.path) == ("INPUT_OUTPUT", "s3://acme-raw/other/")

    def test_an_unknown_provider_falls_back(self, login: Login, alice: User, dataset: Dataset) -> None:
        page = login(alice).get(url("settings", dataset, "input"), {"provider": "DROPBOX"})
        assert page.status_code == 200
        assert login(alice).post(url("settings", dataset, "input"), {"provider": "DROPBOX"}).status_code == 422


class TestDatasetTab:
    def test_rename(self, login: Login, alice: User, dataset: Dataset) -> None:
        answer = login(alice).post(url("dataset", dataset), {"name": "night-scenes"}, headers=IN_DIALOG)
        assert "named night-scenes now" in answer.content.decode()
        assert f"dataset-changed-{dataset.pk}" in answer["HX-Trigger"]

    def test_a_bad_name_is_told_and_the_old_one_stays(self, login: Login, alice: User, dataset: Dataset) -> None:
        answer = login(alice).post(url("dataset", dataset), {"name": "n/a"}, headers=IN_DIALOG)
        assert answer.status_code == 422
        assert "Letters, digits" in answer.content.decode()
        dataset.refresh_from_db()
        assert dataset.name == "street-scenes"

    def test_deleting_wants_the_name(self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck) -> None:
        for wrong in ("", "street", "STREET-SCENES"):
            answer = login(alice).post(url("dataset", dataset), {"confirm": wrong}, headers=IN_DIALOG)
            assert answer.status_code == 422
        assert Dataset.objects.exists()
        answer = login(alice).post(url("dataset", dataset), {"confirm": "street-scenes"}, headers=IN_DIALOG)
        assert answer["HX-Redirect"] == "/"
        assert not Dataset.objects.exists()
        assert not PermissionCheck.objects.exists()


class TestCreating:
    def test_it_leads_to_the_settings(self, login: Login, alice: User) -> None:
        answer = login(alice).post(reverse("datasets:create"), {"name": "street-scenes", "type": "Videos"})
        dataset = Dataset.objects.get()
        assert (dataset.owner, dataset.type) == (alice, "Videos")
        assert answer["Location"] == url("settings", dataset, "input")

    def test_in_the_dialog_the_home_page_opens_them_once(self, login: Login, alice: User) -> None:
        client = login(alice)
        data = {"name": "street-scenes", "type": "Images"}
        assert client.post(reverse("datasets:create"), data, headers=IN_DIALOG)["HX-Redirect"] == "/"
        opener = f'hx-get="{url("settings", Dataset.objects.get(), "input")}" hx-trigger="load"'
        assert opener in client.get("/").content.decode()
        assert opener not in client.get("/").content.decode()

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"name": "", "type": "Images"}, "The name is missing"),
            ({"name": "ab", "type": "Images"}, "at least 3"),
            ({"name": "a/b/c", "type": "Images"}, "Letters, digits"),
            ({"name": "street-scenes", "type": "Sounds"}, "valid choice"),
        ],
    )
    def test_mistakes_are_told(self, login: Login, alice: User, data: dict[str, str], words: str) -> None:
        answer = login(alice).post(reverse("datasets:create"), data)
        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_a_taken_name_is_told(self, login: Login, alice: User, dataset: Dataset) -> None:
        answer = login(alice).post(reverse("datasets:create"), {"name": dataset.name, "type": "Images"})
        assert answer.status_code == 422
        assert "already" in answer.content.decode()


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_the_form_shows_where_to_find_each_value_wherever_it_stands(
    login: Login, alice: User, dataset: Dataset, provider: str
) -> None:
    config_class = PROVIDERS[provider].config_class
    page, wizard = (reverse(f"datasources:{name}", args=[dataset.pk, "input"]) for name in ("settings", "wizard"))
    client = login(alice)
    for url, names in (
        (f"{page}?provider={provider}", list(config_class.fields())),
        (f"{page}?provider={provider}&dialog=1", list(config_class.fields())),
        (f"{wizard}?step=access&provider={provider}", open_names(config_class)),
        (f"{wizard}?step=credentials&provider={provider}", list(config_class.fields())),
    ):
        content = client.get(url).content.decode()
        for name in names:
            assert f'popovertarget="where-id_{name}"' in content, (url, name)
            assert f'id="where-id_{name}"' in content, (url, name)
        assert content.count("Where do I find this?</span>") == len(names), url
        assert f'href="/help/providers/#{PROVIDERS[provider].help_anchor}" target="_blank" rel="noopener"' in content, (
            url
        )
