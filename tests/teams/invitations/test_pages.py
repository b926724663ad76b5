"""The pages of those who invite, and what the invited see."""

import pytest
from django.test import Client
from django.urls import reverse

from teams.invitations.links import path_of
from teams.invitations.services import Invited, invite
from teams.models import Invitation, InvitationState, Role, Team, User
from tests.conftest import PASSWORD, Login, person
from tests.teams.invitations.people import ACCOUNT, BEN, LINK

pytestmark = pytest.mark.django_db


class TestThePage:
    def test_it_makes_an_account_and_signs_in(self, client: Client, invitation: Invitation) -> None:
        link = path_of(invitation)
        html = client.get(link).content.decode()
        assert "Join Acme Vision" in html
        assert BEN in html
        assert client.get(link).status_code == 200  # looking uses nothing up
        answer = client.post(link, ACCOUNT)
        assert answer["Location"] == "/"
        assert "Welcome to Acme Vision!" in client.get("/").content.decode()
        assert User.objects.get(email=BEN).memberships.get().role == Role.ADMIN
        client.logout()
        again = client.post(link, ACCOUNT)
        assert again.status_code == 410
        assert "used already" in again.content.decode()

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"name": ""}, "Enter your name"),
            ({"password": ""}, "required"),
            ({"password": "short"}, "too short"),
            ({"password": BEN}, "too similar"),
            ({"name": "nul\0"}, "Null characters"),
        ],
    )
    def test_mistakes(self, client: Client, invitation: Invitation, typed: dict[str, str], words: str) -> None:
        answer = client.post(path_of(invitation), ACCOUNT | typed)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert PASSWORD not in answer.content.decode()
        assert not User.objects.filter(email=BEN).exists()

    def test_the_address_can_not_be_changed(self, client: Client, invitation: Invitation) -> None:
        client.post(path_of(invitation), ACCOUNT | {"email": "eve@example.com"})
        assert User.objects.filter(email=BEN).exists()
        assert not User.objects.filter(email="eve@example.com").exists()

    def test_who_has_an_account_signs_in_first(self, client: Client, login: Login, invitation: Invitation) -> None:
        ben, link = person(BEN, None), path_of(invitation)
        html = client.get(link).content.decode()
        assert f"{reverse('account_login')}?next=%2Finvitation%2F%3Ftoken%3D" in html
        client.post(link, ACCOUNT | {"password": "taken-over-7-7"})
        ben.refresh_from_db()
        assert ben.check_password(PASSWORD)
        assert not ben.memberships.exists()
        login(ben)
        assert f"Join as {BEN}" in client.get(link).content.decode()
        assert client.post(link)["Location"] == "/"
        assert ben.memberships.get().role == Role.ADMIN

    def test_somebody_else_is_told_and_may_sign_out(self, login: Login, charlie: User, invitation: Invitation) -> None:
        client, link = login(charlie), path_of(invitation)
        html = client.get(link).content.decode()
        assert "For another person" in html
        assert charlie.email in html
        assert client.post(link, ACCOUNT).status_code == 200
        assert Invitation.objects.get().state is InvitationState.PENDING
        answer = client.post(reverse("account_logout"), {"next": link})
        assert answer["Location"] == link
        assert "Join Acme Vision" in client.get(link).content.decode()

    def test_a_bad_link(self, client: Client, alice: User) -> None:
        for query in ("", "?token=x", "?token=%00"):
            answer = client.get(f"/invitation/{query}")
            assert answer.status_code == 410
            assert "incomplete" in answer.content.decode()


