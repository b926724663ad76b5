"""How people get in and out stands in the log: once, with the address, and with nothing that they typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from core.crypto import unseal
from teams.membership import create_team
from teams.models import AuditEntry, Team, User
from teams.sign_in.proof import hand_over
from tests.conftest import PASSWORD, person
from tests.teams.sign_in.test_second_factor import code

pytestmark = pytest.mark.django_db
HERE = "203.0.113.7"
TYPED = "a-wrong-password-55"


@pytest.fixture
def visitor(client: Client, settings: Settings) -> Client:
    """Behind one proxy of the operator's."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client.defaults["HTTP_X_FORWARDED_FOR"] = f"10.9.9.9, {HERE}"
    return client


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def only(action: str) -> AuditEntry:
    entry = AuditEntry.objects.get(action=action)
    assert entry.address == HERE
    assert entry.via == "PAGE"
    assert entry.token_name == ""
    return entry


def give_app(user: User) -> str:
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def test_in_and_out(visitor: Client, alice: User, team: Team) -> None:
    sign_in(visitor, alice.email)
    visitor.post("/accounts/logout/")
    entry = only("SIGNED_IN")
    assert (entry.team, entry.actor, entry.target) == (team, alice, "with a password")
    entry = only("SIGNED_OUT")
    assert (entry.team, entry.actor, entry.actor_email) == (team, alice, alice.email)
    assert AuditEntry.objects.count() == 2


def test_a_wrong_password(visitor: Client, alice: User, team: Team) -> None:
    """The team is told whose account somebody tries, but nobody is named as who did it."""
    sign_in(visitor, "ALICE@example.com", TYPED)
    entry = only("SIGN_IN_FAILED")
    assert (entry.team, entry.actor, entry.actor_name) == (team, None, "")
    assert entry.target == "alice@example.com with a password"
    assert TYPED not in str(list(AuditEntry.objects.values()))


def test_an_address_of_nobody(visitor: Client, alice: User) -> None:
    sign_in(visitor, "nobody@example.com", TYPED)
    entry = only("SIGN_IN_FAILED")
    assert (entry.team, entry.target) == (None, "nobody@example.com with a password")


def test_a_password_in_the_field_of_the_address_is_not_kept(visitor: Client, alice: User) -> None:
    sign_in(visitor, TYPED, TYPED)
    assert TYPED not in str(list(AuditEntry.objects.values()))


def test_somebody_disabled_with_the_right_password(visitor: Client, bob: User, team: Team) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    sign_in(visitor, bob.email)
    assert only("SIGN_IN_FAILED").team == team
    assert not AuditEntry.objects.filter(action="SIGNED_IN").exists()


def test_each_team_reads_it_in_its_own_log(visitor: Client, alice: User, team: Team) -> None:
    second = create_team(name="Second", by=alice)
    sign_in(visitor, alice.email)
    assert {entry.team for entry in AuditEntry.objects.filter(action="SIGNED_IN")} == {team, second}


def test_guests_of_no_team_are_kept_for_operators(visitor: Client, db: None) -> None:
    guest = person("guest@example.com", None)
    sign_in(visitor, guest.email)
    entry = only("SIGNED_IN")
    assert (entry.team, entry.actor) == (None, guest)


def test_the_second_step(visitor: Client, alice: User, team: Team) -> None:
    secret = give_app(alice)
    sign_in(visitor, alice.email)
    assert not AuditEntry.objects.filter(action="SIGNED_IN").exists()  # not yet
    visitor.post("/accounts/2fa/authenticate/", {"code": "000000"})
    entry = only("SIGN_IN_FAILED")
    assert (entry.team, entry.actor, entry.target) == (team, None, "alice@example.com with a second factor")
    right = code(secret)
    visitor.post("/accounts/2fa/authenticate/", {"code": right})
    assert only("SIGNED_IN").target == "with a password and an authenticator app"
    assert right not in str(list(AuditEntry.objects.values("target")))


