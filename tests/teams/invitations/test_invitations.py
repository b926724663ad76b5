"""Invitations: who may make which, that links work once, for one address, for a week, and the mails."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from celery import current_app
from django.core import mail, signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core import broker
from teams import membership
from teams.invitations import services as invitations
from teams.invitations import tasks
from teams.invitations.links import path_of
from teams.invitations.services import Invited, UnusableInvitationError, invitation_of, invite
from teams.models import AuditEntry, Invitation, InvitationState, Membership, Role, Team, User
from tests.conftest import PASSWORD, Login, person

pytestmark = pytest.mark.django_db
BEN = "ben@example.com"
ACCOUNT = {"name": "Ben", "password": PASSWORD}
LINK = re.compile(r"https?://[^\s<\"&]+/invitation/\?token=[^\s<\"]+")


def token_of(invitation: Invitation) -> str:
    return parse_qs(urlsplit(path_of(invitation)).query)["token"][0]


@pytest.fixture
def invitation(alice: User, team: Team) -> Invitation:
    (made,) = invite(team=team, people=[Invited("Ben@Example.com", Role.ADMIN)], by=alice)
    return made


@pytest.fixture
def mails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with EMAIL_URL; the worker is this process."""
    settings.LIGHTLY_SENDS_MAIL = True
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    monkeypatch.setattr(tasks, "dispatch_invitation", tasks.mail_invitation)


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
            with pytest.raises(UnusableInvitationError, match="Whoever invited you"):
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
        assert "For somebody else" in html
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

    def test_mistakes_are_told_line_by_line_and_nothing_is_lost(self, login: Login, alice: User, team: Team) -> None:
        typed = "ben@example.com\nnonsense\nBEN@example.com\ncleo@example.com, boss\nalice@example.com"
        answer = login(alice).post(self.url(team), {"people": typed, "role": "MEMBER"})
        html = answer.content.decode()
        assert answer.status_code == 422
        for words in ("Line 2: “nonsense”", "Line 3: ben@example.com is there twice", "Line 4: “boss” is no role"):
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
        assert "“owner” is no role you may give" in answer.content.decode()

    def test_more_than_enough(self, login: Login, alice: User, team: Team) -> None:
        typed = "\n".join(f"p{number}@example.com" for number in range(201))
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


