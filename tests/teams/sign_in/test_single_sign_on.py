"""Single sign-on against a real OpenID Connect provider."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import Settings

from datasets.access import datasets_for
from datasets.models import Dataset
from datasets.services import share_dataset
from teams.invitations.services import Invited, accept_with_new_account, invite, revoke
from teams.membership import create_team
from teams.models import AuditEntry, InvitationState, Membership, Role, Team, User
from teams.services import create_token
from tests.conftest import PASSWORD
from tests.oidc import CLIENT_ID, CLIENT_SECRET, OpenIDProvider

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as provider:
        yield provider


@pytest.fixture(autouse=True)
def configured(settings: Settings, provider: OpenIDProvider) -> None:
    app = {"provider_id": "sso", "name": "Acme SSO", "client_id": CLIENT_ID, "secret": CLIENT_SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [{**app, "settings": {"server_url": provider.url}}],
        }
    }


def sign_in(client: Client) -> Any:
    """As a browser does it: out to the provider, and back with what it says."""
    there = client.post("/accounts/oidc/sso/login/?process=login")
    assert there.status_code == 302
    back = requests.get(there["Location"], allow_redirects=False, timeout=10).headers["Location"]
    return client.get(back.removeprefix("http://testserver"))


def person(email: str, **claims: object) -> dict[str, object]:
    return {"sub": f"id-of-{email}", "email": email, "email_verified": True, "name": "Al Ice", **claims}


def test_the_sign_in_page_offers_it(client: Client, alice: User) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "Sign in with Acme SSO" in page
    assert CLIENT_SECRET not in page


def test_a_known_person_is_signed_in(client: Client, provider: OpenIDProvider, alice: User) -> None:
    provider.person = person("Alice@Example.com")
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert client.session["_auth_user_id"] == alice.pk
    # From now on it is the account that counts, whatever its address.
    client.logout()
    provider.person = person("Alice@Example.com") | {"email": "alice.married@example.com"}
    sign_in(client)
    assert client.session["_auth_user_id"] == alice.pk
    assert SocialAccount.objects.get().user == alice
    entries = AuditEntry.objects.order_by("created_at").values_list("action", "actor_email", "target")
    assert list(entries.exclude(action__in=["SIGNED_OUT", "PASSWORD_CHANGED"])) == [
        ("ACCOUNT_LINKED", "alice@example.com", "sso id-of-Alice@Example.com"),
        ("SIGNED_IN", "alice@example.com", "with single sign-on"),
        ("SIGNED_IN", "alice@example.com", "with single sign-on"),
    ]


NOT_KNOWN = "You have no account here yet"
NOT_VERIFIED = "Your e-mail address is not verified"


@pytest.mark.parametrize(
    ("claims", "heading"),
    [
        (person("stranger@example.com"), NOT_KNOWN),
        (person("alice@example.com", email_verified=False), NOT_VERIFIED),
        ({"sub": "no-address"}, NOT_KNOWN),
    ],
    ids=["unknown", "unverified", "without address"],
)
def test_nobody_else_gets_in(
    client: Client, provider: OpenIDProvider, alice: User, claims: dict[str, object], heading: str
) -> None:
    provider.person = claims
    answer = sign_in(client)
    assert answer.status_code == 403
    assert f"<h1>{heading}</h1>" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()
    entry = AuditEntry.objects.get(action="SIGN_IN_FAILED")
    assert entry.target == f"{claims.get('email', 'somebody without an address')} with single sign-on"
    assert (entry.team, entry.actor) == (None, None)


@pytest.mark.parametrize(
    "claim", ["false", "False", " FALSE ", "no", "yes", "0", "1", "", 0, 1, None, [], [True], {"a": 1}]
)
def test_a_claim_that_is_not_true_vouches_for_nothing(
    client: Client, provider: OpenIDProvider, alice: User, team: Team, claim: object
) -> None:
    """Who registers somebody's address at such a provider does not get in as that person, nor by an invitation."""
    invite(team=team, people=[Invited("new@example.com", Role.ADMIN)], by=alice)
    for email in ("alice@example.com", "new@example.com"):
        provider.person = person(email, email_verified=claim)
        answer = sign_in(client)
        assert answer.status_code == 403
        page = answer.content.decode()
        assert NOT_VERIFIED in page
        assert "no account here" not in page
        assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("claim", ["true", "True", " TRUE "])
