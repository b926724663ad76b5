"""Links for cloud admins: who makes them, what they show and what they don't, and when they end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from clouds import CloudConfig, parse_config
from clouds.policies import Place
from datasets.models import Dataset, SharedAccess, SharedWith
from datasources import services, tasks
from datasources.checks import pruning
from datasources.grant_links import addresses, pages
from datasources.grant_links import services as grant_links
from datasources.models import CheckState, Datasource, GrantLink, Outcome, PermissionCheck, Purpose, Trigger
from datasources.settings.timeline import who
from teams.models import AuditEntry, Membership, User
from tests.conftest import SECRET, Login, s3_fields

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(tasks, "dispatch", (sent := list[str]()).append)
    return sent


@pytest.fixture
def datasource(dataset: Dataset, alice: User, s3_config: CloudConfig) -> Datasource:
    """Its check found that it may list, and not read."""
    check = services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    finish(check, s3_config, read="denied")
    return check.datasource


@pytest.fixture
def link(datasource: Datasource, alice: User) -> GrantLink:
    alice.name = "Alice Liddell"
    alice.save()
    return grant_links.make(datasource=datasource, by=alice)


def finish(check: PermissionCheck, config: CloudConfig, *, read: str) -> None:
    """As a worker would, with words of its own so that they can be told apart."""
    words = {"milliseconds": 5, "code": "", "how_to_be_sure": "", "command": "", "field": ""}
    green = words | {"state": "granted", "cause": "", "summary": "s3:ListBucket saw first-file.jpg", "fix": ""}
    green |= {"tried": "List the names", "answered": "It worked.", "likely_cause": "", "place": {}}
    red = words | {"state": "denied", "cause": "denied", "summary": "denied: s3:GetObject"}
    red |= {"tried": "Read the first byte of first-file.jpg", "answered": "403 AccessDenied"}
    red |= {"likely_cause": "The user may not read.", "fix": "Grant it.", "place": Place.of(config).as_dict()}
    check.verdicts = {"list": green, "read": red if read == "denied" else green}
    check.outcome = Outcome.RED if read == "denied" else Outcome.GREEN
    check.state, check.finished_at = CheckState.DONE, timezone.now()
    check.similar = ["s3://acme-raw/secret-project/"]
    check.save()


def manage_url(dataset: Dataset) -> str:
    return reverse("datasources:grant_links", args=[dataset.pk, "input"])


def seen(answer: Any) -> str:
    """What is on the page, without the token against forged forms, of which no two are spelled the same."""
    return re.sub(r'"X-CSRFToken": "\w+"', "", answer.content.decode())


def stamps(html: str) -> dict[str, str]:
    """What the bulbs on the page ask with."""
    address = html.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def log() -> list[str]:
    return [
        str(entry) for entry in AuditEntry.objects.filter(action__startswith="GRANT_LINK").order_by("created_at", "pk")
    ]


class TestMaking:
    def test_alice_makes_copies_and_revokes_one_and_the_log_tells(
        self, login: Login, alice: User, dataset: Dataset, datasource: Datasource
    ) -> None:
        page = login(alice)
        assert page.post(manage_url(dataset))["Location"] == manage_url(dataset)
        link = GrantLink.objects.get()
        answer = page.get(manage_url(dataset))
        assert f"http://testserver{addresses.path_of(link)}" in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        revoke = reverse("datasources:revoke_grant_link", args=[dataset.pk, "input", link.pk])
        assert page.post(revoke)["Location"] == manage_url(dataset)
        assert not GrantLink.objects.exists()
        assert page.post(revoke).status_code == 302  # twice is harmless, and logged once
        assert log() == [
            "alice@example.com made a link for a cloud admin: Input of street-scenes",
            "alice@example.com revoked a link for a cloud admin: Input of street-scenes",
        ]

    def test_in_the_dialog_it_stays_there(self, login: Login, alice: User, dataset: Dataset, link: GrantLink) -> None:
        html = login(alice).post(manage_url(dataset), headers=HTMX).content.decode()
        assert "The link is ready" in html
        assert html.count("/revoke/") == 2 * 2  # hx-post and action
        assert "<html" not in html

    def test_the_settings_lead_there_for_who_may_edit(
        self, login: Login, alice: User, bob: User, dataset: Dataset, datasource: Datasource
    ) -> None:
        settings = reverse("datasources:settings", args=[dataset.pk, "input"])
        assert manage_url(dataset) in login(alice).get(settings).content.decode()
        assert manage_url(dataset) not in login(bob).get(settings).content.decode()
        unsaved = reverse("datasources:settings", args=[dataset.pk, "lightly"])
        assert "admin-links" not in login(alice).get(unsaved).content.decode()

    def test_who_may_not_edit_makes_sees_and_revokes_none(
        self, login: Login, bob: User, charlie: User, dataset: Dataset, link: GrantLink
    ) -> None:
        revoke = reverse("datasources:revoke_grant_link", args=[dataset.pk, "input", link.pk])
        for person, status in ((bob, 403), (charlie, 404)):
            page = login(person)
            answers = page.get(manage_url(dataset)), page.post(manage_url(dataset)), page.post(revoke)
            assert [answer.status_code for answer in answers] == [status] * 3
        assert list(GrantLink.objects.all()) == [link]

    def test_a_link_of_another_datasource_is_not_revoked(
        self, login: Login, alice: User, dataset: Dataset, link: GrantLink, s3_config: CloudConfig
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=s3_config, thumb_suffix="", by=alice)
        login(alice).post(reverse("datasources:revoke_grant_link", args=[dataset.pk, "lightly", link.pk]))
        assert list(GrantLink.objects.all()) == [link]

    def test_there_are_at_most_ten(self, login: Login, alice: User, dataset: Dataset, datasource: Datasource) -> None:
        for _ in range(grant_links.MOST_PER_DATASOURCE):
            login(alice).post(manage_url(dataset))
        answer = login(alice).post(manage_url(dataset))
        assert answer.status_code == 422
        assert "Revoke one first" in answer.content.decode()
        GrantLink.objects.filter(pk=GrantLink.objects.all()[0].pk).update(expires_at=timezone.now())
        assert login(alice).post(manage_url(dataset)).status_code == 302

    def test_nothing_is_stored_yet_so_there_is_nothing_to_send(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        for answer in (login(alice).get(manage_url(dataset)), login(alice).post(manage_url(dataset))):
            assert "Save this datasource first" in answer.content.decode()
        assert not GrantLink.objects.exists()


class TestPage:
    def test_a_stranger_sees_grant_reason_and_bulbs(self, client: Client, link: GrantLink) -> None:
        answer = client.get(addresses.path_of(link))
        html = answer.content.decode()
        assert answer.status_code == 200
        for words in (
            "s3://acme-raw/street/",
            "Alice (alice@example.com)",
            "It needs to list and to read.",
            "denied: s3:GetObject",
            "The user may not read.",
            "403 AccessDenied",
            "&quot;s3:GetObject&quot;",
            "Only what is missing.",
            "Everything this folder needs",
            "arn:aws:s3:::acme-raw/street/*",
            "bulb--denied",
        ):
            assert words in html, words

    def test_and_nothing_else(self, client: Client, link: GrantLink, dataset: Dataset, alice: User, bob: User) -> None:
        other = parse_config(s3_fields(fullPath="s3://acme-private/lightly/", s3AccessKeyId="AKIAOTHER"))
        services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=other, thumb_suffix="", by=alice)
        for path in (addresses.path_of(link), f"/grant/bulbs/?token={addresses.token_of(link)}"):
            html = client.get(path).content.decode()
            for hidden in (
                SECRET, "acme-private", "AKIAOTHER", "street-scenes", "Acme Vision", "Liddell", "bob@", "first-file",
                "secret-project", dataset.pk, link.datasource_id,
            ):  # fmt: skip
                assert hidden not in html, hidden

    def test_no_cache_no_search_engine_and_no_other_site_learns_its_address(
        self, client: Client, link: GrantLink
    ) -> None:
        token = addresses.token_of(link)
        answers = [client.get(f"/grant/?token={token}"), client.get(f"/grant/bulbs/?token={token}")]
        answers += [client.get("/grant/?token=wrong"), client.post(f"/grant/check/?token={token}")]
        for answer in answers:
            assert answer["Referrer-Policy"] == "no-referrer"
            assert "noindex" in answer["X-Robots-Tag"]
            assert "no-store" in answer["Cache-Control"]
        assert 'name="robots" content="noindex' in answers[0].content.decode()

    def test_the_first_opening_is_logged_and_no_other(self, client: Client, link: GrantLink) -> None:
        for _ in range(3):
            client.get(addresses.path_of(link))
        assert log()[1:] == ["Somebody opened a link for a cloud admin: Input of street-scenes"]
        link.refresh_from_db()
        assert link.opened_at is not None

    def test_settings_that_cannot_be_read_are_no_crash(self, client: Client, link: GrantLink) -> None:
        Datasource.objects.update(sealed_config="nonsense")
        html = client.get(addresses.path_of(link)).content.decode()
        assert "Only what is missing." in html
        assert "Everything this folder needs" not in html

    def test_few_queries(
        self, client: Client, link: GrantLink, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        client.get(addresses.path_of(link))
        with django_assert_max_num_queries(8):
            client.get(addresses.path_of(link))


class TestBulbs:
    def test_nothing_is_sent_while_nothing_changes(self, client: Client, link: GrantLink) -> None:
        asked = stamps(client.get(addresses.path_of(link)).content.decode())
        assert client.get("/grant/bulbs/", asked).status_code == 204

    def test_bulbs_change_while_a_check_runs_and_the_texts_stay_until_it_ends(
        self, client: Client, link: GrantLink, s3_config: CloudConfig
    ) -> None:
        asked = stamps(client.get(addresses.path_of(link)).content.decode())
        check = services.check_again(datasource=link.datasource, by=None)
        assert check is not None
        html = client.get("/grant/bulbs/", asked).content.decode()
        assert "bulb--checking" in html
        assert "grant-texts" not in html
        asked = stamps(html)
        finish(check, s3_config, read="denied")
        html = client.get("/grant/bulbs/", asked).content.decode()
        assert "bulb--denied" in html
        assert "grant-texts" not in html  # somebody may be copying them, and they are the same
        check = services.check_again(datasource=link.datasource, by=None)
        assert check is not None
        finish(check, s3_config, read="granted")
        html = client.get("/grant/bulbs/", stamps(html)).content.decode()
        assert "bulb--denied" not in html
        assert "Everything is granted" in html
        assert "data-announce" in html
        assert 'id="grant-texts" hx-swap-oob="true"' in html
        assert "Only what is missing." not in html

    def test_an_open_page_goes_when_its_link_ends(self, client: Client, link: GrantLink) -> None:
        asked = stamps(client.get(addresses.path_of(link)).content.decode())
        link.delete()
        answer = client.get("/grant/bulbs/", asked)
        assert (answer.status_code, answer["HX-Refresh"]) == (404, "true")


class TestChecking:
    def test_a_visitor_may_check_again_and_the_history_names_it(
        self, link: GrantLink, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        strict = Client(enforce_csrf_checks=True)  # the token in the address is what counts, no cookie does
        with django_capture_on_commit_callbacks(execute=True):
            answer = strict.post(f"/grant/check/?token={addresses.token_of(link)}")
        assert answer["Location"] == addresses.path_of(link)
        check = PermissionCheck.objects.order_by("-queued_at")[0]
        assert sent == [check.pk]
        assert (check.trigger, check.requested_by, check.state) == (Trigger.LINK, None, CheckState.QUEUED)
        assert who(check) == "a cloud admin, with a link"

    def test_in_the_page_the_bulbs_answer(self, client: Client, link: GrantLink) -> None:
        answer = client.post(f"/grant/check/?token={addresses.token_of(link)}", headers={"HX-Request": "true"})
        assert "bulb--checking" in answer.content.decode()

    def test_twice_a_minute_for_all_links_of_a_datasource(
        self, client: Client, link: GrantLink, alice: User, s3_config: CloudConfig
    ) -> None:
        other = grant_links.make(datasource=link.datasource, by=alice)
        answers = []
        for asked in (link, other, link, other):
            answers.append(client.post(f"/grant/check/?token={addresses.token_of(asked)}"))
            for check in PermissionCheck.objects.filter(state=CheckState.QUEUED):
                finish(check, s3_config, read="denied")
        assert [answer.status_code for answer in answers] == [302, 302, 429, 429]
        assert "Wait a minute" in answers[-1].content.decode()
        part = client.post(f"/grant/check/?token={addresses.token_of(link)}", headers={"HX-Request": "true"})
        assert part.status_code == 200  # so that htmx shows it
        assert "Wait a minute" in part.content.decode()
        assert PermissionCheck.objects.count() == 1 + 2

    def test_a_link_has_so_many_checks_and_no_more(self, client: Client, link: GrantLink) -> None:
        GrantLink.objects.update(checks_asked=grant_links.MOST_CHECKS)
        answer = client.post(f"/grant/check/?token={addresses.token_of(link)}")
        assert answer.status_code == 429
        assert "Ask alice@example.com to check again" in answer.content.decode()
        assert PermissionCheck.objects.count() == 1

    def test_looking_checks_nothing(self, client: Client, link: GrantLink) -> None:
        assert client.get(f"/grant/check/?token={addresses.token_of(link)}").status_code == 405
        client.get(addresses.path_of(link))
        assert PermissionCheck.objects.count() == 1


class TestEnd:
    """However a link ends, and whatever is wrong with one: the same answer."""

    @pytest.fixture
    def ended(self, client: Client, link: GrantLink) -> str:
        return seen(client.get("/grant/?token=wrong"))

    def assert_ended(self, client: Client, link: GrantLink, ended: str) -> None:
        for path in ("/grant/", "/grant/bulbs/"):
            answer = client.get(path, {"token": addresses.token_of(link)})
            assert (answer.status_code, seen(answer)) == (404, ended)
        assert client.post(f"/grant/check/?token={addresses.token_of(link)}").status_code == 404

    @pytest.mark.parametrize("token", ["", "wrong", "a" * 24, "\0", "ä:ö", "a" * 24 + ":" + "x" * 43, "x" * 5000])
    def test_wrong_ones(self, client: Client, link: GrantLink, ended: str, token: str) -> None:
        answer = client.get("/grant/", {"token": token})
        assert (answer.status_code, seen(answer)) == (404, ended)
        assert "Ask whoever sent it to you for a new one" in ended

    def test_another_links_signature_opens_nothing(
        self, client: Client, link: GrantLink, alice: User, ended: str
    ) -> None:
        other = grant_links.make(datasource=link.datasource, by=alice)
        forged = f"{link.pk}:{addresses.token_of(other).partition(':')[2]}"
        assert seen(client.get("/grant/", {"token": forged})) == ended

    def test_after_seven_days(self, client: Client, link: GrantLink, ended: str) -> None:
        assert link.expires_at - link.created_at == timedelta(days=7)
        GrantLink.objects.update(expires_at=timezone.now())
        self.assert_ended(client, link, ended)

    def test_when_it_is_revoked(self, client: Client, link: GrantLink, alice: User, ended: str) -> None:
        assert grant_links.revoke(datasource=link.datasource, link_id=link.pk, by=alice)
        self.assert_ended(client, link, ended)

    def test_with_the_datasource(
        self, client: Client, link: GrantLink, alice: User, dataset: Dataset, s3_config: CloudConfig, ended: str
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.INPUT_OUTPUT, config=s3_config, thumb_suffix="", by=alice)
        self.assert_ended(client, link, ended)

    def test_with_the_dataset(self, client: Client, link: GrantLink, dataset: Dataset, ended: str) -> None:
        dataset.delete()
        self.assert_ended(client, link, ended)

    def test_when_its_maker_is_disabled(self, client: Client, link: GrantLink, ended: str) -> None:
        User.objects.update(is_active=False)
        self.assert_ended(client, link, ended)

    def test_when_its_maker_may_no_longer_edit(
        self, client: Client, datasource: Datasource, dataset: Dataset, alice: User, charlie: User, ended: str
    ) -> None:
        access = SharedAccess.objects.create(dataset=dataset)
        shared = SharedWith.objects.create(shared_access=access, email=charlie.email)
        link = grant_links.make(datasource=datasource, by=charlie)
        assert client.get(addresses.path_of(link)).status_code == 200
        assert link in grant_links.links_of(datasource)
        shared.delete()
        self.assert_ended(client, link, ended)
        assert link not in grant_links.links_of(datasource)

    def test_when_its_maker_leaves_the_team(self, client: Client, link: GrantLink, alice: User, ended: str) -> None:
        Membership.objects.filter(user=alice).delete()
        self.assert_ended(client, link, ended)

    def test_what_has_ended_is_forgotten(self, link: GrantLink, alice: User) -> None:
        over = grant_links.make(datasource=link.datasource, by=alice)
        GrantLink.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        pruning.prune()
        assert list(GrantLink.objects.all()) == [link]


class TestThrottle:
    def test_who_tries_many_tokens_waits(
        self, client: Client, link: GrantLink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "MOST_WRONG_TOKENS_A_MINUTE", 3)
        answers = [client.get("/grant/", {"token": f"wrong-{n}"}).status_code for n in range(5)]
        assert answers == [404, 404, 404, 429, 429]
        assert "Wait a minute" in client.get("/grant/", {"token": "wrong"}).content.decode()
        assert client.get("/grant/", {"token": "wrong"}, REMOTE_ADDR="192.0.2.7").status_code == 404
        # Who has a link is not kept out by others behind the same address.
        assert client.get(addresses.path_of(link)).status_code == 200

    def test_so_does_who_asks_all_the_time(
        self, client: Client, link: GrantLink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "MOST_REQUESTS_A_MINUTE", 2)
        answers = [client.get(addresses.path_of(link)).status_code for _ in range(4)]
        assert answers == [200, 200, 429, 429]

    def test_but_nobody_with_another_link_behind_the_same_address(
        self, client: Client, link: GrantLink, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "MOST_REQUESTS_A_MINUTE", 1)
        other = grant_links.make(datasource=link.datasource, by=alice)
        answers = [client.get(addresses.path_of(each)).status_code for each in (link, link, other)]
        assert answers == [200, 429, 200]
