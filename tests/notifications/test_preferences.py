"""The inbox and the notification settings: Alice (owner), Bob (member of the team), Charlie (outsider)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from core import broker
from datasources.checks import pruning
from datasources.models import (
    Alert,
    CheckState,
    Datasource,
    PermissionCheck,
    Sending,
    Webhook,
    WebhookDelivery,
)
from notifications.preferences import save_webhook
from teams.models import Membership, Notice, NotificationSettings, Role, Team, User
from tests.conftest import Login
from tests.notifications.test_mails import raise_alerts

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SETTINGS = "/notifications/settings/"
GOOD = "https://hooks.example.com/lightly"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tasks: list[str] = []

    def send(task: str, *ids: str, priority: int = 0) -> bool:
        tasks.append(task)
        return True

    monkeypatch.setattr(broker, "send", send)
    return tasks


def notices(user: User, count: int, start: int = 0) -> list[Notice]:
    now = timezone.now()
    return Notice.objects.bulk_create(
        Notice(
            user=user,
            kind=Notice.Kind.values[number % 4],
            title=f"notice {number:03} of {user}",
            text="Why.\nWhat to do.",
            path="/",
            created_at=now - timedelta(minutes=number),
        )
        for number in range(start, start + count)
    )


def team_url(name: str, team: Team) -> str:
    room = "datasources" if name == "interval" else "notifications"
    return reverse(f"{room}:{name}", args=[team.pk])


def unread(client: Client) -> str:
    """What the bell says."""
    found = re.search(r'class="badge">([\d+]+)', client.get("/inbox/bell/").content.decode())
    return found[1] if found else ""


class TestInbox:
    def test_everybody_sees_their_own(self, login: Login, alice: User, bob: User, charlie: User) -> None:
        for user, count in ((alice, 2), (bob, 1)):
            notices(user, count)
        for user, count in ((alice, 2), (bob, 1), (charlie, 0)):
            text = login(user).get("/inbox/").content.decode()
            assert text.count('class="news ') == count
            assert text.count(f"of {user}</a>") == count
            assert unread(login(user)) == (str(count) if count else "")
        assert "Nothing has happened yet" in login(charlie).get("/inbox/").content.decode()

    def test_nobody_is_sent_to_sign_in(self, client: Client, alice: User) -> None:
        for page in ("/inbox/", "/inbox/bell/", SETTINGS):
            assert client.get(page).status_code == 302

    def test_marking_one_read(self, login: Login, alice: User) -> None:
        first, second = notices(alice, 2)
        client = login(alice)
        answer = client.post(f"/inbox/{first.pk}/read/", headers=HTMX).content.decode()
        assert "Mark read" not in answer
        assert 'id="bell"' in answer
        assert "hx-swap-oob" in answer
        assert unread(client) == "1"
        assert client.post(f"/inbox/{second.pk}/read/").status_code == 302  # without JavaScript
        assert unread(client) == ""

    def test_marking_all_read_is_of_ones_own(self, login: Login, alice: User, bob: User) -> None:
        notices(alice, 30)
        notices(bob, 1)
        client = login(alice)
        assert "Mark all read" in client.get("/inbox/").content.decode()
        assert client.post("/inbox/read/").status_code == 302
        assert unread(client) == ""
        assert "Mark all read" not in client.get("/inbox/").content.decode()
        assert unread(login(bob)) == "1"

    def test_somebody_elses_notice_is_404(self, login: Login, alice: User, bob: User, charlie: User) -> None:
        (notice,) = notices(alice, 1)
        for user in (bob, charlie):
            assert login(user).post(f"/inbox/{notice.pk}/read/").status_code == 404
        notice.refresh_from_db()
        assert notice.read_at is None

    def test_get_changes_nothing(self, login: Login, alice: User) -> None:
        (notice,) = notices(alice, 1)
        for path in (f"/inbox/{notice.pk}/read/", "/inbox/read/"):
            assert login(alice).get(path).status_code == 405
        login(alice).get("/inbox/")
        assert unread(login(alice)) == "1"

    def test_pages(self, login: Login, alice: User) -> None:
        notices(alice, 60)
        text = login(alice).get("/inbox/?page=3").content.decode()
        assert text.count('class="news ') == 10
        assert "notice 059" in text
        assert login(alice).get("/inbox/?page=nonsense").status_code == 200

    def test_the_number_of_queries_does_not_grow(self, login: Login, alice: User) -> None:
        def queries(path: str) -> int:
            client = login(alice)
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            return len(captured)

        notices(alice, 3)
        before = {path: queries(path) for path in ("/inbox/", "/inbox/bell/", "/")}
        notices(alice, 200, start=3)
        assert {path: queries(path) for path in before} == before
        assert before["/inbox/bell/"] <= 4  # session, person, second factor, number

    def test_parts_of_pages_do_not_count(self, login: Login, alice: User) -> None:
        """The number costs a query on full pages alone, not with every poll of a bulb."""
        raise_alerts(alice, 1)
        dataset = Datasource.objects.filter(purpose="INPUT")[0].dataset_id
        with CaptureQueriesContext(connection) as captured:
            assert login(alice).get(f"/datasets/{dataset}/row/", headers=HTMX).status_code == 200
        assert not [query for query in captured if "teams_notice" in query["sql"]]

    def test_a_finished_check_tells_the_bell(self, login: Login, alice: User) -> None:
        raise_alerts(alice, 1)
        dataset = Datasource.objects.filter(purpose="INPUT")[0].dataset_id
        paths = [f"/datasets/{dataset}/row/", f"/datasets/{dataset}/settings/input/permissions/"]
        for path in paths:
            assert "check-finished" in login(alice).get(path, headers=HTMX)["HX-Trigger"]
        PermissionCheck.objects.update(state=CheckState.RUNNING)
        for path in paths:
            assert "HX-Trigger" not in login(alice).get(path, headers=HTMX)


class TestSettings:
    def test_defaults_are_shown_and_choices_kept(self, login: Login, bob: User) -> None:
        client = login(bob)
        text = client.get(SETTINGS).content.decode()
        assert re.search(r'value="OWN"[^>]+checked', text)
        assert NotificationSettings.objects.count() == 0
        assert client.post(SETTINGS, {"scope": "TEAM", "mail_recovered": "on"}).status_code == 302
        chosen = NotificationSettings.objects.get()
        assert (chosen.user, chosen.scope) == (bob, "TEAM")
        assert (chosen.mail_broken, chosen.mail_recovered, chosen.mail_expiring) == (False, True, False)
        text = client.get(SETTINGS).content.decode()
        assert re.search(r'value="TEAM"[^>]+checked', text)
        assert client.post(SETTINGS, {"scope": "NONE"}).status_code == 302
        assert NotificationSettings.objects.get().scope == "NONE"

    def test_a_wrong_choice_is_told(self, login: Login, alice: User) -> None:
        for scope in ("EVERYTHING", ""):
            answer = login(alice).post(SETTINGS, {"scope": scope})
            assert answer.status_code == 422
            assert "Choose one of these." in answer.content.decode()

    def test_the_page_says_when_no_mail_can_be_sent(self, login: Login, alice: User, settings: Settings) -> None:
        for sends in (False, True):
            settings.LIGHTLY_SENDS_MAIL = sends
            assert ("no mail server yet" in login(alice).get(SETTINGS).content.decode()) is not sends

    def test_teams_are_for_owners_and_admins(
        self, login: Login, alice: User, bob: User, charlie: User, team: Team
    ) -> None:
        assert f"Webhook of {team.name}" in login(alice).get(SETTINGS).content.decode()
        assert f"Webhook of {team.name}" not in login(bob).get(SETTINGS).content.decode()
        save_webhook(team=team, url=GOOD, by=alice)
        posts = ["interval", "webhook", "webhook_secret", "webhook_test", "webhook_delete"]
        for name in posts:
            data = {"hours": "12", "url": "https://evil.example.com/"}
            assert login(bob).post(team_url(name, team), data).status_code == 403
            assert login(charlie).post(team_url(name, team), data).status_code == 404
            assert login(alice).get(team_url(name, team)).status_code == 405
        assert login(bob).get(team_url("deliveries", team)).status_code == 403
        assert login(charlie).get(team_url("deliveries", team)).status_code == 404
        team.refresh_from_db()
        assert (team.recheck_hours, team.webhook.url) == (6, GOOD)
        Membership.objects.filter(user=bob).update(role=Role.ADMIN)
        assert login(bob).post(team_url("interval", team), {"hours": "12"}).status_code == 302
        team.refresh_from_db()
        assert team.recheck_hours == 12

    @pytest.mark.parametrize(
        ("hours", "words"),
        [
            ("", "The number of hours is missing"),
            ("often", "not a whole number of hours"),
            ("1.5", "not a whole number of hours"),
            ("-1", "Less than 0 hours"),
            ("169", "At most 168 hours"),
            ("9" * 30, "At most 168 hours"),
        ],
    )
    def test_a_wrong_interval_is_told_beside_the_field(
        self, login: Login, alice: User, team: Team, hours: str, words: str
    ) -> None:
        answer = login(alice).post(team_url("interval", team), {"hours": hours})
        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_the_interval_is_shown_and_kept(self, login: Login, alice: User, team: Team) -> None:
        client = login(alice)
        answer = client.post(team_url("interval", team), {"hours": "0"}, follow=True)
        assert "no longer checked by themselves" in answer.content.decode()
        assert re.search(r'name="hours" value="0"', answer.content.decode())


class TestWebhookPage:
    def test_the_secret_is_in_one_answer_alone(self, login: Login, alice: User, team: Team) -> None:
        client = login(alice)
        answer = client.post(team_url("webhook", team), {"url": GOOD})
        text = answer.content.decode()
        secret = Webhook.objects.get().secret
        assert answer.status_code == 200
        assert secret in text
        assert "no-store" in answer["Cache-Control"]
        text = client.get(SETTINGS).content.decode()
        assert GOOD in text
        assert secret not in text
        assert client.post(team_url("webhook", team), {"url": f"{GOOD}/2"}).status_code == 302
        assert (Webhook.objects.get().url, Webhook.objects.get().secret) == (f"{GOOD}/2", secret)
        new = client.post(team_url("webhook_secret", team)).content.decode()
        assert Webhook.objects.get().secret in new
        assert secret not in new

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("", "The address is missing"),
            ("hooks", "not a web address"),
            ("ftp://hooks.example.com/", "not a web address"),
            ("https://", "not a web address"),
            ("https://hooks.example.com:port/", "not a web address"),
            ("https://hooks.example.com/bücket", "not a web address"),
            ("https://hooks.example.com/\r\nX-Evil: 1", "not a web address"),
            ("http://hooks.example.com/", "must begin with https://"),
            ("http://127.0.0.1:9000/", "must begin with https://"),
            ("https://me:password@hooks.example.com/", "Leave out user names"),
            ("https://hooks.example.com/#part", "Leave out user names"),
            (f"https://hooks.example.com/{'x' * 2000}", "at most 2000 characters"),
        ],
    )
    def test_a_wrong_address_is_told_beside_the_field(
        self, login: Login, alice: User, team: Team, url: str, words: str
    ) -> None:
        answer = login(alice).post(team_url("webhook", team), {"url": url})
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert Webhook.objects.count() == 0

    def test_plain_http_for_hosts_the_operator_allowed(
        self, login: Login, alice: User, team: Team, settings: Settings
    ) -> None:
        settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ("hooks.internal", "10.0.0.0/8")
        for url, status in (
            ("http://hooks.internal:9000/x", 200),
            ("http://10.1.2.3/x", 302),
            ("http://11.1.2.3/x", 422),
            ("http://evilhooks.internal/x", 422),
        ):
            assert login(alice).post(team_url("webhook", team), {"url": url}).status_code == status

    def test_a_test_shows_in_the_log(
        self, login: Login, alice: User, team: Team, django_capture_on_commit_callbacks: object
    ) -> None:
        client = login(alice)
        save_webhook(team=team, url=GOOD, by=alice)
        assert client.post(team_url("webhook_test", team)).status_code == 302
        text = client.get(team_url("deliveries", team), headers=HTMX).content.decode()
        assert "Waiting" in text
        assert "hx-trigger" in text
        WebhookDelivery.objects.update(state=Sending.SENT, attempts=1, status=204)
        text = client.get(team_url("deliveries", team), headers=HTMX).content.decode()
        assert "HTTP 204" in text
        assert "hx-trigger" not in text
        assert "data-announce" in text

    def test_without_a_webhook_there_is_nothing_to_test(self, login: Login, alice: User, team: Team) -> None:
        for name in ("webhook_test", "webhook_secret", "webhook_delete"):
            assert login(alice).post(team_url(name, team)).status_code == 404

    def test_removing_it(self, login: Login, alice: User, team: Team) -> None:
        save_webhook(team=team, url=GOOD, by=alice)
        assert login(alice).post(team_url("webhook_delete", team)).status_code == 302
        assert Webhook.objects.count() == 0

    def test_an_address_that_can_not_be_decrypted_leaves_the_page_alive(
        self, login: Login, alice: User, team: Team
    ) -> None:
        save_webhook(team=team, url=GOOD, by=alice)
        Webhook.objects.update(sealed_url="gibberish")
        assert login(alice).get(SETTINGS).status_code == 200


def test_old_news_is_forgotten(alice: User, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "KEPT_PER_DATASOURCE", 3)
    monkeypatch.setattr(pruning, "BATCH", 4)
    save_webhook(team=team, url=GOOD, by=alice)
    old, new = notices(alice, 2)
    raise_alerts(alice, 2)
    gone, kept = Alert.objects.order_by("pk")
    Notice.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=91))
    Alert.objects.filter(pk=gone.pk).update(created_at=timezone.now() - timedelta(days=91))
    long_ago = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.filter(alert=gone).update(state=Sending.SENT, finished_at=long_ago)
    datasource = kept.datasource
    for number in range(12):
        PermissionCheck.objects.create(
            datasource=datasource,
            revision=0,
            provider="S3",
            path="s3://b/",
            state=CheckState.QUEUED if number == 11 else CheckState.DONE,
            queued_at=timezone.now() - timedelta(hours=number + 1),
        )
    pruning.prune()
    assert not Notice.objects.filter(pk=old.pk).exists()
    assert Notice.objects.filter(pk=new.pk).exists()
    assert list(Alert.objects.all()) == [kept]
    assert list(WebhookDelivery.objects.values_list("alert", flat=True)) == [kept.pk]
    left = list(datasource.checks.order_by("-queued_at").values_list("state", flat=True))
    assert left == ["DONE"] * (1 + 3) + ["QUEUED"]  # the one that is shown and the one that is open don't count
    datasource.refresh_from_db()
    assert datasource.latest_check is not None


@pytest.mark.parametrize(
    ("path", "current"), [("/", "Datasets"), ("/datasets/new/", "Datasets"), ("/inbox/", "Inbox"), (SETTINGS, "")]
)
def test_the_sidebar_shows_where_one_is(login: Login, alice: User, path: str, current: str) -> None:
    text = login(alice).get(path).content.decode()
    links = re.findall(r'<a class="nav__link"[^>]*?( aria-current="page")?>.*?</svg>\s*(\w+)', text, re.DOTALL)
    assert [name for is_current, name in links if is_current] == ([current] if current else [])
