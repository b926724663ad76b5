"""The notification settings: Alice (owner), Bob (member of the team), Charlie (outsider)."""

import re

import pytest
from django.urls import reverse
from pytest_django import Settings

from notifications.models import NotificationSettings
from notifications.webhooks.services import save_webhook
from teams.models import Membership, Role, Team, User
from tests.conftest import Login

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
SETTINGS = "/notifications/settings/"
GOOD = "https://hooks.example.com/lightly"


def team_url(name: str, team: Team) -> str:
    app = "datasources" if name == "interval" else "notifications"
    return reverse(f"{app}:{name}", args=[team.pk])


def test_defaults_are_shown_and_choices_kept(login: Login, bob: User) -> None:
    client = login(bob)
    text = client.get(SETTINGS).content.decode()
    assert re.search(r'value="OWN"[^>]+checked', text)
    assert NotificationSettings.objects.count() == 0
    assert client.post(SETTINGS, {"scope": "TEAM", "mail_recovered": "on"}).status_code == 302
    chosen = NotificationSettings.objects.get()
    assert (chosen.user, chosen.scope) == (bob, "TEAM")
    assert chosen.mail_choices.pop("recovered") is True
    assert chosen.mail_choices == dict.fromkeys(["broken", "expiring", "run-finished", "run-failed"], False)
    text = client.get(SETTINGS).content.decode()
    assert re.search(r'value="TEAM"[^>]+checked', text)
    assert client.post(SETTINGS, {"scope": "NONE"}).status_code == 302
    assert NotificationSettings.objects.get().scope == "NONE"


def test_a_wrong_choice_is_told(login: Login, alice: User) -> None:
    for scope in ("EVERYTHING", ""):
        answer = login(alice).post(SETTINGS, {"scope": scope})
        assert answer.status_code == 422
        assert "Choose one of these." in answer.content.decode()


def test_the_page_says_when_no_mail_can_be_sent(login: Login, alice: User, settings: Settings) -> None:
    for sends in (False, True):
        settings.LIGHTLY_SENDS_MAIL = sends
        assert ("no mail server yet" in login(alice).get(SETTINGS).content.decode()) is not sends


def test_teams_are_for_owners_and_admins(login: Login, alice: User, bob: User, charlie: User, team: Team) -> None:
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