def test_a_recovery_code_is_named_but_not_kept(visitor: Client, alice: User) -> None:
    give_app(alice)
    used = RecoveryCodes.activate(alice).get_unused_codes()[0]
    sign_in(visitor, alice.email)
    visitor.post("/accounts/2fa/authenticate/", {"code": used})
    assert only("SIGNED_IN").target == "with a password and a recovery code"
    assert used not in str(list(AuditEntry.objects.values()))


def test_a_wrong_passkey(visitor: Client, alice: User, team: Team) -> None:
    credential = {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "AAAA"},
    }
    visitor.get("/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    visitor.post("/accounts/2fa/webauthn/login/", {"credential": json.dumps(credential)})
    entry = only("SIGN_IN_FAILED")
    assert (entry.team, entry.actor, entry.target) == (None, None, "somebody with a passkey")


def test_confirming_who_one_is(visitor: Client, alice: User, team: Team) -> None:
    sign_in(visitor, alice.email)
    visitor.post("/accounts/reauthenticate/", {"password": TYPED})
    entry = only("CONFIRM_FAILED")
    assert (entry.team, entry.actor, entry.target) == (team, alice, "with a password")
    assert not AuditEntry.objects.filter(action="SIGN_IN_FAILED").exists()


def change_password(client: Client, user: User) -> None:
    data = {"oldpassword": PASSWORD, "password1": "another-secret-88", "password2": "another-secret-88"}
    assert client.post("/accounts/password/change/", data).status_code == 302


def add_app(client: Client, user: User) -> None:
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302


def remove_app(client: Client, user: User) -> None:
    give_app(user)
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302


def renew_codes(client: Client, user: User) -> None:
    give_app(user)
    RecoveryCodes.activate(user)
    assert client.post("/accounts/2fa/recovery-codes/generate/").status_code == 302


@pytest.mark.parametrize(
    ("change", "action", "target"),
    [
        (change_password, "PASSWORD_CHANGED", ""),
        (add_app, "FACTOR_ADDED", "authenticator app"),
        (remove_app, "FACTOR_REMOVED", "authenticator app"),
        (renew_codes, "CODES_RENEWED", ""),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_changes_of_the_account(
    visitor: Client,
    bob: User,
    team: Team,
    change: Callable[[Client, User], None],
    action: str,
    target: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in(visitor, bob.email)
    visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})
    monkeypatch.setattr(transaction, "on_commit", lambda told, **_: told())  # a test's own transaction never commits
    change(visitor, bob)
    entry = AuditEntry.objects.filter(target=target).get(action=action)
    assert (entry.team, entry.actor, entry.address) == (team, bob, HERE)
    kept = str(list(AuditEntry.objects.values()))
    assert "another-secret-88" not in kept
    for factor in Authenticator.objects.all():
        for name in {"secret", "seed"} & set(factor.data):
            assert factor.data[name] not in kept
            assert unseal(factor.data[name]) not in kept


def test_what_single_sign_on_ends(visitor: Client, bob: User, team: Team) -> None:
    hand_over(bob)
    entry = AuditEntry.objects.get(action="PASSWORD_CHANGED")
    assert (entry.team, entry.target) == (team, "to none: single sign-on took its place")


def test_the_first_account(visitor: Client, settings: Settings) -> None:
    data = {"setup_secret": settings.LIGHTLY_SETUP_SECRET, "team_name": "Acme", "email": "ava@example.com"}
    visitor.post("/welcome/", data | {"password": PASSWORD, "password_again": PASSWORD})
    assert only("TEAM_CREATED").target == "Acme"
    assert only("SIGNED_IN").actor_email == "ava@example.com"
    kept = str(list(AuditEntry.objects.values()))
    assert settings.LIGHTLY_SETUP_SECRET not in kept
    assert PASSWORD not in kept


def test_programs_that_open_a_session_for_themselves_are_no_visitors(client: Client, alice: User) -> None:
    client.force_login(alice, "teams.backends.PasswordBackend")
    assert not AuditEntry.objects.exists()
