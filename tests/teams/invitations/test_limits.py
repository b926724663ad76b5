"""Nobody's mailbox is filled with invitations: how often an address is invited is limited, however it is done."""

import time

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from teams.invitations import services as invitations
from teams.invitations.services import Invited, UnusableInvitationError, invitation_of, invite
from teams.models import Invitation, Role, Team, User
from tests.conftest import Call, Login
from tests.teams.invitations.people import BEN, token_of

pytestmark = pytest.mark.django_db
# Of one team to one address within an hour; the fixture's own invitation is the first.
MOST = 5


def renew_all_but_the_last(invitation: Invitation, by: User) -> Invitation:
    for _ in range(MOST - 1):
        invitation = invitations.renew(invitation=invitation, by=by)
    return invitation


def test_renewing_is_limited(alice: User, invitation: Invitation) -> None:
    newest = renew_all_but_the_last(invitation, alice)
    with pytest.raises(UnusableInvitationError, match="several times"):
        invitations.renew(invitation=newest, by=alice)
    assert invitation_of(token_of(newest)) == newest  # what was sent stays good


def test_the_page_says_so(login: Login, alice: User, invitation: Invitation) -> None:
    renew_all_but_the_last(invitation, alice)
    client = login(alice)
    client.post(reverse("teams:renew_invitation", args=[invitation.team_id, invitation.pk]))
    html = client.get(reverse("teams:people", args=[invitation.team_id])).content.decode()
    assert "ben@example.com was invited several times within the last hour" in html


def test_inviting_again_and_again_is_the_same(alice: User, team: Team, invitation: Invitation) -> None:
    for _ in range(MOST - 1):
        invitations.revoke(invitation=invitation, by=alice)
        (invitation,) = invite(team=team, people=[Invited(BEN, Role.MEMBER)], by=alice)
    invitations.revoke(invitation=invitation, by=alice)
    with pytest.raises(ValidationError, match="several times"):
        invite(team=team, people=[Invited(BEN, Role.MEMBER), Invited("other@example.com", Role.MEMBER)], by=alice)
    invite(team=team, people=[Invited("other@example.com", Role.MEMBER)], by=alice)


def test_scripts_are_told(call: Call, alice: User, team: Team, invitation: Invitation) -> None:
    newest = renew_all_but_the_last(invitation, alice)
    invitations.revoke(invitation=newest, by=alice)
    answer = call(alice).post(f"/v1/teams/{team.pk}/members", {"email": BEN, "role": "MEMBER"})
    assert answer.status_code == 400
    assert "several times" in answer.json()["error"]


def test_after_an_hour_it_goes_on(alice: User, invitation: Invitation, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, start = renew_all_but_the_last(invitation, alice), time.time()
    monkeypatch.setattr(time, "time", lambda: start + 3601)
    invitations.renew(invitation=newest, by=alice)


def test_another_team_is_not_kept_from_inviting(alice: User, charlie: User, invitation: Invitation) -> None:
    renew_all_but_the_last(invitation, alice)
    elsewhere = charlie.memberships.get().team
    invite(team=elsewhere, people=[Invited(BEN, Role.MEMBER)], by=charlie)


def test_but_many_teams_together_are(charlie: User) -> None:
    """Every member may create teams."""
    teams = [Team.objects.create(name=f"Team {number}") for number in range(21)]
    for team in teams:
        team.memberships.create(user=charlie, role=Role.OWNER)
    for team in teams[:20]:
        invite(team=team, people=[Invited(BEN, Role.MEMBER)], by=charlie)
    with pytest.raises(ValidationError, match="several times"):
        invite(team=teams[20], people=[Invited(BEN, Role.MEMBER)], by=charlie)
