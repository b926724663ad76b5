"""How often a team's datasources are checked: its part of the notification page."""

import re

import pytest

from teams.models import Team, User
from tests.conftest import Login

pytestmark = pytest.mark.django_db


def interval_url(team: Team) -> str:
    return f"/notifications/settings/{team.pk}/interval/"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("", "The number of hours is missing"),
        ("often", "not a whole number of hours"),
        ("1.5", "not a whole number of hours"),
        ("-1", "Enter 0 or more hours"),
        ("169", "Enter at most 168 hours"),
        ("9" * 30, "Enter at most 168 hours"),
    ],
)
def test_a_wrong_interval_is_told_beside_the_field(
    login: Login, alice: User, team: Team, hours: str, words: str
) -> None:
    answer = login(alice).post(interval_url(team), {"hours": hours})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_interval_is_shown_and_kept(login: Login, alice: User, team: Team) -> None:
    client = login(alice)
    answer = client.post(interval_url(team), {"hours": "0"}, follow=True)
    assert "no longer checked by themselves" in answer.content.decode()
    assert re.search(r'name="hours" value="0"', answer.content.decode())
