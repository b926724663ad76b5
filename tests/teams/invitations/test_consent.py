"""Nobody is put into a team unasked, whether they have an account or not, and a team ends only what is its own."""

import pytest
from django.urls import reverse

from teams import membership, services
from teams.invitations.links import path_of
from teams.invitations.services import Invited, accept, invite
from teams.models import Invitation, InvitationState, Role, Team, User
from tests.conftest import PASSWORD, Call, Login, person, user_of_token

pytestmark = pytest.mark.django_db
PAGE = "/invitations/"


@pytest.fixture
def guest(db: None) -> User:
    """In no team: another team shares a dataset with them."""
    return person("guest@example.com", None)


def members_url(team: Team) -> str:
    return f"/v1/teams/{team.pk}/members"


class TestByTheApi:
    @pytest.mark.parametrize("who", ["guest", "charlie"])
    def test_who_has_an_account_is_asked_first(
        self, call: Call, alice: User, team: Team, who: str, request: pytest.FixtureRequest
    ) -> None:
        user: User = request.getfixturevalue(who)
        before = user.memberships.count()
        answer = call(alice).post(members_url(team), {"email": user.email, "role": "ADMIN"})
        assert answer.status_code == 200
        assert not team.members.filter(pk=user.pk).exists()
        invitation = Invitation.objects.get(pk=answer.json())
        assert (invitation.email, invitation.role) == (user.email, Role.ADMIN)
        again = call(alice).post(members_url(team), {"email": user.email, "role": "ADMIN"})
        assert (again.status_code, again.json()["code"]) == (409, "CONFLICT")
        accept(invitation=invitation, user=user)
        assert user.memberships.count() == before + 1

    def test_who_is_in_the_team_already(self, call: Call, alice: User, bob: User, team: Team) -> None:
        answer = call(alice).post(members_url(team), {"email": bob.email, "role": "MEMBER"})
        assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
        assert "in the team already" in answer.json()["error"]

    def test_an_admin_makes_no_owners_this_way(self, call: Call, alice: User, guest: User, team: Team) -> None:
        admin = person("admin@example.com", team, Role.ADMIN)
        answer = call(admin).post(members_url(team), {"email": guest.email, "role": "OWNER"})
        assert answer.status_code == 403
        assert not Invitation.objects.exists()


class TestInTheDashboard:
    def test_a_notice_leads_to_the_invitation(self, login: Login, alice: User, guest: User, team: Team) -> None:
        (made,) = invite(team=team, people=[Invited(guest.email, Role.MEMBER)], by=alice)
        notice = guest.notices.get()
        assert (notice.title, notice.path) == ("alice@example.com invites you to Acme Vision as member.", PAGE)
        client = login(guest)
        html = client.get(PAGE).content.decode()
        assert "Acme Vision" in html
        assert path_of(made).replace(":", "%3A") in html
        assert client.post(path_of(made))["Location"] == "/"
        assert guest.memberships.get().team == team
        assert "/invitation/?" not in client.get(PAGE).content.decode()

    def test_others_see_nothing_of_it(self, login: Login, alice: User, bob: User, guest: User, team: Team) -> None:
        invite(team=team, people=[Invited(guest.email, Role.MEMBER)], by=alice)
        for other in (alice, bob):
            assert "/invitation/?" not in login(other).get(PAGE).content.decode()
            assert not other.notices.exists()

    def test_nor_does_who_has_an_unproven_account_of_that_address(
        self, login: Login, alice: User, charlie: User, team: Team
    ) -> None:
        """Charlie made one for himself. Only the link lets somebody in with it."""
        zoe = User.objects.create_user("zoe@example.com", PASSWORD)
        invite(team=team, people=[Invited(zoe.email, Role.ADMIN)], by=alice)
        assert not zoe.notices.exists()
        html = login(zoe).get(PAGE).content.decode()
        assert "/invitation/?" not in html
        assert "Acme Vision" not in html

    def test_one_that_ended_is_not_shown(self, login: Login, alice: User, guest: User, team: Team) -> None:
        invite(team=team, people=[Invited(guest.email, Role.MEMBER)], by=alice)
        Invitation.objects.update(invited_by=None)  # whoever invited is gone, and the team is open to no domain
        assert "/invitation/?" not in login(guest).get(PAGE).content.decode()
        assert Invitation.objects.get().state is InvitationState.PENDING


class TestRemoving:
    def test_only_tokens_that_belong_to_the_team_end(self, call: Call, alice: User, guest: User, team: Team) -> None:
        """Those from before serve what other teams share with the person."""
        of_before = services.create_token(user=guest, name="before")
        (made,) = invite(team=team, people=[Invited(guest.email, Role.MEMBER)], by=alice)
        accept(invitation=made, user=guest)
        of_team = services.create_token(user=guest, name="in the team")
        assert call(alice).delete(f"{members_url(team)}/{guest.pk}").status_code == 204
        assert user_of_token(of_before) == guest
        assert user_of_token(of_team) is None

    def test_also_while_they_are_in_another_team(self, bob: User, alice: User, team: Team) -> None:
        of_team = services.create_token(user=bob, name="in the first")
        membership.create_team(name="Second", by=bob)
        of_second = services.create_token(user=bob, name="in the second")
        membership.end_membership(team=team, user=bob, by=alice)
        assert user_of_token(of_team) is None
        assert user_of_token(of_second) == bob

    def test_the_dialog_says_so(self, login: Login, alice: User, bob: User, team: Team) -> None:
        html = login(alice).get(reverse("datasets:remove_member", args=[team.pk, bob.pk])).content.decode()
        assert "API tokens that they created in this team are revoked" in html
