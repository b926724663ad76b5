"""The log as people read it: filtered, page by page, as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from teams.audit.export import COLUMNS
from teams.models import AuditEntry, Role, Team, User
from tests.conftest import PASSWORD, Call, Login, person

pytestmark = pytest.mark.django_db
ALICE, BOB = {"actor_name": "Alice", "actor_email": "alice@example.com"}, {"actor_name": "bob@example.com"}


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2030, 5, number, hour, tzinfo=UTC)


@pytest.fixture
def entries(team: Team) -> list[AuditEntry]:
    """Of several days, people and kinds; the newest last."""
    rows: list[dict[str, Any]] = [
        {"action": "INVITED", "target": "eve@example.com", "created_at": day(1), **ALICE},
        {"action": "DATASET_CREATED", "target": "night", "dataset_name": "night", "created_at": day(2), **BOB},
        {"action": "SIGN_IN_FAILED", "target": "bob@example.com", "address": "203.0.113.9", "created_at": day(3, 0)},
        {"action": "TOKEN_CREATED", "target": "server", "created_at": day(3, 23), **ALICE},
        {"action": "CHECK_STARTED", "target": "Input", "token_name": "robot", "created_at": day(4), **BOB},
    ]
    return AuditEntry.objects.bulk_create(AuditEntry(team=team, team_name=team.name, **row) for row in rows)


def page(team: Team) -> str:
    return reverse("teams:activity", args=[team.pk])


def export(team: Team) -> str:
    return reverse("teams:activity_export", args=[team.pk])


def shown(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [entry.target for entry in answer.context["entries"]]


def rows_of(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


FILTERS = [
    ({}, ["Input", "server", "bob@example.com", "night", "eve@example.com"]),
    ({"person": "ALICE"}, ["server", "eve@example.com"]),
    ({"person": "alice@example"}, ["server", "eve@example.com"]),
    ({"category": "sign-in"}, ["bob@example.com"]),
    ({"category": "tokens"}, ["server"]),
    ({"category": "work", "person": "bob"}, ["Input"]),
    ({"since": "2030-05-03"}, ["Input", "server", "bob@example.com"]),
    ({"until": "2030-05-02"}, ["night", "eve@example.com"]),
    ({"since": "2030-05-03", "until": "2030-05-03"}, ["server", "bob@example.com"]),
    ({"until": "9999-12-31", "since": "0001-01-01", "q": "night"}, ["night"]),
    ({"q": "robot"}, ["Input"]),
    ({"q": "203.0.113.9"}, ["bob@example.com"]),
    ({"q": "example.com eve"}, ["eve@example.com"]),
    ({"q": "nothing like this"}, []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=[str(query) for query, _ in FILTERS])
def test_filters(
    login: Login, alice: User, team: Team, entries: list[AuditEntry], query: dict[str, str], expected: list[str]
) -> None:
    client = login(alice)
    assert shown(client.get(page(team), query)) == expected
    found = rows_of(client.get(export(team), query))
    labels = {"night": "created the dataset", "Input": "started a check of", "server": "created the token"}
    labels |= {"bob@example.com": "failed to sign in as", "eve@example.com": "invited"}
    # The download is in the log itself, and so in what is downloaded, where the filter lets it.
    assert [row["what"] for row in found if row["action"] != "EXPORTED"] == [
        f"{labels[each]} {each}" for each in expected
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"category": "nonsense"}, "Select a valid choice"),
        ({"since": "yesterday"}, "This is not a date. For example: 2030-12-31"),
        ({"until": "2030-02-30"}, "This is not a date. For example: 2030-12-31"),
        ({"since": "2030-05-03", "until": "2030-05-02"}, "This day is before the first one."),
        ({"before": "3"}, "This is no page of the list."),
        ({"before": "99999999999999999999-" + "a" * 24}, "This is no page of the list."),
        ({"q": "a\0b"}, "Null characters are not allowed"),
        ({"person": "x" * 255}, "at most 254 characters"),
        ({"q": "x" * 201}, "at most 200 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_filter_is_told(
    login: Login, alice: User, team: Team, entries: list[AuditEntry], query: dict[str, str], words: str
) -> None:
    client = login(alice)
    answer = client.get(page(team), query)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert answer.context["entries"] == []
    download = client.get(export(team), query)
    assert download.status_code == 302
    followed = client.get(download["Location"])
    assert (followed.status_code, words in followed.content.decode()) == (422, True)


@pytest.mark.parametrize("before", ["9999999999999999-" + "f" * 24, "0-" + "0" * 24])
def test_a_made_up_page_is_no_crash(login: Login, alice: User, team: Team, before: str) -> None:
    assert login(alice).get(page(team), {"before": before}).status_code == 200


def test_pages_stay_what_they_are_while_new_entries_come(login: Login, alice: User, team: Team) -> None:
    """120 entries, of which many are of the same moment: each is on one page."""
    moment = timezone.now() - timedelta(days=1)
    AuditEntry.objects.bulk_create(
        AuditEntry(team=team, action="INVITED", target=f"p{n}", created_at=moment - timedelta(seconds=n // 40))
        for n in range(120)
    )
    client = login(alice)
    answer = client.get(page(team))
    seen = shown(answer)
    while following := answer.context["following"]:
        AuditEntry(team=team, action="ADDED", target="new").save()
        answer = client.get(page(team), {"before": following})
        seen += shown(answer)
    assert [len(seen), len(set(seen))] == [120, 120]
    assert "Newest" in answer.content.decode()
    assert shown(client.get(page(team)))[:2] == ["new"] * 2


@pytest.mark.parametrize("kind", ["page", "filtered", "csv", "admin", "admin csv"])
def test_queries_do_not_grow(client: Client, team: Team, kind: str) -> None:
    chief = person("chief@example.com", team, Role.OWNER)
    chief.is_staff = chief.is_superuser = True
    chief.save()
    client.force_login(chief, "teams.backends.PasswordBackend")
    paths = {
        "page": page(team),
        "filtered": f"{page(team)}?person=a&category=people&since=2020-01-01&q=p",
        "csv": export(team),
        "admin": "/admin/teams/auditentry/?category=people",
        "admin csv": "/admin/teams/auditentry/export.csv?category=people",
    }
    client.get(paths["page"])  # the first visit asks once whether anybody exists
    counts = []
    for more in (10, 190):
        AuditEntry.objects.bulk_create(
            AuditEntry(team=team, actor=chief, actor_name="Alice", action="INVITED", target=f"p{n}")
            for n in range(more)
        )
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(paths[kind])
            assert answer.status_code == 200
            if answer.streaming:
                assert len(rows_of(answer)) >= more
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


class TestWhoSeesIt:
    @pytest.mark.parametrize("url", [page, export], ids=["page", "csv"])
    def test_managers_of_this_team_alone(
        self, client: Client, login: Login, alice: User, bob: User, charlie: User, team: Team, url: Any
    ) -> None:
        admin, guest = person("adam@example.com", team, Role.ADMIN), person("guest@example.com", None)
        assert client.get(url(team)).status_code == 302
        for user, status in ((alice, 200), (admin, 200), (bob, 403), (charlie, 404), (guest, 404)):
            assert login(user).get(url(team)).status_code == status, user

    def test_nothing_of_other_teams(self, login: Login, charlie: User, alice: User, entries: list[AuditEntry]) -> None:
        own = charlie.teams.get()
        client = login(charlie)
        AuditEntry(team=None, action="SIGN_IN_FAILED", target="of no team").save()
        assert shown(client.get(page(own))) == []
        assert [row["action"] for row in rows_of(client.get(export(own)))] == ["EXPORTED"]

    def test_operators_see_all(self, login: Login, team: Team, entries: list[AuditEntry]) -> None:
        AuditEntry(team=None, action="SIGN_IN_FAILED", target="of no team").save()
        client = login(User.objects.create_superuser("chief@example.com", PASSWORD))
        html = client.get("/admin/teams/auditentry/").content.decode()
        assert "of no team" in html
        assert "eve@example.com" in html
        assert "/admin/teams/auditentry/export.csv" in html
        found = rows_of(client.get("/admin/teams/auditentry/export.csv", {"category": "sign-in"}))
        assert {row["what"] for row in found} == {
            "failed to sign in as of no team",
            "failed to sign in as bob@example.com",
        }
        found = rows_of(client.get("/admin/teams/auditentry/export.csv", {"q": "robot eve"}))
        assert found == []

    @pytest.mark.parametrize(
        "query", ["category=nonsense", "created_at__gte=never", "via=NONE", "team=%00", "actor=x", "q=%00", "o=99"]
    )
    def test_odd_filters_of_operators_are_no_crash(self, login: Login, query: str) -> None:
        client = login(User.objects.create_superuser("chief@example.com", PASSWORD))
        for path in ("/admin/teams/auditentry/", "/admin/teams/auditentry/export.csv"):
            assert client.get(f"{path}?{query}").status_code in {200, 302, 400}

    def test_who_only_looks_downloads_too(self, login: Login, bob: User) -> None:
        assert login(bob).get("/admin/teams/auditentry/export.csv").status_code == 302
        bob.is_staff = True
        bob.save()
        assert login(bob).get("/admin/teams/auditentry/export.csv").status_code == 200


HOSTILE = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "a;=1"]


def test_no_cell_is_run_by_a_spreadsheet(login: Login, alice: User, team: Team) -> None:
    columns = ("team_name", "actor_name", "actor_email", "token_name", "dataset_name", "address")
    AuditEntry.objects.bulk_create(
        AuditEntry(team=team, action="DATASET_CREATED", target="x", **dict.fromkeys(columns, text)) for text in HOSTILE
    )
    client = login(User.objects.create_superuser("chief@example.com", PASSWORD))
    everything = rows_of(client.get("/admin/teams/auditentry/export.csv", {"action__exact": "DATASET_CREATED"}))
    own = [row for row in rows_of(login(alice).get(export(team))) if row["action"] == "DATASET_CREATED"]
    for rows in (own, everything):
        assert len(rows) == len(HOSTILE)
        for row in rows:
            assert list(row) == COLUMNS
            for name in ("team", "who", "e-mail", "API token", "dataset", "address"):
                assert row[name].startswith("'") or row[name] == "a;'=1", row
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


def test_hostile_names_are_text_on_the_page(login: Login, alice: User, team: Team) -> None:
    AuditEntry(team=team, action="ADDED", actor_name="<b>x", target="<script>1</script>", token_name="<i>").save()
    html = login(alice).get(page(team), {"q": "<script>"}).content.decode()
    assert "&lt;script&gt;1&lt;/script&gt;" in html
    for raw in ("<b>x", "<script>1", "<i>"):
        assert raw not in html


class TestApi:
    def path(self, team: Team) -> str:
        return f"/v1/teams/{team.pk}/activity"

    @pytest.mark.parametrize(("query", "expected"), FILTERS, ids=[str(query) for query, _ in FILTERS])
    def test_the_same_filters(
        self,
        call: Call,
        alice: User,
        team: Team,
        entries: list[AuditEntry],
        query: dict[str, str],
        expected: list[str],
    ) -> None:
        script = call(alice)
        answer = script.get(self.path(team), {"until": "2030-12-31", "since": "2030-01-01", **query})
        assert answer.status_code == 200
        assert [entry["target"] for entry in answer.json()["entries"]] == expected

    def test_an_entry(self, call: Call, alice: User, team: Team, entries: list[AuditEntry]) -> None:
        entry = call(alice).get(self.path(team), {"q": "robot"}).json()["entries"][0]
        assert entry == {
            "id": entries[-1].pk,
            "createdAt": int(day(4).timestamp() * 1000),
            "action": "CHECK_STARTED",
            "category": "work",
            "actorName": "bob@example.com",
            "actorEmail": "",
            "via": "",
            "tokenName": "robot",
            "address": "",
            "target": "Input",
            "datasetId": "",
            "datasetName": "",
        }

    def test_page_by_page(self, call: Call, alice: User, team: Team, entries: list[AuditEntry]) -> None:
        script, seen, before = call(alice), [], ""
        while True:
            answer = script.get(self.path(team), {"limit": "2", "before": before, "since": "2030-01-01"}).json()
            assert len(answer["entries"]) <= 2
            seen += [entry["id"] for entry in answer["entries"]]
            before = answer["next"]
            if not before:
                break
        assert seen == [entry.pk for entry in reversed(entries)]

    @pytest.mark.parametrize(
        "query",
        [
            {"category": "nonsense"},
            {"since": "yesterday"},
            {"before": "3"},
            {"limit": "0"},
            {"limit": "1001"},
            {"q": "a\0b"},
            {"person": "x" * 255},
        ],
        ids=lambda query: str(query)[:30],
    )
    def test_a_bad_filter_is_told(self, call: Call, alice: User, team: Team, query: dict[str, str]) -> None:
        answer = call(alice).get(self.path(team), query)
        assert answer.status_code == 400
        assert next(iter(query)) in answer.json()["error"]

    def test_for_whom(self, call: Call, bob: User, charlie: User, team: Team) -> None:
        assert call(bob).get(self.path(team)).status_code == 403
        assert call(charlie).get(self.path(team)).status_code == 404
