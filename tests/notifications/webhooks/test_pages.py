"""What owners and admins see of their team's webhook, on the notification page."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from notifications.models import Sending, Webhook, WebhookDelivery
from notifications.webhooks.services import save_webhook
from teams.models import Team, User
from tests.conftest import Login

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
HTMX = {"HX-Request": "true"}
SETTINGS = "/notifications/settings/"
GOOD = "https://hooks.example.com/lightly"


def team_url(name: str, team: Team) -> str:
    return reverse(f"notifications:{name}", args=[team.pk])


def test_the_secret_is_in_one_answer_alone(login: Login, alice: User, team: Team) -> None:
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
        ("https://me:password@hooks.example.com/", "Remove user names"),
        ("https://hooks.example.com/#part", "Remove user names"),
        (f"https://hooks.example.com/{'x' * 2000}", "at most 2000 characters"),
    ],
)
def test_a_wrong_address_is_told_beside_the_field(login: Login, alice: User, team: Team, url: str, words: str) -> None:
    answer = login(alice).post(team_url("webhook", team), {"url": url})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Webhook.objects.count() == 0


def test_plain_http_for_hosts_the_operator_allowed(login: Login, alice: User, team: Team, settings: Settings) -> None:
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ("hooks.internal", "10.0.0.0/8")
    for url, status in (
        ("http://hooks.internal:9000/x", 200),
        ("http://10.1.2.3/x", 302),
        ("http://11.1.2.3/x", 422),
        ("http://evilhooks.internal/x", 422),
    ):
        assert login(alice).post(team_url("webhook", team), {"url": url}).status_code == status


def test_a_test_shows_in_the_log(
    login: Login, alice: User, team: Team, django_capture_on_commit_callbacks: object
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


def test_without_a_webhook_there_is_nothing_to_test(login: Login, alice: User, team: Team) -> None:
    for name in ("webhook_test", "webhook_secret", "webhook_delete"):
        assert login(alice).post(team_url(name, team)).status_code == 404


def test_removing_it(login: Login, alice: User, team: Team) -> None:
    save_webhook(team=team, url=GOOD, by=alice)
    assert login(alice).post(team_url("webhook_delete", team)).status_code == 302
    assert Webhook.objects.count() == 0


def test_an_address_that_can_not_be_decrypted_leaves_the_page_alive(login: Login, alice: User, team: Team) -> None:
    save_webhook(team=team, url=GOOD, by=alice)
    Webhook.objects.update(sealed_url="gibberish")
    assert login(alice).get(SETTINGS).status_code == 200