def test_true_as_text_is_true(client: Client, provider: OpenIDProvider, alice: User, claim: str) -> None:
    """As Amazon Cognito and Apple send it."""
    provider.person = person("alice@example.com", email_verified=claim)
    sign_in(client)
    assert client.session["_auth_user_id"] == alice.pk


def test_a_provider_that_says_nothing_of_addresses(
    client: Client, provider: OpenIDProvider, alice: User, settings: Settings
) -> None:
    """As Entra ID does for work accounts: the operator decides. What is said expressly counts all the same."""
    silent = {name: value for name, value in person("alice@example.com").items() if name != "email_verified"}
    provider.person = silent
    page = sign_in(client).content.decode()
    assert NOT_VERIFIED in page
    assert "LIGHTLY_OIDC_TRUST_EMAILS" in page
    settings.LIGHTLY_OIDC_TRUST_EMAILS = True
    provider.person = silent | {"email_verified": "false"}
    assert sign_in(client).status_code == 403
    provider.person = silent
    sign_in(client)
    assert client.session["_auth_user_id"] == alice.pk


def test_who_turns_back_is_told_so(client: Client, provider: OpenIDProvider, alice: User) -> None:
    provider.person = None
    answer = sign_in(client)
    assert answer.status_code == 302
    assert "Nothing has changed" in client.get(answer["Location"]).content.decode()


