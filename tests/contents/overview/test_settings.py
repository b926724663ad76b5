"""What a team's owners and admins choose on the notification page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contents.index.services import depth_of, sample_of
from contents.models import Depth, TeamIndexing
from notifications.preferences.pages import PAGE
from teams.models import AuditAction, AuditEntry, Team, User
from tests.conftest import Login

pytestmark = pytest.mark.django_db


def test_the_choice(login: Login, alice: User, team: Team) -> None:
    client, address = login(alice), reverse("contents:indexing", args=[team.pk])
    html = client.get(reverse(PAGE)).content.decode()
    assert address in html
    assert '<option value="LISTING" selected>' in html
    response = client.post(address, {"depth": "NEVER"}, follow=True)
    assert "are indexed only when somebody asks for it." in response.content.decode()
    assert depth_of(team.pk) == Depth.NEVER
    assert client.post(address, {"depth": "LISTING"}).status_code == 302
    assert depth_of(team.pk) == Depth.LISTING
    assert sample_of(team.pk) == 200
    client.post(address, {"depth": "SAMPLE", "sample": "50"})
    assert (depth_of(team.pk), sample_of(team.pk)) == (Depth.SAMPLE, 50)
    assert 'value="50"' in client.get(reverse(PAGE)).content.decode()
    assert TeamIndexing.objects.count() == 1
    told = AuditEntry.objects.filter(action=AuditAction.TEAM_CHANGED).values_list("target", flat=True)
    assert sorted(told) == [
        "new Input datasources are indexed: no",
        "new Input datasources are indexed: yes",
        "new Input datasources are indexed: yes, and 50 files of each are read",
    ]


@pytest.mark.parametrize("sent", [{}, {"depth": "EVERYTHING"}])
def test_what_is_no_choice(login: Login, alice: User, team: Team, sent: dict[str, str]) -> None:
    response = login(alice).post(reverse("contents:indexing", args=[team.pk]), sent)
    assert response.status_code == 422
    assert ("Choose what happens by itself." in response.content.decode()) is not bool(sent)
    assert not TeamIndexing.objects.exists()


@pytest.mark.parametrize(
    ("sample", "words"),
    [("0", "at least one file"), ("10001", "at most 10000 files"), ("many", "Enter a whole number.")],
)
def test_what_is_no_sample(login: Login, alice: User, team: Team, sample: str, words: str) -> None:
    sent = {"depth": "SAMPLE", "sample": sample}
    response = login(alice).post(reverse("contents:indexing", args=[team.pk]), sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not TeamIndexing.objects.exists()


def test_members_and_outsiders(login: Login, bob: User, charlie: User, team: Team) -> None:
    address = reverse("contents:indexing", args=[team.pk])
    assert login(bob).post(address, {"depth": "NEVER"}).status_code in {403, 404}
    assert login(charlie).post(address, {"depth": "NEVER"}).status_code == 404
    assert depth_of(team.pk) == Depth.LISTING
