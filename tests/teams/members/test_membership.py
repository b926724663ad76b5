"""Teams and who is in them."""

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from datasets.handover.services import remove_member
from datasets.services import create_dataset
from teams import membership, queries, services
from teams.invitations.services import Invited, invite
from teams.models import AuditEntry, InvitationState, Membership, Role, Team, User
from tests.conftest import Call, Login, person, user_of_token

pytestmark = pytest.mark.django_db


def role_of(user: User, team: Team) -> str:
    return Membership.objects.get(team=team, user=user).role


def log_of(team: Team) -> list[str]:
    return [f"{entry}" for entry in AuditEntry.objects.filter(team=team).order_by("created_at", "pk")]


class TestTeams:
    def test_who_creates_one_owns_it_and_is_in_it(self, bob: User, team: Team) -> None:
        made = membership.create_team(name=" Second ", by=bob)
        assert made.name == "Second"
        assert role_of(bob, made) == Role.OWNER
        assert queries.current_team_of(bob) == made
        assert create_dataset(name="in-the-second", owner=bob).team == made

    @pytest.mark.parametrize("name", ["", "  ", "x" * 151, "nul\0"])
    def test_a_bad_name(self, bob: User, team: Team, name: str) -> None:
        with pytest.raises(ValidationError):
            membership.create_team(name=name, by=bob)
        with pytest.raises(PermissionDenied):
            membership.rename_team(team=team, name="Mine", by=bob)

    def test_guests_and_scripts_create_none(self, team: Team) -> None:
        script = User.objects.create_user("s@service-account.invalid", is_service_account=True)
        Membership.objects.create(team=team, user=script, role=Role.SERVICEACCOUNT)
        for user in (person("guest@example.com", None), script):
            with pytest.raises(PermissionDenied):
                membership.create_team(name="Mine", by=user)

    def test_the_current_team_is_one_of_theirs(self, alice: User, bob: User, team: Team) -> None:
        second = membership.create_team(name="Second", by=alice)
        membership.switch_team(user=alice, team=team)
        assert queries.current_team_of(alice) == team
        with pytest.raises(Membership.DoesNotExist):
            membership.switch_team(user=bob, team=second)
        User.objects.filter(pk=bob.pk).update(current_team=second)
        bob.refresh_from_db()
        assert queries.current_team_of(bob) == team

    def test_only_an_empty_one_is_deleted_and_only_by_an_owner(self, alice: User, bob: User, team: Team) -> None:
        second = membership.create_team(name="Second", by=alice)
        dataset = create_dataset(name="in-the-way", owner=alice)
        Membership.objects.create(team=second, user=bob, role=Role.ADMIN)
        with pytest.raises(PermissionDenied):
            membership.delete_team(team=second, by=bob)
        with pytest.raises(membership.TeamInUseError, match="Others are still"):
            membership.delete_team(team=second, by=alice)
        membership.end_membership(team=second, user=bob, by=alice)
        with pytest.raises(membership.TeamInUseError, match="still has datasets"):
            membership.delete_team(team=second, by=alice)
        dataset.delete()
        membership.delete_team(team=second, by=alice)
        assert not Team.objects.filter(pk=second.pk).exists()

    def test_not_the_only_one_somebody_is_in(self, alice: User, team: Team) -> None:
        with pytest.raises(membership.TeamInUseError, match="only team"):
            membership.delete_team(team=team, by=alice)