def test_a_provider_that_is_down_is_no_crash(
    client: Client, provider: OpenIDProvider, alice: User, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = client.post("/accounts/oidc/sso/login/?process=login")
    assert answer.status_code == 502
    assert "Single sign-on failed" in answer.content.decode()


def test_an_inactive_person_stays_out(client: Client, provider: OpenIDProvider, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    provider.person = person("alice@example.com")
    sign_in(client)
    assert client.get("/").status_code == 302


def test_an_invitation_opens_the_door(client: Client, provider: OpenIDProvider, alice: User, team: Team) -> None:
    invitation = invite(team=team, people=[Invited("new@example.com", Role.ADMIN)], by=alice)[0]
    provider.person = person("New@Example.com")
    assert sign_in(client)["Location"] == "/"
    newcomer = User.objects.get(email="new@example.com")
    assert client.session["_auth_user_id"] == newcomer.pk
    assert newcomer.name == "Al Ice"
    assert not newcomer.has_usable_password()
    assert Membership.objects.get(user=newcomer).role == Role.ADMIN
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.ACCEPTED


def test_so_do_all_of_them(client: Client, provider: OpenIDProvider, alice: User, bob: User, team: Team) -> None:
    """Somebody with whom a dataset is shared, invited as a guest first, is not left without the team."""
    invite(team=team, people=[Invited("new@example.com", "")], by=alice)
    other = create_team(name="Beta", by=bob)
    invite(team=other, people=[Invited("new@example.com", Role.MEMBER)], by=bob)
    provider.person = person("new@example.com")
    assert sign_in(client)["Location"] == "/"
    assert Membership.objects.get(user__email="new@example.com").team == other


def test_a_revoked_one_does_not(client: Client, provider: OpenIDProvider, alice: User, team: Team) -> None:
    invitation = invite(team=team, people=[Invited("new@example.com", Role.MEMBER)], by=alice)[0]
    revoke(invitation=invitation, by=alice)
    provider.person = person("new@example.com")
    assert sign_in(client).status_code == 403
    assert User.objects.count() == 1


def test_nor_does_one_for_an_address_nobody_vouches_for(
    client: Client, provider: OpenIDProvider, alice: User, team: Team
) -> None:
    invite(team=team, people=[Invited("new@example.com", Role.MEMBER)], by=alice)
    provider.person = person("new@example.com", email_verified=False)
    assert sign_in(client).status_code == 403
    assert User.objects.count() == 1


def test_the_provider_leads_back_to_the_public_address(client: Client, alice: User, settings: Settings) -> None:
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    settings.LIGHTLY_PUBLIC_URL_IS_SET = True
    there = client.post("/accounts/oidc/sso/login/?process=login", headers={"host": "localhost"})["Location"]
    (back,) = parse_qs(urlsplit(there).query)["redirect_uri"]
    assert back == "https://lightly.example.com/accounts/oidc/sso/login/callback/"


class TestLinking:
    """Whoever chose the password of an account may be somebody else than the person whom the provider knows."""

    def test_it_ends_the_password_and_all_sessions(self, client: Client, provider: OpenIDProvider, alice: User) -> None:
        before = Client()
        before.force_login(alice, "teams.backends.PasswordBackend")
        assert before.get("/").status_code == 200
        provider.person = person("alice@example.com")
        assert sign_in(client)["Location"] == "/"
        assert "Your password no longer works" in client.get("/").content.decode()
        alice.refresh_from_db()
        assert not alice.has_usable_password()
        assert before.get("/")["Location"].startswith("/accounts/login/")
        assert client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).status_code != 500
        assert not User.objects.get(pk=alice.pk).check_password(PASSWORD)

    def test_only_once(self, client: Client, provider: OpenIDProvider, alice: User) -> None:
        """A password that is chosen afterwards, and what was open since, stays."""
        provider.person = person("alice@example.com")
        sign_in(client)
        alice.refresh_from_db()
        alice.set_password("chosen-afterwards-9")
        alice.save()
        since = Client()
        since.force_login(alice, "teams.backends.PasswordBackend")
        sign_in(Client())
        assert User.objects.get(pk=alice.pk).check_password("chosen-afterwards-9")
        assert since.get("/").status_code == 200

    def test_a_person_whose_address_was_proven_keeps_their_scripts(
        self, client: Client, provider: OpenIDProvider, alice: User
    ) -> None:
        token = create_token(user=alice, name="script")
        provider.person = person("alice@example.com")
        sign_in(client)
        assert client.get("/v1/datasets", {"token": token}).status_code == 200

    def test_what_a_stranger_left_in_an_unproven_account_goes(
        self, client: Client, provider: OpenIDProvider, alice: User, bob: User, team: Team
    ) -> None:
        """Bob made it with an address that is not his: with a token, a passkey and a sign-in of his own."""
        made = invite(team=team, people=[Invited("zoe@example.com", Role.MEMBER)], by=alice)[0]
        zoe = accept_with_new_account(invitation=made, name="Zoe", password=PASSWORD)
        token = create_token(user=zoe, name="of bob")
        Authenticator.objects.create(user=zoe, type=Authenticator.Type.WEBAUTHN, data={})
        SocialAccount.objects.create(user=zoe, provider="sso", uid="id-of-bob")
        provider.person = person("zoe@example.com")
        assert sign_in(client)["Location"] == "/"
        assert not Authenticator.objects.exists()
        assert client.get("/v1/datasets", {"token": token}).status_code == 401
        assert [account.uid for account in SocialAccount.objects.all()] == ["id-of-zoe@example.com"]
        assert not User.objects.get(pk=zoe.pk).has_usable_password()

    def test_it_proves_the_address(
        self, client: Client, provider: OpenIDProvider, alice: User, charlie: User, dataset: Dataset
    ) -> None:
        share_dataset(dataset=dataset, emails=["zoe@example.com"])
        elsewhere = charlie.memberships.get().team
        made = invite(team=elsewhere, people=[Invited("zoe@example.com", Role.MEMBER)], by=charlie)[0]
        zoe = accept_with_new_account(invitation=made, name="Zoe", password=PASSWORD)
        assert list(datasets_for(zoe)) == []
        provider.person = person("zoe@example.com")
        sign_in(client)
        zoe.refresh_from_db()
        assert list(datasets_for(zoe)) == [dataset]
