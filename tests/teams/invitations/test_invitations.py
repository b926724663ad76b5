"""Invitations: who may make which, that links work once, for one address, for a week, and the mails."""

from datetime import timedelta

import pytest
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from teams.invitations import services as invitations
from teams.invitations.services import Invited, UnusableInvitationError, invitation_of, invite
from teams.models import AuditEntry, Invitation, InvitationState, Membership, Role, Team, User
from tests.conftest import PASSWORD, person
from tests.teams.invitations.people import ACCOUNT, BEN, token_of

pytestmark = pytest.mark.django_db


class TestMaking:
    @pytest.mark.parametrize(
        ("inviter", "allowed"),
        [("OWNER", {"OWNER", "ADMIN", "MEMBER"}), ("ADMIN", {"ADMIN", "MEMBER"}), ("MEMBER", set())],
    )
    def test_who_may_invite_as_what(self, alice: User, team: Team, inviter: str, allowed: set[str]) -> None:
        by = person("inviter@example.com", team, inviter)
        for role in ("OWNER", "ADMIN", "MEMBER", "SERVICEACCOUNT"):
            if role in allowed:
                invite(team=team, people=[Invited(f"{role}@example.com", role)], by=by)
            else:
                with pytest.raises((PermissionDenied, ValidationError)):
                    invite(team=team, people=[Invited(f"{role}@example.com", role)], by=by)
        assert {one.role for one in team.invitations.all()} == allowed

    def test_all_or_none(self, alice: User, bob: User, team: Team, invitation: Invitation) -> None:
        bad = ["new@example.com", bob.email, BEN, "no address", f"{'x' * 250}@example.com"]
        with pytest.raises(ValidationError) as caught:
            invite(team=team, people=[Invited(email, Role.MEMBER) for email in bad], by=alice)
        words = " ".join(caught.value.messages)
        assert "bob@example.com is in the team already" in words
        assert "ben@example.com is invited already" in words
        assert words.count("is not an e-mail address") == 2
        assert team.invitations.count() == 1

    def test_no_secret_is_stored(self, invitation: Invitation) -> None:
        stored = str(Invitation.objects.values().get()) + str(list(AuditEntry.objects.values()))
        assert token_of(invitation) not in stored

    def test_one_that_expired_makes_room(self, alice: User, team: Team, invitation: Invitation) -> None:
        Invitation.objects.update(expires_at=timezone.now())
        invite(team=team, people=[Invited(BEN, Role.MEMBER)], by=alice)
        assert sorted(one.state for one in team.invitations.all()) == ["PENDING", "REVOKED"]


class TestLinks:
    def test_it_is_the_invitation(self, invitation: Invitation) -> None:
        assert invitation_of(token_of(invitation)) == invitation

    @pytest.mark.parametrize("token", ["", "x", "\0", "a.b:c", "f" * 24 + ".0:sig", "ü" * 50])
    def test_made_up_ones(self, invitation: Invitation, token: str) -> None:
        with pytest.raises(UnusableInvitationError, match="incomplete"):
            invitation_of(token)

    def test_signed_for_something_else(self, invitation: Invitation) -> None:
        forged = signing.Signer(salt="other").sign(f"{invitation.pk}.{invitation.nonce}")
        with pytest.raises(UnusableInvitationError):
            invitation_of(forged)

    def test_a_new_one_ends_the_one_before(self, alice: User, invitation: Invitation) -> None:
        before = token_of(invitation)
        Invitation.objects.update(expires_at=timezone.now())
        renewed = invitations.renew(invitation=invitation, by=alice)
        assert renewed.expires_at > timezone.now() + timedelta(days=6)
        assert invitation_of(token_of(renewed)) == invitation
        with pytest.raises(UnusableInvitationError):
            invitation_of(before)
        with pytest.raises(UnusableInvitationError):
            invitations.accept_with_new_account(invitation=invitation, **ACCOUNT)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"expires_at": timezone.now()}, "expired"),
            ({"revoked_at": timezone.now()}, "revoked"),
            ({"accepted_at": timezone.now()}, "used already"),
            ({"invited_by": None}, "no longer open"),
        ],
    )
    def test_over(self, invitation: Invitation, change: dict[str, object], words: str) -> None:
        Invitation.objects.update(**change)
        with pytest.raises(UnusableInvitationError, match=words):
            invitation_of(token_of(invitation))
        with pytest.raises(UnusableInvitationError, match=words):
            invitations.accept_with_new_account(invitation=invitation, **ACCOUNT)
        assert not User.objects.filter(email=BEN).exists()

    def test_revoking_one_that_was_accepted_changes_nothing(self, alice: User, invitation: Invitation) -> None:
        invitations.accept_with_new_account(invitation=invitation, **ACCOUNT)
        invitations.revoke(invitation=invitation, by=alice)
        invitation.refresh_from_db()
        assert invitation.state is InvitationState.ACCEPTED
        with pytest.raises(UnusableInvitationError):
            invitations.renew(invitation=invitation, by=alice)