class TestInviting:
    def url(self, team: Team) -> str:
        return reverse("teams:invite", args=[team.pk])

    def test_who_may(self, login: Login, alice: User, bob: User, charlie: User, team: Team) -> None:
        typed = {"people": BEN, "role": "MEMBER"}
        for user, status in ((charlie, 404), (bob, 403)):
            assert login(user).get(self.url(team)).status_code == status
            assert login(user).post(self.url(team), typed).status_code == status
        assert login(alice).get(self.url(team)).status_code == 200
        assert not Invitation.objects.exists()

    def test_a_list_of_addresses_with_roles(self, login: Login, alice: User, team: Team) -> None:
        typed = "ben@example.com, admin\n\nCleo <CLEO@example.com>; owner\n dana@example.com \nErin <erin@example.com>"
        answer = login(alice).post(self.url(team), {"people": typed, "role": "MEMBER"})
        html = answer.content.decode()
        assert answer.status_code == 200
        assert {one.email: one.role for one in team.invitations.all()} == {
            "ben@example.com": "ADMIN",
            "cleo@example.com": "OWNER",
            "dana@example.com": "MEMBER",
            "erin@example.com": "MEMBER",
        }
        assert len(set(LINK.findall(html))) == 4
        assert "no-store" in answer["Cache-Control"]
        people = login(alice).get(reverse("teams:people", args=[team.pk])).content.decode()
        assert "dana@example.com" in people
        assert not LINK.search(people)

    def test_recipients_copied_from_a_mail_program(self, login: Login, alice: User, team: Team) -> None:
        typed = '"Miller, Ben" <ben@example.com>; "Doe, Ann" <ann@example.com>; cleo@example.com, admin'
        answer = login(alice).post(self.url(team), {"people": typed, "role": "MEMBER"})
        assert answer.status_code == 200
        assert {one.email: one.role for one in team.invitations.all()} == {
            "ben@example.com": "MEMBER",
            "ann@example.com": "MEMBER",
            "cleo@example.com": "ADMIN",
        }

    def test_mistakes_are_told_line_by_line_and_nothing_is_lost(self, login: Login, alice: User, team: Team) -> None:
        typed = "ben@example.com\nnonsense\nBEN@example.com\ncleo@example.com, boss\nalice@example.com"
        answer = login(alice).post(self.url(team), {"people": typed, "role": "MEMBER"})
        html = answer.content.decode()
        assert answer.status_code == 422
        for words in (
            "Line 2: “nonsense”",
            "Line 3: ben@example.com is listed twice",
            "Line 4: “boss” is not a valid role",
        ):
            assert words in html
        for line in typed.splitlines():
            assert line in html
        assert not Invitation.objects.exists()
        answer = login(alice).post(self.url(team), {"people": "alice@example.com", "role": "MEMBER"})
        assert "is in the team already" in answer.content.decode()

    def test_an_admin_is_not_offered_owners(self, login: Login, alice: User, team: Team) -> None:
        client = login(person("admin@example.com", team, Role.ADMIN))
        assert "OWNER" not in client.get(self.url(team)).content.decode()
        answer = client.post(self.url(team), {"people": "ben@example.com, owner", "role": "MEMBER"})
        assert "“owner” is not a valid role" in answer.content.decode()

    def test_more_than_enough(self, login: Login, alice: User, team: Team) -> None:
        for between in ("\n", "; "):
            typed = between.join(f"p{number}@example.com" for number in range(201))
            answer = login(alice).post(self.url(team), {"people": typed, "role": "MEMBER"})
            assert "At most 200" in answer.content.decode()

    def test_renewing_and_revoking(
        self, login: Login, alice: User, bob: User, charlie: User, invitation: Invitation
    ) -> None:
        names = ("teams:renew_invitation", "teams:revoke_invitation")
        renew, revoke = (reverse(name, args=[invitation.team_id, invitation.pk]) for name in names)
        for user, status in ((charlie, 404), (bob, 403)):
            assert [login(user).post(url).status_code for url in (renew, revoke)] == [status, status]
        client = login(alice)
        assert client.get(revoke).status_code == 405
        (link,) = set(LINK.findall(client.post(renew).content.decode()))
        client.post(revoke)
        client.logout()
        assert "revoked" in client.get(link.removeprefix("http://testserver")).content.decode()

    def test_an_admin_leaves_the_invitations_of_owners_alone(self, login: Login, alice: User, team: Team) -> None:
        (made,) = invite(team=team, people=[Invited(BEN, Role.OWNER)], by=alice)
        client = login(person("admin@example.com", team, Role.ADMIN))
        assert client.post(reverse("teams:revoke_invitation", args=[team.pk, made.pk])).status_code == 403
        assert client.post(reverse("teams:renew_invitation", args=[team.pk, made.pk])).status_code == 403


def test_nobody_gives_themselves_another_address(login: Login, alice: User) -> None:
    """Shares and invitations are bound to it."""
    answer = login(alice).post("/accounts/email/", {"action_add": "", "email": BEN})
    assert answer.status_code == 404
