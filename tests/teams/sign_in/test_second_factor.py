"""The second factor: asked for, stored encrypted, and demanded by a team."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from teams.invitations import links
from teams.invitations import services as invitations
from teams.models import AuditEntry, Team, User
from teams.service_accounts import services as service_accounts
from teams.services import create_token
from tests.conftest import PASSWORD, Call, Login

pytestmark = pytest.mark.django_db


def code(secret: str) -> str:
    _, now, _ = yield_hotp_counters_from_time()  # the one before may end at any moment
    return str(format_hotp_value(hotp_value(secret, now)))


@pytest.fixture
def demanded(team: Team) -> None:
    team.mfa_required = True
    team.save()


def give_app(user: User) -> str:
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def sign_in(client: Client, user: User) -> str:
    """Where the password leads."""
    return str(client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})["Location"])


def test_without_one_the_password_is_enough(client: Client, alice: User) -> None:
    assert sign_in(client, alice) == "/"


def test_with_one_the_password_is_not(client: Client, alice: User) -> None:
    secret = give_app(alice)
    assert sign_in(client, alice) == "/accounts/2fa/authenticate/"
    assert client.get("/").status_code == 302
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "This code is wrong" in wrong.content.decode()
    assert client.post("/accounts/2fa/authenticate/", {"code": code(secret)})["Location"] == "/"
    assert client.get("/").status_code == 200


def test_a_recovery_code_opens_once(client: Client, alice: User) -> None:
    give_app(alice)
    recovery = RecoveryCodes.activate(alice).get_unused_codes()[0]
    sign_in(client, alice)
    assert client.post("/accounts/2fa/authenticate/", {"code": recovery})["Location"] == "/"
    client.logout()
    sign_in(client, alice)
    assert client.post("/accounts/2fa/authenticate/", {"code": recovery}).status_code == 200


def test_secrets_are_stored_encrypted(alice: User) -> None:
    secret = give_app(alice)
    RecoveryCodes.activate(alice)
    stored = [str(authenticator.data) for authenticator in Authenticator.objects.all()]
    assert len(stored) == 2
    assert not any(secret in data for data in stored)
    assert all("gAAAA" in data for data in stored)  # how Fernet tokens begin


def test_no_browser_keeps_the_pages_with_codes_and_keys(client: Client, alice: User) -> None:
    sign_in(client, alice)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    give_app(alice)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    page = client.get("/accounts/2fa/recovery-codes/")
    assert codes[0] in page.content.decode()
    assert "no-store" in page["Cache-Control"]


@pytest.mark.usefixtures("demanded")
class TestDemanded:
    def test_every_page_leads_to_the_set_up(self, login: Login, alice: User, bob: User) -> None:
        client = login(bob)
        for path in ("/", "/tokens/", "/datasets/new/"):
            answer = client.get(path)
            assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")
        page = client.get("/accounts/2fa/").content.decode()
        assert "Your team requires two-factor authentication" in page
        assert client.get("/accounts/logout/").status_code == 200

    def test_htmx_goes_there_too(self, login: Login, bob: User) -> None:
        answer = login(bob).get("/", headers={"HX-Request": "true"})
        assert answer["HX-Redirect"] == "/accounts/2fa/"

    def test_with_one_all_is_open(self, login: Login, bob: User) -> None:
        give_app(bob)
        assert login(bob).get("/").status_code == 200

    def test_an_invitation_opened_before_is_not_lost(
        self, client: Client, bob: User, charlie: User, alice: User
    ) -> None:
        elsewhere = charlie.teams.get()
        (made,) = invitations.invite(team=elsewhere, people=[invitations.Invited(bob.email, "MEMBER")], by=charlie)
        link = links.path_of(made)
        sign_in(client, bob)
        assert client.get(link)["Location"] == "/accounts/2fa/"
        client.get("/", headers={"HX-Request": "true"})  # what pages fetch by themselves is not what somebody opened
        client.post("/tokens/", {"name": "x"})
        assert "Continue to the page" not in client.get("/accounts/2fa/").content.decode()
        assert "invitation" not in str(list(Session.objects.all()[0].get_decoded().values()))  # sealed
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
        activated = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}, follow=True)
        assert f'href="{escape(link)}"' in activated.content.decode()
        assert f'href="{escape(link)}"' in client.get("/accounts/2fa/").content.decode()
        page = client.get(link)
        assert elsewhere.name in page.content.decode()
        client.post(link)
        assert elsewhere.members.filter(pk=bob.pk).exists()
        assert "Continue to the page" not in client.get("/accounts/2fa/").content.decode()

    def test_an_address_sealed_with_another_key_is_forgotten(self, client: Client, bob: User) -> None:
        sign_in(client, bob)
        give_app(bob)
        session = client.session
        session["wanted_page"] = "gAAAA-not-ours"
        session.save()
        page = client.get("/accounts/2fa/")
        assert page.status_code == 200
        assert "Continue to the page" not in page.content.decode()

    def test_recovery_codes_alone_are_none(self, login: Login, bob: User) -> None:
        RecoveryCodes.activate(bob)
        assert login(bob).get("/").status_code == 302

    def test_other_teams_are_not_asked(self, login: Login, charlie: User) -> None:
        assert login(charlie).get("/").status_code == 200

    def test_scripts_of_who_has_none_are_told_what_to_do(self, client: Client, bob: User) -> None:
        token = create_token(user=bob, name="script")
        answer = client.get("/v1/datasets", {"token": token})
        assert answer.status_code == 403
        assert set(answer.json()) == {"code", "error"}
        assert answer.json()["code"] == "FORBIDDEN"
        assert "requires two-factor authentication" in answer.json()["error"]
        assert "Sign-in and security" in answer.json()["error"]
        give_app(bob)
        assert client.get("/v1/datasets", {"token": token}).status_code == 200

    def test_recovery_codes_alone_are_none_for_scripts_either(self, call: Call, bob: User) -> None:
        RecoveryCodes.activate(bob)
        assert call(bob).get("/v1/datasets").status_code == 403

    def test_service_accounts_and_people_of_other_teams_go_on(
        self, client: Client, call: Call, alice: User, charlie: User, team: Team
    ) -> None:
        account = service_accounts.create(team=team, name="nightly", by=alice)
        assert call(account).get("/v1/datasets").status_code == 200
        assert call(charlie).get("/v1/datasets").status_code == 200

    def test_the_last_one_stays(self, client: Client, bob: User) -> None:
        secret = give_app(bob)
        sign_in(client, bob)
        client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        answer = client.post("/accounts/2fa/totp/deactivate/")
        assert "this is your last one" in answer.content.decode()
        assert Authenticator.objects.filter(user=bob, type=Authenticator.Type.TOTP).exists()

    def test_the_last_passkey_stays_too(self, client: Client, bob: User) -> None:
        client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
        keys = [
            Authenticator.objects.create(user=bob, type=Authenticator.Type.WEBAUTHN, data={"name": name})
            for name in ("laptop", "phone")
        ]
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.post(f"/accounts/2fa/webauthn/keys/{keys[0].pk}/remove/")
        answer = client.post(f"/accounts/2fa/webauthn/keys/{keys[1].pk}/remove/", follow=True)
        assert "this is your last one" in answer.content.decode()
        assert list(Authenticator.objects.filter(user=bob, type=Authenticator.Type.WEBAUTHN)) == [keys[1]]


class TestTheTeamsChoice:
    def url(self, team: Team) -> str:
        return reverse("teams:settings", args=[team.pk])

    def test_owners_demand_it_and_may_undo_that(self, login: Login, alice: User, bob: User, team: Team) -> None:
        give_app(alice)
        page = login(alice).post(self.url(team), {"second_factor": "required"}, follow=True).content.decode()
        assert "Two-factor authentication is required now" in page
        assert "Undo" in page
        team.refresh_from_db()
        assert team.mfa_required
        assert AuditEntry.objects.filter(team=team, target="two-factor authentication: required").exists()
        assert login(bob).get("/")["Location"] == "/accounts/2fa/"
        login(alice).post(self.url(team), {"second_factor": "optional"})
        team.refresh_from_db()
        assert not team.mfa_required

    def test_members_and_outsiders_do_not(self, login: Login, bob: User, charlie: User, team: Team) -> None:
        assert login(bob).post(self.url(team), {"second_factor": "required"}).status_code == 403
        assert login(charlie).post(self.url(team), {"second_factor": "required"}).status_code == 404
        team.refresh_from_db()
        assert not team.mfa_required

    def test_people_shows_who_has_one(self, login: Login, alice: User, bob: User, team: Team) -> None:
        give_app(bob)
        page = login(alice).get(reverse("teams:people", args=[team.pk])).content.decode()
        row = next(part for part in page.split("<tr>") if "bob@example.com" in part)
        assert ">on<" in row