class TestWhoeverInvited:
    """Somebody has to answer for a link as long as it is open."""

    @pytest.mark.parametrize("how", ["disabled", "out", "member"])
    def test_has_to_be_able_to_still(self, alice: User, team: Team, how: str) -> None:
        admin = person("admin@example.com", team, Role.ADMIN)
        people = [Invited(BEN, Role.MEMBER), Invited("guest@example.com", "")]
        made = invite(team=team, people=people, by=admin)
        # As in the admin panel, which ends no invitations.
        if how == "disabled":
            User.objects.filter(pk=admin.pk).update(is_active=False)
        elif how == "out":
            admin.memberships.get().delete()
        else:
            admin.memberships.update(role=Role.MEMBER)
        for one in made:
            with pytest.raises(UnusableInvitationError, match="The person who invited you"):
                invitation_of(token_of(one))
            with pytest.raises(UnusableInvitationError):
                invitations.accept_with_single_sign_on(invitation=one, name="Ben")
            renewed = invitations.renew(invitation=one, by=alice)
            assert renewed.invited_by == alice
            assert invitation_of(token_of(renewed)) == one

    def test_an_admin_can_not_stand_in_for_an_owner(self, alice: User, team: Team) -> None:
        owner = person("owner@example.com", team, Role.OWNER)
        (made,) = invite(team=team, people=[Invited(BEN, Role.OWNER)], by=owner)
        owner.memberships.update(role=Role.ADMIN)
        with pytest.raises(UnusableInvitationError):
            invitation_of(token_of(made))


class TestAccepting:
    def test_with_a_new_account(self, team: Team, invitation: Invitation) -> None:
        ben = invitations.accept_with_new_account(invitation=invitation, **ACCOUNT)
        assert (ben.email, ben.name, ben.is_staff) == (BEN, "Ben", False)
        assert ben.check_password(PASSWORD)
        assert Membership.objects.get(user=ben).role == Role.ADMIN
        with pytest.raises(UnusableInvitationError, match="used already"):
            invitations.accept(invitation=invitation, user=ben)

    def test_with_an_existing_one(self, charlie: User, alice: User, team: Team) -> None:
        (made,) = invite(team=team, people=[Invited(charlie.email, Role.MEMBER)], by=alice)
        invitations.accept(invitation=made, user=charlie)
        assert charlie.memberships.count() == 2
        assert charlie.current_team == team

    def test_by_somebody_else(self, charlie: User, invitation: Invitation) -> None:
        with pytest.raises(PermissionDenied, match="for ben@example"):
            invitations.accept(invitation=invitation, user=charlie)

    def test_who_was_added_meanwhile_keeps_that_role(self, alice: User, team: Team, invitation: Invitation) -> None:
        ben = person(BEN, None)
        Membership.objects.create(team=team, user=ben, role=Role.MEMBER)
        invitations.accept(invitation=invitation, user=ben)
        assert Membership.objects.get(user=ben).role == Role.MEMBER

    def test_a_guest_gets_an_account_and_no_team(self, alice: User, team: Team) -> None:
        (made,) = invite(team=team, people=[Invited(BEN, "")], by=alice)
        ben = invitations.accept_with_new_account(invitation=made, **ACCOUNT)
        assert not ben.memberships.exists()
