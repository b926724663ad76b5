"""The command palette finds datasets by name and path, what is red, actions, pages, help, and nothing of strangers."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import Dataset
from datasets.services import create_dataset
from datasources.models import Datasource
from teams.models import User
from tests.conftest import Login
from tests.dashboard.test_queries import make_datasets

pytestmark = pytest.mark.django_db


def found(login: Login, user: User, search: str = "") -> dict[str, list[str]]:
    """The words of all options, by the title of their group."""
    text = html.unescape(login(user).get(reverse("dashboard:palette"), {"q": search}).content.decode())
    groups = re.split(r'role="group" aria-label="([^"]*)"', text)[1:]
    parts = zip(groups[::2], groups[1::2], strict=True)
    words = {title: re.findall(r"</svg>\s*<span>([^<]*)</span>", part) for title, part in parts}
    count = sum(len(options) for options in words.values())
    assert f'data-count="{count} result' in text
    assert text.count('role="option"') == count
    return words


def test_before_anything_is_typed_it_shows_what_is_red_and_where_to_go(login: Login, alice: User) -> None:
    make_datasets(alice, 6)
    words = found(login, alice)
    assert list(words) == ["Needs attention", "Do", "Go to"]
    assert sorted(words["Needs attention"]) == ["dataset 00000", "dataset 00003"]
    assert words["Do"] == ["New dataset", "Check all shown datasets again"]
    assert {"Datasets", "Inbox", "Team", "Help", "Notifications"} <= set(words["Go to"])


def test_many_red_ones_are_a_link(login: Login, alice: User) -> None:
    make_datasets(alice, 30)
    assert found(login, alice)["Needs attention"][5:] == ["All that need attention"]
    text = login(alice).get(reverse("dashboard:palette")).content.decode()
    assert 'data-url="/?state=attention"' in text


def test_datasets_by_name_and_path(login: Login, alice: User, dataset: Dataset) -> None:
    create_dataset(name="leaf-disease", owner=alice)
    make_datasets(alice, 1)
    Datasource.objects.update(path="gs://agri/leaf/")
    assert found(login, alice, "stre")["Datasets"] == ["street-scenes"]
    assert found(login, alice, "leaf")["Datasets"] == ["dataset 00000", "leaf-disease"]
    text = login(alice).get(reverse("dashboard:palette"), {"q": "street"}).content.decode()
    assert f'data-url="{reverse("datasets:overview", args=[dataset.pk])}"' in text


@pytest.mark.parametrize(
    ("search", "group", "words"),
    [
        ("new", "Do", "New dataset"),
        ("check all", "Do", "Check all shown datasets again"),
        ("inb", "Go to", "Inbox"),
        ("needs att", "Needs attention", "dataset 00000"),
        ("secur", "Help", "Security"),
    ],
)
def test_the_beginnings_of_words(search: str, group: str, words: str, login: Login, alice: User) -> None:
    make_datasets(alice, 1)
    assert any(option.startswith(words) for option in found(login, alice, search)[group])


def test_nothing_found_says_so(login: Login, alice: User) -> None:
    assert found(login, alice, "<zebra>") == {}
    text = login(alice).get(reverse("dashboard:palette"), {"q": "<zebra>"}).content.decode()
    assert "Nothing found for “&lt;zebra&gt;”" in text
    assert login(alice).get(reverse("dashboard:palette"), {"q": "a\0b " * 900}).status_code == 200


def test_strangers_find_nothing(login: Login, charlie: User, dataset: Dataset) -> None:
    for search in ("street", "scenes", dataset.pk):
        assert found(login, charlie, search).keys() <= {"Help"}


def test_who_is_in_no_team_is_offered_no_new_dataset(login: Login, db: None) -> None:
    stray = User.objects.create_user("stray@example.com")
    assert found(login, stray)["Do"] == ["Check all shown datasets again"]


@pytest.mark.parametrize("search", ["", "dataset"])
def test_as_many_questions_for_many_datasets(search: str, login: Login, alice: User) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            found(login, alice, search)
        return len(captured)

    make_datasets(alice, 20)
    questions()
    before = questions()
    make_datasets(alice, 100, start=20)
    assert questions() == before


def test_every_page_has_it_for_who_is_signed_in(login: Login, alice: User) -> None:
    assert f'hx-get="{reverse("dashboard:palette")}"' in login(alice).get("/inbox/").content.decode()
    login.client.logout()
    assert 'id="palette"' not in login.client.get("/accounts/login/").content.decode()
