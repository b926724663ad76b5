"""Invitations by mail, and joining by an address of the team's domain."""

import pytest
from celery import current_app
from django.core import mail
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
from teams.invitations.services import UnusableInvitationError, invitation_of
from teams.models import Invitation, Membership, Role, Team, User
from tests.conftest import Login, person
from tests.teams.invitations.people import ACCOUNT, BEN, LINK, token_of

pytestmark = pytest.mark.django_db


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

        monkeypatch.setattr(mail.EmailMultiAlternatives, "send", refuse)
        tasks.mail_invitation(invitation.pk)
        html = login(alice).get(reverse("teams:people", args=[invitation.team_id])).content.decode()
        assert "The mail server refused it (ConnectionRefusedError)." in html
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
