"""The inbox: Alice (owner), Bob (member of the team), Charlie (outsider)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasources.models import CheckState, Datasource, PermissionCheck
from teams.models import User
from tests.conftest import Login
from tests.datasources.alerts.raising import raise_alerts
from tests.notifications.notices import notices

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
HTMX = {"HX-Request": "true"}
SETTINGS = "/notifications/settings/"


def unread(client: Client) -> str:
    """What the bell says."""
    found = re.search(r'class="badge">([\d+]+)', client.get("/inbox/bell/").content.decode())
    return found[1] if found else ""


def test_everybody_sees_their_own(login: Login, alice: User, bob: User, charlie: User) -> None:
    for user, count in ((alice, 2), (bob, 1)):
        notices(user, count)
    for user, count in ((alice, 2), (bob, 1), (charlie, 0)):
        text = login(user).get("/inbox/").content.decode()
        assert text.count('class="news ') == count
        assert text.count(f"of {user}</a>") == count
        assert unread(login(user)) == (str(count) if count else "")
    assert "Nothing has happened yet" in login(charlie).get("/inbox/").content.decode()


def test_nobody_is_sent_to_sign_in(client: Client, alice: User) -> None:
    for page in ("/inbox/", "/inbox/bell/", SETTINGS):
        assert client.get(page).status_code == 302


def test_marking_one_read(login: Login, alice: User) -> None:
    first, second = notices(alice, 2)
    client = login(alice)
    answer = client.post(f"/inbox/{first.pk}/read/", headers=HTMX).content.decode()
    assert "Mark read" not in answer
    assert 'id="bell"' in answer
    assert "hx-swap-oob" in answer
    assert unread(client) == "1"
    assert client.post(f"/inbox/{second.pk}/read/").status_code == 302  # without JavaScript
    assert unread(client) == ""


def test_marking_all_read_is_of_ones_own(login: Login, alice: User, bob: User) -> None:
    notices(alice, 30)
    notices(bob, 1)
    client = login(alice)
    assert "Mark all read" in client.get("/inbox/").content.decode()
    assert client.post("/inbox/read/").status_code == 302
    assert unread(client) == ""
    assert "Mark all read" not in client.get("/inbox/").content.decode()
    assert unread(login(bob)) == "1"


def test_somebody_elses_notice_is_404(login: Login, alice: User, bob: User, charlie: User) -> None:
    (notice,) = notices(alice, 1)
    for user in (bob, charlie):
        assert login(user).post(f"/inbox/{notice.pk}/read/").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_get_changes_nothing(login: Login, alice: User) -> None:
    (notice,) = notices(alice, 1)
    for path in (f"/inbox/{notice.pk}/read/", "/inbox/read/"):
        assert login(alice).get(path).status_code == 405
    login(alice).get("/inbox/")
    assert unread(login(alice)) == "1"


def test_pages(login: Login, alice: User) -> None:
    notices(alice, 60)
    text = login(alice).get("/inbox/?page=3").content.decode()
    assert text.count('class="news ') == 10
    assert "notice 059" in text
    assert login(alice).get("/inbox/?page=nonsense").status_code == 200


def test_the_number_of_queries_does_not_grow(login: Login, alice: User) -> None:
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


def test_parts_of_pages_do_not_count(login: Login, alice: User) -> None:
    """The number costs a query on full pages and with a row that has changed, not with every poll of a bulb."""
    raise_alerts(alice, 1)
    dataset = Datasource.objects.filter(purpose="INPUT")[0].dataset_id
    PermissionCheck.objects.update(state=CheckState.RUNNING)
    client, path = login(alice), f"/datasets/rows/?rows={dataset}"
    known = client.get(path, headers=HTMX)["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, headers=HTMX | {"If-None-Match": known}).status_code == 304
    assert not [query for query in captured if "teams_notice" in query["sql"]]


def test_a_finished_check_tells_the_bell(login: Login, alice: User) -> None:
    raise_alerts(alice, 1)
    dataset = Datasource.objects.filter(purpose="INPUT")[0].dataset_id
    paths = [f"/datasets/{dataset}/row/", f"/datasets/{dataset}/settings/input/permissions/"]
    for path in paths:
        assert "check-finished" in login(alice).get(path, headers=HTMX)["HX-Trigger"]
    PermissionCheck.objects.update(state=CheckState.RUNNING)
    for path in paths:
        assert "HX-Trigger" not in login(alice).get(path, headers=HTMX)


@pytest.mark.parametrize(
    ("path", "current"), [("/", "Datasets"), ("/datasets/new/", "Datasets"), ("/inbox/", "Inbox"), (SETTINGS, "")]
)
def test_the_sidebar_shows_where_one_is(login: Login, alice: User, path: str, current: str) -> None:
    text = login(alice).get(path).content.decode()
    links = re.findall(r'<a class="nav__link"[^>]*?( aria-current="page")?>.*?</svg>\s*(\w+)', text, re.DOTALL)
    assert [name for is_current, name in links if is_current] == ([current] if current else [])