class TestRoles:
    def test_the_last_owner_stays_one(self, alice: User, bob: User, team: Team) -> None:
        with pytest.raises(membership.LastOwnerError):
            membership.change_role(team=team, user=alice, role=Role.ADMIN, by=alice)
        with pytest.raises(membership.LastOwnerError):
            membership.end_membership(team=team, user=alice, by=alice)
        assert role_of(alice, team) == Role.OWNER
        membership.change_role(team=team, user=bob, role=Role.OWNER, by=alice)
        membership.change_role(team=team, user=alice, role=Role.MEMBER, by=alice)
        assert role_of(alice, team) == Role.MEMBER
        assert bob.notices.get().title == "You are owner of Acme Vision now."
        assert alice.notices.count() == 0

    def test_a_disabled_owner_does_not_count(self, alice: User, team: Team) -> None:
        gone = person("gone@example.com", team, Role.OWNER)
        User.objects.filter(pk=gone.pk).update(is_active=False)
        with pytest.raises(membership.LastOwnerError):
            membership.change_role(team=team, user=alice, role=Role.ADMIN, by=alice)

    def test_while_the_only_owner_is_disabled_life_goes_on(self, alice: User, bob: User, team: Team) -> None:
        """Nobody new may be left without one, but others still come, change and go."""
        admin = person("admin@example.com", team, Role.ADMIN)
        User.objects.filter(pk=alice.pk).update(is_active=False)
        membership.change_role(team=team, user=bob, role=Role.ADMIN, by=admin)
        membership.end_membership(team=team, user=bob, by=admin)
        membership.end_membership(team=team, user=admin, by=admin)
        assert list(team.members.all()) == [alice]

    def test_the_second_factor_is_demanded_by_who_manages_now(self, alice: User, bob: User, team: Team) -> None:
        with pytest.raises(PermissionDenied):
            membership.demand_second_factor(team=team, demanded=True, by=bob)
        membership.demand_second_factor(team=team, demanded=True, by=alice)
        team.refresh_from_db()
        assert team.mfa_required

    def test_an_admin_neither_touches_nor_makes_owners(self, alice: User, bob: User, team: Team) -> None:
        admin = person("admin@example.com", team, Role.ADMIN)
        for user, role in ((alice, Role.MEMBER), (bob, Role.OWNER), (admin, Role.OWNER)):
            with pytest.raises(PermissionDenied, match="Only an owner"):
                membership.change_role(team=team, user=user, role=role, by=admin)
        with pytest.raises(PermissionDenied):
            membership.end_membership(team=team, user=alice, by=admin)
        membership.change_role(team=team, user=bob, role=Role.ADMIN, by=admin)
        assert role_of(bob, team) == Role.ADMIN

    def test_it_counts_what_somebody_is_now(self, alice: User, bob: User, team: Team) -> None:
        """Not what a page that was opened earlier knew."""
        admin = person("admin@example.com", team, Role.ADMIN)
        membership.change_role(team=team, user=admin, role=Role.MEMBER, by=alice)
        with pytest.raises(PermissionDenied):
            membership.change_role(team=team, user=bob, role=Role.ADMIN, by=admin)

    def test_their_invitations_end_with_the_right_to_invite(self, alice: User, team: Team) -> None:
        owner = person("other-owner@example.com", team, Role.OWNER)
        people = [Invited(f"{role.lower()}@example.com", role) for role in ("OWNER", "ADMIN", "")]
        people[2] = Invited("guest@example.com", "")
        invite(team=team, people=people, by=owner)
        membership.change_role(team=team, user=owner, role=Role.ADMIN, by=alice)
        states = {one.email: one.state for one in team.invitations.all()}
        assert states["owner@example.com"] is InvitationState.REVOKED
        assert states["admin@example.com"] is states["guest@example.com"] is InvitationState.PENDING
        membership.change_role(team=team, user=owner, role=Role.MEMBER, by=alice)
        assert {one.state for one in team.invitations.all()} == {InvitationState.REVOKED}


class TestLeaving:
    def test_who_is_gone_already(self, alice: User, bob: User, team: Team) -> None:
        """Another admin was quicker."""
        membership.end_membership(team=team, user=bob, by=alice)
        with pytest.raises(PermissionDenied, match="not in the team any more"):
            membership.end_membership(team=team, user=bob, by=alice)
        with pytest.raises(PermissionDenied, match="not in the team any more"):
            membership.change_role(team=team, user=bob, role=Role.ADMIN, by=alice)

    def test_who_is_in_no_team_any_more_is_shut_out_at_once(
        self, client: Client, login: Login, alice: User, bob: User, team: Team
    ) -> None:
        token = services.create_token(user=bob, name="script")
        login(bob)
        assert client.get("/").status_code == 200
        membership.end_membership(team=team, user=bob, by=alice)
        assert user_of_token(token) is None
        assert client.get("/")["Location"].startswith("/accounts/login/")

    def test_who_is_in_another_team_keeps_that(
        self, client: Client, login: Login, alice: User, bob: User, team: Team
    ) -> None:
        dataset = create_dataset(name="street-scenes", owner=alice)
        second = membership.create_team(name="Second", by=bob)
        token = services.create_token(user=bob, name="script")
        login(bob)
        membership.end_membership(team=team, user=bob, by=alice)
        assert user_of_token(token) == bob
        assert client.get("/").status_code == 200
        assert client.get(f"/datasets/{dataset.pk}/settings/input/").status_code == 404
        assert client.get(f"/v1/datasets/{dataset.pk}", {"token": token}).status_code == 404
        assert queries.current_team_of(bob) == second

    def test_what_they_did_stays_in_the_log(self, alice: User, bob: User, team: Team) -> None:
        services.create_token(user=bob, name="script")
        membership.change_role(team=team, user=bob, role=Role.ADMIN, by=alice)
        remove_member(team=team, user=bob, heir=alice, by=alice)
        assert log_of(team) == [
            "bob@example.com created the token script",
            "alice@example.com changed the role of bob@example.com: Member → Admin",
            "alice@example.com removed bob@example.com",
        ]


def test_sessions_from_before_stay_good(alice: User) -> None:
    """The fingerprint of version 0 is Django's own; every count up is another one."""
    hashes = [alice.get_session_auth_hash()]
    assert AbstractBaseUser._get_session_auth_hash(alice) == hashes[0]  # type: ignore[attr-defined]
    for version in (1, 2):
        alice.session_version = version
        hashes.append(alice.get_session_auth_hash())
    assert len(set(hashes)) == 3


@pytest.mark.parametrize("email", ["\ud800@example.com", "a\0@example.com", "x" * 250 + "@example.com", ""])
def test_an_address_that_is_none_is_told_to_scripts(call: Call, alice: User, team: Team, email: str) -> None:
    answer = call(alice).post(f"/v1/teams/{team.pk}/members", {"email": email, "role": "MEMBER"})
    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_REQUEST")
