"""The home page: its numbers follow the row that changed and lead to what they count; rows say which bulb is which."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clouds import PROVIDERS, CloudConfig
from datasets.models import Dataset, DatasetType
from datasets.services import create_dataset, share_dataset
from datasources import services, states, tasks
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from notifications.models import Notice
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    monkeypatch.setattr(tasks, "dispatch_all", lambda check_ids: True)


def connect(dataset: Dataset, config: CloudConfig, *purposes: Purpose, outcome: Outcome | None = None) -> None:
    """With a check that is open, or has this outcome."""
    for purpose in purposes:
        services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="", by=dataset.owner)
    if outcome:
        checks = PermissionCheck.objects.filter(datasource__dataset=dataset, datasource__purpose__in=purposes)
        checks.update(state=CheckState.DONE, outcome=outcome)
        states.repair()


def shown(client: Client, path: str = "/", **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def row_of(client: Client, dataset: Dataset, page: str = "http://testserver/") -> Any:
    headers = HTMX | {"HX-Current-URL": page}
    return client.get(reverse("dashboard:row", args=[dataset.pk]), headers=headers)


def ask_for(client: Client, *datasets: Dataset, knows: str = "", page: str = "http://testserver/") -> Any:
    """As rows.js asks for rows in which a check is open. `knows`: the ETag of what the page shows."""
    headers = HTMX | {"HX-Current-URL": page} | ({"If-None-Match": knows} if knows else {})
    rows = "-".join(dataset.pk for dataset in datasets)
    return client.get(reverse("dashboard:open_rows"), {"rows": rows}, headers=headers)


def stamps(text: str) -> str:
    """As an ETag, those of the rows on the page in which a check is open."""
    found = re.findall(r'<article class="dataset" id="dataset-(\w+)"[^>]* data-open="(\w+)"', text)
    return f'"{"-".join(f"{pk}.{stamp}" for pk, stamp in found)}"'


def numbers(text: str) -> dict[str, str]:
    """The words of each number above the list, by the state that its link chooses."""
    nav = re.search(r'<nav class="states".*?</nav>', text, re.DOTALL)
    assert nav
    links = re.findall(r'<a class="states__link" href="([^"]*)"[^>]*>(?:<span[^>]*></span>)?([^<]*)</a>', nav[0])
    assert links
    return {(re.search(r"state=(\w+)", url) or [""] * 2)[1]: words for url, words in links}


def names(text: str) -> list[str]:
    return re.findall(r'<a id="dataset-link-\w+"[^>]*>([^<]*)</a>', text)


class TestEverythingThatCountsFollowsTheRow:
    def test_a_row_that_changed_brings_all_of_it(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        client = login(alice)
        connect(dataset, s3_config, Purpose.INPUT, Purpose.LIGHTLY)
        page = shown(client)
        assert (numbers(page)["ready"], numbers(page)["checking"]) == ("0 ready", "1 being checked")
        connect(dataset, s3_config, Purpose.INPUT, Purpose.LIGHTLY, outcome=Outcome.GREEN)
        Notice.objects.create(user=alice, title="It works again")
        text = ask_for(client, dataset, knows=stamps(page)).content.decode()
        assert stamps(text) == '""'
        assert numbers(text)["ready"] == "1 ready"
        assert "<title>Datasets · Lightly Platform</title>" in text
        for part in ("summary", "first-steps", "bell"):
            assert re.search(rf'id="{part}"[^>]* hx-swap-oob="true"', text), part
        assert re.search(r'first-step--done">.{0,400}Connect Lightly', text, re.DOTALL)
        assert '<span class="badge">1' in text

    def test_the_title_counts_what_needs_attention(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        connect(dataset, s3_config, Purpose.INPUT, outcome=Outcome.RED)
        assert "<title>(1) Datasets · Lightly Platform</title>" in row_of(login(alice), dataset).content.decode()
        assert "<title>(1) Datasets · Lightly Platform</title>" in shown(login(alice), type="Videos")

    def test_a_row_that_is_as_it_was_brings_nothing(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        """It asks four times a second, and counting takes a while where there are ten thousand."""
        client = login(alice)
        connect(dataset, s3_config, Purpose.INPUT, Purpose.LIGHTLY)
        known = stamps(shown(client))
        with CaptureQueriesContext(connection) as same:
            answer = ask_for(client, dataset, knows=known)
        assert len(same) == 4  # session, person, second factor, and one for all rows
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", known)
        assert answer["Cache-Control"] == "private, no-cache"
        assert ask_for(client, dataset, knows=f"W/{known}").status_code == 304  # as proxies write it that compress
        connect(dataset, s3_config, Purpose.INPUT, outcome=Outcome.GREEN)  # one of two has ended
        text = ask_for(client, dataset, knows=known).content.decode()
        assert "hx-swap-oob" in text
        assert stamps(text) not in {known, '""'}
        assert ask_for(client, dataset, knows=stamps(text)).status_code == 304

    def test_one_request_for_all_rows_brings_those_that_changed(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        client, other = login(alice), create_dataset(name="other", owner=alice)
        for each in (dataset, other):
            connect(each, s3_config, Purpose.INPUT)
        known = stamps(shown(client))
        assert ask_for(client, other, dataset, knows=known).status_code == 304
        connect(other, s3_config, Purpose.INPUT, outcome=Outcome.RED)
        answer = ask_for(client, dataset, other, knows=known)
        assert names(answer.content.decode()) == ["other"]
        assert 'data-announce="other. Input: List unknown' in answer.content.decode()
        assert "check-finished" in answer["HX-Trigger"]
        # A proxy that takes the header away makes answers longer, and none wrong.
        assert sorted(names(ask_for(client, dataset, other).content.decode())) == ["other", dataset.name]

    def test_a_check_that_is_claimed_or_waits_for_a_worker_is_news(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        client = login(alice)
        connect(dataset, s3_config, Purpose.INPUT)
        known = stamps(shown(client))
        PermissionCheck.objects.update(queued_at=timezone.now() - timedelta(minutes=1), dispatched_at=timezone.now())
        answer = ask_for(client, dataset, knows=known)
        assert "No worker is answering." in answer.content.decode()
        PermissionCheck.objects.update(state=CheckState.RUNNING)
        answer = ask_for(client, dataset, knows=answer["ETag"])
        assert "being checked" in answer.content.decode()
        assert "HX-Trigger" not in answer

    def test_a_row_that_is_gone_leaves_the_page(
        self, login: Login, alice: User, charlie: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        """As for somebody who may no longer see it: the page learns no more than that."""
        connect(dataset, s3_config, Purpose.INPUT)
        known = stamps(shown(login(alice)))
        text = ask_for(login(charlie), dataset, knows=known).content.decode()
        assert f'<article id="dataset-{dataset.pk}" hx-swap-oob="delete">' in text
        assert dataset.name not in text

    @pytest.mark.parametrize("rows", ["", "x", "-".join(["0" * 24] * 1000), "\0"])
    def test_nonsense_is_no_error(self, login: Login, alice: User, rows: str) -> None:
        url = reverse("dashboard:open_rows")
        for known in ("", '"', "*", "x" * 3000):
            assert login(alice).get(url, {"rows": rows}, headers={"If-None-Match": known}).status_code in {200, 304}

    def test_the_numbers_keep_the_filters_of_the_page(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        create_dataset(name="another", owner=alice, dataset_type="Videos")
        connect(dataset, s3_config, Purpose.INPUT_OUTPUT, outcome=Outcome.GREEN)
        address = "http://testserver/?q=street&state=ready&type=Images&page=2"
        text = html.unescape(row_of(login(alice), dataset, page=address).content.decode())
        assert numbers(text) == {"": "1 dataset", "ready": "1 ready", "attention": "0 need attention"}
        assert 'href="/?q=street&state=ready&type=Images" aria-current="true"' in text


class TestFilters:
    @pytest.fixture
    def four(self, alice: User, s3_config: CloudConfig) -> Client:
        """One of each state, the ready one of videos."""
        green = create_dataset(name="green", owner=alice, dataset_type="Videos")
        red, half = (create_dataset(name=name, owner=alice) for name in ("red", "half"))
        connect(green, s3_config, Purpose.INPUT_OUTPUT, outcome=Outcome.GREEN)
        connect(red, s3_config, Purpose.INPUT, Purpose.LIGHTLY, outcome=Outcome.RED)
        connect(half, s3_config, Purpose.INPUT, outcome=Outcome.GREEN)
        create_dataset(name="bare", owner=alice)
        Datasource.objects.filter(dataset__name="half").update(provider="GCS", path="gs://acme-raw/half/")
        return Client()

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, ["bare", "green", "half", "red"]),
            ({"state": "ready"}, ["green"]),
            ({"state": "attention"}, ["red"]),
            ({"state": "unconfigured"}, ["bare", "half"]),
            ({"state": "unconfigured", "provider": "GCS"}, ["half"]),
            ({"state": "unconfigured", "q": "ba"}, ["bare"]),
            ({"provider": "S3"}, ["green", "red"]),
            ({"type": "Videos", "provider": "S3", "sort": "name"}, ["green"]),
            ({"type": "Crops"}, []),
            ({"state": "purple", "provider": "FTP", "type": "'", "sort": "x"}, ["bare", "green", "half", "red"]),
        ],
        ids=str,
    )
    @pytest.mark.usefixtures("four")
    def test_they_narrow_the_list_together(
        self, query: dict[str, str], expected: list[str], login: Login, alice: User
    ) -> None:
        assert sorted(names(shown(login(alice), **query))) == expected

    @pytest.mark.usefixtures("four")
    def test_each_number_leads_to_as_many_and_keeps_what_else_was_chosen(self, login: Login, alice: User) -> None:
        client = login(alice)
        page = shown(client, provider="S3", sort="name", page="1")
        assert numbers(page) == {"": "2 datasets", "ready": "1 ready", "attention": "1 needs attention"}
        assert 'href="/?state=attention&provider=S3&sort=name"' in page
        chosen = shown(client, provider="S3", sort="name", state="attention")
        assert names(chosen) == ["red"]
        assert re.search(r'href="/\?state=attention&provider=S3&sort=name" aria-current="true"', chosen)
        assert '<input type="hidden" name="state" value="attention">' in chosen
        assert '<option value="S3" selected>' in chosen
        assert numbers(chosen) == numbers(page)

    @pytest.mark.usefixtures("four")
    def test_nothing_found_says_so(self, login: Login, alice: User) -> None:
        client = login(alice)
        assert "No dataset matches" in shown(client, type="Crops")
        assert "Nothing here needs attention" in shown(client, state="attention", provider="GCS")
        assert "No dataset matches “zebra”" in shown(client, q="zebra", state="ready")

    @pytest.mark.usefixtures("four")
    def test_the_address_stays_short_while_typing(self, login: Login, alice: User) -> None:
        query = {"q": "gre", "provider": "", "type": "", "sort": "changed"}
        assert login(alice).get("/", query, headers=HTMX)["HX-Replace-Url"] == "/?q=gre"

    def test_outsiders_count_their_own(self, login: Login, charlie: User, four: Client) -> None:
        assert numbers(shown(login(charlie))) == {"": "0 datasets", "ready": "0 ready", "attention": "0 need attention"}


class TestCheckAllShown:
    def send(self, client: Client, datasets: list[Dataset], query: str = "") -> str:
        url = reverse("dashboard:check_shown") + query
        answer = client.post(url, {"dataset": [dataset.pk for dataset in datasets]}, follow=True)
        # What is being checked would not be in the list of one state.
        assert answer.redirect_chain == [(f"/{query.replace('state=unconfigured&', '')}", 302)]
        return html.unescape(answer.content.decode())

    def test_every_datasource_of_the_rows_is_checked_and_the_person_told_how_many(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        other = create_dataset(name="other", owner=alice)
        connect(dataset, s3_config, Purpose.INPUT, Purpose.LIGHTLY, outcome=Outcome.GREEN)
        connect(other, s3_config, Purpose.INPUT)  # its check is open: it is used, and no second one made
        page = shown(login(alice), state="unconfigured", sort="name")
        assert f'<input type="hidden" name="dataset" value="{other.pk}">' in page
        assert f'value="{dataset.pk}"' not in page
        text = self.send(login(alice), [dataset, other], "?state=unconfigured&sort=name")
        assert "3 datasources are being checked." in text
        assert PermissionCheck.objects.count() == 5
        assert {source.latest_check.state for source in Datasource.objects.all() if source.latest_check} == {"QUEUED"}
        assert set(PermissionCheck.objects.values_list("requested_by", flat=True)) == {alice.pk}

    def test_with_htmx_the_rows_change_where_they_are(
        self, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        connect(dataset, s3_config, Purpose.INPUT, Purpose.LIGHTLY, outcome=Outcome.RED)
        url = f"{reverse('dashboard:check_shown')}?state=attention"
        assert f'hx-post="{url}"' in shown(login(alice), state="attention")
        text = login(alice).post(url, {"dataset": [dataset.pk]}, headers=HTMX).content.decode()
        assert re.search(
            rf'<article class="dataset" id="dataset-{dataset.pk}"[^>]* data-open="\w+" hx-swap-oob="true"', text
        )
        assert (numbers(text)["attention"], numbers(text)["checking"]) == ("0 need attention", "1 being checked")
        assert "2 datasources are being checked." in text
        assert "<title>Datasets · Lightly Platform</title>" in text

    def test_what_one_may_only_look_at_is_left_out(
        self, login: Login, alice: User, bob: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        own = create_dataset(name="of bob", owner=bob)
        for each in (dataset, own):
            connect(each, s3_config, Purpose.INPUT, outcome=Outcome.GREEN)
        text = self.send(login(bob), [dataset, own])
        assert "1 datasource is being checked. 1 dataset was left out, as you may only look at it." in text
        assert PermissionCheck.objects.filter(datasource__dataset=dataset).count() == 1
        assert PermissionCheck.objects.filter(datasource__dataset=own).count() == 2

    def test_outsiders_check_nothing_unless_it_is_shared(
        self, login: Login, charlie: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        connect(dataset, s3_config, Purpose.INPUT, outcome=Outcome.GREEN)
        assert "No datasource here can be checked." in self.send(login(charlie), [dataset])
        assert PermissionCheck.objects.count() == 1
        share_dataset(dataset=dataset, emails=[charlie.email])
        assert "1 datasource is being checked." in self.send(login(charlie), [dataset])

    def test_nonsense_is_no_error(self, login: Login, alice: User) -> None:
        url = f"{reverse('dashboard:check_shown')}?page=²&state=x"
        answer = login(alice).post(url, {"dataset": ["\0", "x", "0" * 24]})
        assert (answer.status_code, answer["Location"]) == (302, "/")

    def test_it_is_offered_where_there_is_something_to_check(
        self, login: Login, alice: User, bob: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        assert "Check all shown" not in shown(login(alice))
        connect(dataset, s3_config, Purpose.INPUT)
        assert "Check all shown" in shown(login(alice))
        assert "Check all shown" not in shown(login(bob))


class TestRow:
    def test_bulbs_have_words(self, login: Login, alice: User, dataset: Dataset) -> None:
        text = shown(login(alice))
        words = re.findall(r'worded-bulb__word" aria-hidden="true">(\w+)</span>', text)
        assert words == ["List", "Read", "List", "Read", "Write", "Overwrite"]

    @pytest.mark.parametrize("kind", DatasetType.values)
    def test_one_neutral_drawing_by_type(self, kind: str, login: Login, alice: User) -> None:
        dataset = create_dataset(name="typed", owner=alice, dataset_type=kind)
        assert "tile--" not in shown(login(alice))
        for path in ("/", reverse("datasets:overview", args=[dataset.pk])):
            assert drawing(f"type-{kind.lower()}", shown(login(alice), path)), path

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_every_cloud_has_its_mark(
        self, provider: str, login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
    ) -> None:
        client, mark = login(alice), PROVIDERS[provider].mark
        connect(dataset, s3_config, Purpose.INPUT)
        Datasource.objects.update(provider=provider)
        assert drawing(mark, row_of(client, dataset).content.decode())
        for name in ("datasources:wizard", "datasources:settings"):
            assert drawing(mark, shown(client, reverse(name, args=[dataset.pk, "lightly"]))), name

    def test_no_two_clouds_share_one(self) -> None:
        marks = [provider.mark for provider in PROVIDERS.values() if provider.mark != "storage"]
        assert len(marks) == len(set(marks))


def drawing(name: str, text: str) -> bool:
    """Whether the page has the icon, and not merely its empty frame."""
    return re.search(rf'class="icon icon--{name}"[^>]*>\s*<(path|rect|ellipse|circle)', text) is not None