class TestMail:
    def test_the_link_is_in_the_mail_and_not_on_screen(
        self,
        mails: None,
        client: Client,
        login: Login,
        alice: User,
        team: Team,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            url = reverse("teams:invite", args=[team.pk])
            html = login(alice).post(url, {"people": BEN, "role": "MEMBER"}, follow=True).content.decode()
        assert "1 invitation is on the way" in html
        assert not LINK.search(html)
        (sent,) = mail.outbox
        assert sent.to == [BEN]
        assert "Acme Vision" in sent.subject
        (link,) = LINK.findall(str(sent.body))
        client.logout()
        answer = client.post(link.removeprefix("https://lightly.example.com"), ACCOUNT)
        assert answer["Location"] == "/"
        assert Invitation.objects.get().mailed_at

    def test_only_the_id_is_sent_to_the_worker(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, invitation: Invitation
    ) -> None:
        sent: list[tuple[str, ...]] = []

        def send(*task: str) -> bool:
            sent.append(task)
            return True

        monkeypatch.setattr(broker, "send", send)
        tasks.dispatch_invitation(invitation.pk)
        assert sent == [("teams.tasks.mail_invitation", invitation.pk)]

    def test_a_mail_server_that_refuses(
        self, mails: None, monkeypatch: pytest.MonkeyPatch, login: Login, alice: User, invitation: Invitation
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise ConnectionRefusedError("with a link in it")

        monkeypatch.setattr(tasks, "send_mail", refuse)
        tasks.mail_invitation(invitation.pk)
        html = login(alice).get(reverse("teams:people", args=[invitation.team_id])).content.decode()
        assert "The mail server did not take it (ConnectionRefusedError)." in html
        assert "with a link" not in html

    def test_a_queue_that_can_not_be_reached(self, monkeypatch: pytest.MonkeyPatch, invitation: Invitation) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OperationalError

        monkeypatch.setattr(current_app, "send_task", fail)
        tasks.dispatch_invitation(invitation.pk)
        invitation.refresh_from_db()
        assert invitation.mail_problem == tasks.QUEUE_PROBLEM

    def test_none_for_one_that_is_over(self, mails: None, alice: User, invitation: Invitation) -> None:
        invitations.revoke(invitation=invitation, by=alice)
        tasks.mail_invitation(invitation.pk)
        assert mail.outbox == []


class TestJoiningByDomain:
    @pytest.mark.parametrize(
        ("domain", "words"),
        [
            ("gmail.com", "Anybody can have an address"),
            ("GMAIL.com ", "Anybody can have an address"),
            ("example", "not a domain"),
            ("exa mple.com", "not a domain"),
            ("x@example.com", "not a domain"),
            ("a" * 64 + ".com", "not a domain"),
        ],
    )
    def test_bad_domains(self, mails: None, login: Login, alice: User, team: Team, domain: str, words: str) -> None:
        answer = login(alice).post(reverse("teams:settings", args=[team.pk]), {"join_domain": domain})
        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_it_needs_a_mail_server_and_an_owner(self, alice: User, team: Team, settings: Settings) -> None:
        with pytest.raises(ValidationError, match="needs a mail server"):
            invitations.set_join_domain(team=team, domain="example.com", by=alice)
        settings.LIGHTLY_SENDS_MAIL = True
        admin = person("admin@example.com", team, Role.ADMIN)
        with pytest.raises(PermissionDenied):
            invitations.set_join_domain(team=team, domain="example.com", by=admin)
        invitations.set_join_domain(team=team, domain="@Example.com", by=alice)
        other = membership.create_team(name="Second", by=alice)
        with pytest.raises(ValidationError, match="Another team"):
            invitations.set_join_domain(team=other, domain="example.com", by=alice)

    def test_who_proves_the_address_is_in(
        self,
        mails: None,
        client: Client,
        alice: User,
        team: Team,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        assert client.get("/join/").status_code == 404
        assert "Join your team" not in client.get("/accounts/login/").content.decode()
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        assert "Join your team" in client.get("/accounts/login/").content.decode()
        answers = []
        with django_capture_on_commit_callbacks(execute=True):
            for email in (BEN, "eve@elsewhere.com", "eve@notexample.com", alice.email):
                html = client.post("/join/", {"email": email}).content.decode()
                answers.append(html.partition("<main")[2].partition("</main>")[0].replace(email, ""))
        assert len(set(answers)) == 1  # nobody learns who is known here
        (sent,) = mail.outbox
        assert sent.to == [BEN]
        (link,) = LINK.findall(str(sent.body))
        client.post(link.removeprefix("https://lightly.example.com"), ACCOUNT)
        assert Membership.objects.get(user__email=BEN).role == Role.MEMBER

    def test_a_closed_domain_closes_its_links(self, mails: None, alice: User, team: Team) -> None:
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        invitations.ask_to_join(email=BEN)
        invitations.set_join_domain(team=team, domain="", by=alice)
        with pytest.raises(UnusableInvitationError, match="no longer open"):
            invitation_of(token_of(Invitation.objects.get()))

    def test_a_manager_may_take_over_one_that_asked(self, mails: None, alice: User, team: Team) -> None:
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        invitations.ask_to_join(email=BEN)
        invitations.set_join_domain(team=team, domain="", by=alice)
        renewed = invitations.renew(invitation=Invitation.objects.get(), by=alice)
        assert invitation_of(token_of(renewed)) == renewed

    @pytest.mark.parametrize("change", [{"expires_at": timezone.now()}, {"role": ""}])
    def test_asking_revives_nothing_that_somebody_gave(
        self, mails: None, alice: User, team: Team, invitation: Invitation, change: dict[str, object]
    ) -> None:
        """An invitation as an admin that has expired comes back as what everybody gets."""
        Invitation.objects.update(**change)
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        invitations.ask_to_join(email=BEN)
        (waiting,) = Invitation.objects.filter(revoked_at=None)
        assert (waiting.role, waiting.invited_by) == (Role.MEMBER, None)

    def test_asking_mails_an_open_one_again_as_it_is(
        self,
        mails: None,
        alice: User,
        team: Team,
        invitation: Invitation,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        with django_capture_on_commit_callbacks(execute=True):
            invitations.ask_to_join(email=BEN)
        after = Invitation.objects.get()
        assert (after.role, after.expires_at, after.nonce) == (Role.ADMIN, invitation.expires_at, invitation.nonce)
        assert [sent.to for sent in mail.outbox] == [[BEN]]

    def test_an_address_longer_than_its_column(self, mails: None, client: Client, alice: User, team: Team) -> None:
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        answer = client.post("/join/", {"email": f"{'x' * 250}@example.com"})
        assert answer.status_code == 422
        assert not Invitation.objects.exists()

    def test_asking_is_throttled(self, mails: None, client: Client, alice: User, team: Team) -> None:
        invitations.set_join_domain(team=team, domain="example.com", by=alice)
        statuses = [client.post("/join/", {"email": BEN}).status_code for _ in range(3)]
        assert statuses == [200, 200, 422]
        statuses = [client.post("/join/", {"email": f"{number}@example.com"}).status_code for number in range(8)]
        assert statuses[-1] == 422


def test_nobody_gives_themselves_another_address(login: Login, alice: User) -> None:
    """Shares and invitations are bound to it."""
    answer = login(alice).post("/accounts/email/", {"action_add": "", "email": BEN})
    assert answer.status_code == 404
