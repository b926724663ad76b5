"""The team's pages, asked for by its owner, a member and an outsider."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.services import create_dataset, share_dataset
from teams import membership
from teams.models import Membership, Role, Team, User
from teams.service_accounts import services as service_accounts
from tests.conftest import Login, person

pytestmark = pytest.mark.django_db
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


def url(name: str, *args: object) -> str:
    return reverse(f"teams:{name}", args=args)


class TestDoors:
    def test_what_members_and_outsiders_see(
        self, login: Login, alice: User, bob: User, charlie: User, team: Team
    ) -> None:
        account = service_accounts.create(team=team, name="nightly", by=alice)
        pages = {
            url("people", team.pk): (200, 200, 404),
            url("settings", team.pk): (200, 200, 404),
            url("activity", team.pk): (200, 403, 404),
            url("service_accounts", team.pk): (200, 403, 404),
            url("change_role", team.pk, bob.pk): (200, 403, 404),
            url("delete", team.pk): (200, 404, 404),
            url("new_account_token", team.pk, account.pk): (200, 403, 404),
            url("reset_account_token", team.pk, account.pk): (200, 403, 404),
            reverse("datasets:remove_member", args=[team.pk, bob.pk]): (200, 403, 404),
            reverse("datasets:leave_team", args=[team.pk]): (200, 200, 404),
            reverse("datasets:delete_service_account", args=[team.pk, account.pk]): (200, 403, 404),
        }
        for user, column in ((alice, 0), (bob, 1), (charlie, 2)):
            client = login(user)
            for page, statuses in pages.items():
                for headers in ({}, IN_DIALOG):
                    assert client.get(page, headers=headers).status_code == statuses[column], (user, page)

    def test_what_members_and_outsiders_change(
        self, login: Login, alice: User, bob: User, charlie: User, team: Team
    ) -> None:
        account = service_accounts.create(team=team, name="nightly", by=alice)
        forms = {
            url("settings", team.pk): {"name": "Stolen"},
            url("change_role", team.pk, alice.pk): {"role": "MEMBER"},
            url("service_accounts", team.pk): {"name": "evil"},
            url("reset_account_token", team.pk, account.pk): {},
            url("delete", team.pk): {},
            reverse("datasets:remove_member", args=[team.pk, alice.pk]): {},
            reverse("datasets:delete_service_account", args=[team.pk, account.pk]): {},
        }
        before = list(Membership.objects.values()), list(Team.objects.values())
        for user in (bob, charlie):
            for page, typed in forms.items():
                assert login(user).post(page, typed).status_code in {403, 404}, (user, page)
        assert (list(Membership.objects.values()), list(Team.objects.values())) == before
        assert not account.api_tokens.exists()

    def test_an_admin_can_not_open_what_is_done_to_owners(self, login: Login, alice: User, team: Team) -> None:
        client = login(person("admin@example.com", team, Role.ADMIN))
        assert client.get(reverse("datasets:remove_member", args=[team.pk, alice.pk])).status_code == 403
        answer = client.post(url("change_role", team.pk, alice.pk), {"role": "MEMBER"})
        assert answer.status_code == 403

    def test_strangers_sign_in_first(self, client: Client, alice: User, team: Team) -> None:
        for page in (url("mine"), url("people", team.pk), url("create")):
            assert client.get(page)["Location"].startswith("/accounts/login/")


class TestPeople:
    def test_everybody_is_there(self, login: Login, alice: User, bob: User, charlie: User, team: Team) -> None:
        service_accounts.create(team=team, name="nightly", by=alice)
        assert login(alice).get(url("mine"))["Location"] == url("people", team.pk)
        html = login(bob).get(url("people", team.pk)).content.decode()
        assert alice.email in html
        assert bob.email in html
        assert charlie.email not in html
        assert "nightly" not in html
        assert "Remove" not in html
        html = login(alice).get(url("people", team.pk)).content.decode()
        assert f'Remove<span class="visually-hidden"> {bob.email}' in html
        assert f'Remove<span class="visually-hidden"> {alice.email}' not in html

    def test_searching(self, login: Login, alice: User, bob: User, team: Team) -> None:
        User.objects.filter(pk=bob.pk).update(name="Robert Miller")
        html = login(alice).get(url("people", team.pk), {"q": "miller EXAMPLE"}).content.decode()
        assert bob.email in html
        assert f"role-{alice.pk}" not in html
        html = login(alice).get(url("people", team.pk), {"q": "nobody\0"}).content.decode()
        assert "Nobody found" in html

    def test_queries_do_not_grow_with_a_thousand_people(self, login: Login, alice: User, team: Team) -> None:
        client = login(alice)
        client.get(url("people", team.pk))
        counts, html = [], ""
        for number in range(2):
            with CaptureQueriesContext(connection) as queries:
                html = client.get(url("people", team.pk)).content.decode()
            counts.append(len(queries))
            if not number:
                people = [User(email=f"p{index:04}@example.com") for index in range(1000)]
                User.objects.bulk_create(people)
                Membership.objects.bulk_create(Membership(team=team, user=each) for each in people)
        assert counts[0] == counts[1]
        assert "1–50 of 1,001" in html
        assert client.get(url("people", team.pk), {"page": 21}).content.decode().count('id="role-') == 1

    def test_a_role_is_changed(self, login: Login, alice: User, bob: User, team: Team) -> None:
        page = url("change_role", team.pk, bob.pk)
        answer = login(alice).post(page, {"role": "ADMIN"}, headers=IN_DIALOG)
        assert answer["HX-Redirect"] == url("people", team.pk)
        assert Membership.objects.get(user=bob).role == Role.ADMIN
        assert "bob@example.com is admin now." in login(alice).get(url("people", team.pk)).content.decode()

    @pytest.mark.parametrize("role", ["", "BOSS", "SERVICEACCOUNT"])
    def test_no_such_role(self, login: Login, alice: User, bob: User, team: Team, role: str) -> None:
        assert login(alice).post(url("change_role", team.pk, bob.pk), {"role": role}).status_code == 422

    def test_the_last_owner_is_told_why_not(self, login: Login, alice: User, team: Team) -> None:
        answer = login(alice).post(url("change_role", team.pk, alice.pk), {"role": "MEMBER"})
        assert answer.status_code == 422
        assert "Make another member an owner first" in answer.content.decode()
        answer = login(alice).post(reverse("datasets:leave_team", args=[team.pk]))
        assert answer.status_code == 422
        assert "Make another member an owner first" in answer.content.decode()


class TestSeveralTeams:
    def test_the_home_page_shows_the_current_one_and_what_is_shared(
        self, login: Login, alice: User, charlie: User, team: Team
    ) -> None:
        create_dataset(name="in-the-first", owner=alice)
        shared = create_dataset(name="of-charlie", owner=charlie)
        share_dataset(dataset=shared, emails=[alice.email])
        client = login(alice)
        assert "Switch to another team" not in client.get("/").content.decode()
        client.post(url("create"), {"name": "Second"})
        client.post("/datasets/new/", {"name": "in-the-second", "type": "Images"})
        html = client.get("/").content.decode()
        assert "Switch to another team" in html
        assert [name in html for name in ("in-the-first", "in-the-second", "of-charlie")] == [False, True, True]
        assert html.count("shared with you") == 1
        client.post(url("switch"), {"team": team.pk})
        html = client.get("/").content.decode()
        assert [name in html for name in ("in-the-first", "in-the-second", "of-charlie")] == [True, False, True]

    def test_rows_of_the_other_one_still_poll(self, login: Login, alice: User, team: Team) -> None:
        """In a window that was opened before the switch."""
        dataset = create_dataset(name="in-the-first", owner=alice)
        membership.create_team(name="Second", by=alice)
        assert login(alice).get(f"/datasets/{dataset.pk}/row/").status_code == 200

    def test_nobody_switches_to_a_team_of_others(self, login: Login, charlie: User, team: Team) -> None:
        for wanted in (team.pk, "", "x\0"):
            assert login(charlie).post(url("switch"), {"team": wanted}).status_code == 404
        assert login(charlie).get(url("switch")).status_code == 405

    def test_a_guest_is_in_none(self, login: Login, alice: User, team: Team) -> None:
        guest = person("guest@example.com", None)
        client = login(guest)
        assert "Nothing is shared with you" in client.get("/").content.decode()
        assert "You are in no team" in client.get(url("mine")).content.decode()
        assert client.post(url("create"), {"name": "Mine"}).status_code == 403
        share_dataset(dataset=create_dataset(name="street-scenes", owner=alice), emails=[guest.email])
        html = client.get("/").content.decode()
        assert "street-scenes" in html
        assert "New dataset" not in html


class TestSettings:
    def test_renaming(self, login: Login, alice: User, team: Team) -> None:
        page = url("settings", team.pk)
        assert login(alice).post(page, {"name": " "}).status_code == 422
        login(alice).post(page, {"name": "Acme Robotics"})
        html = login(alice).get(page).content.decode()
        assert "The team is named Acme Robotics now." in html
        assert "name: Acme Vision → Acme Robotics" in login(alice).get(url("activity", team.pk)).content.decode()

    def test_an_only_member_is_told_beforehand_why_leaving_is_impossible(
        self, login: Login, alice: User, team: Team
    ) -> None:
        client, leave = login(alice), reverse("datasets:leave_team", args=[team.pk])
        for page in (url("settings", team.pk), leave):
            html = client.get(page).content.decode()
            assert "You are the only member of this team" in html
            assert f'<a href="{url("people", team.pk)}">Invite people</a>' in html
            assert "Leave this team" not in html
            assert 'type="submit" form="dialog-form"' not in html
        assert client.post(leave).status_code == 422  # whoever asks all the same

    def test_an_only_owner_is_told_to_make_another_one(self, login: Login, alice: User, bob: User, team: Team) -> None:
        client, leave = login(alice), reverse("datasets:leave_team", args=[team.pk])
        for page in (url("settings", team.pk), leave):
            assert "You are the only owner of this team" in client.get(page).content.decode()
        assert "You are the only owner" not in login(bob).get(leave).content.decode()
        membership.change_role(team=team, user=bob, role=Role.OWNER, by=alice)
        html = login(alice).get(url("settings", team.pk)).content.decode()
        assert "Leave this team" in html
        assert "You are the only owner" not in html

    def test_who_cannot_hand_over_their_datasets_is_told_beforehand(
        self, login: Login, alice: User, bob: User, team: Team
    ) -> None:
        """All others are disabled, and an empty list of new owners would explain nothing."""
        create_dataset(name="street-scenes", owner=bob)
        User.objects.filter(pk=alice.pk).update(is_active=False)
        html = login(bob).get(reverse("datasets:leave_team", args=[team.pk])).content.decode()
        assert "Nobody else in the team can take over your datasets" in html
        assert 'name="heir"' not in html

    def test_what_keeps_a_team_from_being_deleted_is_told_beforehand(
        self, login: Login, alice: User, bob: User, team: Team
    ) -> None:
        service_accounts.create(team=team, name="nightly", by=alice)
        dataset = create_dataset(name="in-the-way", owner=alice)
        client = login(alice)
        told = {
            "The team has 1 dataset. Delete it first.": "/",
            "1 other member is in the team. Remove them first.": url("people", team.pk),
            "The team has 1 service account. Delete it first.": url("service_accounts", team.pk),
            "This is your only team. Create or join another one first.": url("create"),
        }
        for page in (url("settings", team.pk), url("delete", team.pk)):
            html = " ".join(client.get(page).content.decode().split())
            for words, target in told.items():
                assert f'<li>{words} <a href="{target}">' in html
            assert "Delete this team" not in html
            assert 'type="submit" form="dialog-form"' not in html
        dataset.delete()
        Membership.objects.filter(team=team).exclude(user=alice).delete()
        membership.create_team(name="Second", by=alice)
        html = client.get(url("settings", team.pk)).content.decode()
        assert "Delete this team" in html
        assert "be deleted yet" not in html
        assert 'type="submit" form="dialog-form"' in client.get(url("delete", team.pk)).content.decode()

    def test_deleting(self, login: Login, alice: User, team: Team) -> None:
        answer = login(alice).post(url("delete", team.pk), headers=IN_DIALOG)
        assert answer.status_code == 422
        assert "your only team" in answer.content.decode()
        membership.create_team(name="Second", by=alice)
        assert login(alice).post(url("delete", team.pk), headers=IN_DIALOG)["HX-Redirect"] == "/"
        assert not Team.objects.filter(pk=team.pk).exists()
