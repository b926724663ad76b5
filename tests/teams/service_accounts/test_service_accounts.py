"""Accounts of scripts: tokens, and no way to sign in."""

import re
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.handover.services import delete_service_account
from datasets.services import create_dataset
from teams import membership
from teams.models import ApiToken, AuditEntry, Role, Team, User
from teams.service_accounts import services as service_accounts
from tests.conftest import PASSWORD, Login, person, user_of_token

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r"lp_[A-Za-z0-9_-]{43}")


@pytest.fixture
def account(alice: User, team: Team) -> User:
    return service_accounts.create(team=team, name="nightly", by=alice)


class TestSigningIn:
    def test_it_can_not_even_with_a_password(self, client: Client, login: Login, account: User) -> None:
        assert not account.has_usable_password()
        account.set_password(PASSWORD)
        account.save()
        assert authenticate(username=account.email, password=PASSWORD) is None
        answer = client.post("/accounts/login/", {"login": account.email, "password": PASSWORD})
        assert answer.status_code == 200
        login(account)
        assert client.get("/")["Location"].startswith("/accounts/login/")

    def test_a_disabled_person_is_out_with_the_next_request(self, login: Login, bob: User) -> None:
        client = login(bob)
        assert client.get("/").status_code == 200
        User.objects.filter(pk=bob.pk).update(is_active=False)
        assert client.get("/")["Location"].startswith("/accounts/login/")


class TestTokens:
    def test_it_does_what_a_member_may(self, client: Client, alice: User, account: User, team: Team) -> None:
        dataset = create_dataset(name="street-scenes", owner=alice)
        token = service_accounts.create_token(team=team, account=account, name="ci", by=alice)
        assert client.get(f"/v1/datasets/{dataset.pk}", {"token": token}).status_code == 200
        assert client.delete(f"/v1/datasets/{dataset.pk}?token={token}").status_code == 403
        made = client.post(f"/v1/datasets?token={token}", {"name": "own"}, content_type="application/json")
        assert made.status_code == 201
        assert client.delete(f"/v1/datasets/{made.json()['id']}?token={token}").status_code == 204

    def test_reset_ends_the_others(self, alice: User, account: User, team: Team) -> None:
        first = service_accounts.create_token(team=team, account=account, name="ci", by=alice)
        second = service_accounts.reset_token(team=team, account=account, by=alice)
        assert user_of_token(first) is None
        assert user_of_token(second) == account
        assert not {first, second} & set(AuditEntry.objects.values_list("target", flat=True))

    def test_only_managers_of_its_team(self, alice: User, bob: User, charlie: User, account: User, team: Team) -> None:
        for by in (bob, charlie, account):
            with pytest.raises(PermissionDenied):
                service_accounts.reset_token(team=team, account=account, by=by)
            with pytest.raises(PermissionDenied):
                service_accounts.create(team=team, name="evil", by=by)
        with pytest.raises(PermissionDenied):  # a person's tokens are their own
            service_accounts.reset_token(team=team, account=bob, by=alice)
        with pytest.raises(PermissionDenied):
            service_accounts.reset_token(team=charlie.memberships.get().team, account=account, by=charlie)
        assert not ApiToken.objects.exists()

    def test_names(self, alice: User, account: User, team: Team) -> None:
        for name in ("nightly", "", " ", "x" * 151, "nul\0"):
            with pytest.raises(ValidationError):
                service_accounts.create(team=team, name=name, by=alice)


class TestBounds:
    def test_its_role_is_for_ever(self, alice: User, bob: User, account: User, team: Team) -> None:
        for user, role in ((account, Role.ADMIN), (bob, Role.SERVICEACCOUNT)):
            with pytest.raises(PermissionDenied, match="role of a service account"):
                membership.change_role(team=team, user=user, role=role, by=alice)
        with pytest.raises(PermissionDenied):
            membership.end_membership(team=team, user=account, by=account)

    def test_deleting_it(self, alice: User, account: User, team: Team) -> None:
        token = service_accounts.create_token(team=team, account=account, name="ci", by=alice)
        dataset = create_dataset(name="own", owner=account)
        assert delete_service_account(team=team, account=account, heir=alice, by=alice) == 1
        dataset.refresh_from_db()
        assert dataset.owner == alice
        assert user_of_token(token) is None
        service_accounts.create(team=team, name="nightly", by=alice)  # the name is free again


def tokens_of(account: User) -> list[Any]:
    return list(account.api_tokens.all())


class TestPages:
    def test_a_token_is_shown_once(self, login: Login, alice: User, team: Team) -> None:
        page = reverse("teams:service_accounts", args=[team.pk])
        client = login(alice)
        answer = client.post(page, {"name": "nightly"})
        (first,) = set(TOKEN.findall(answer.content.decode()))
        assert "no-store" in answer["Cache-Control"]
        account = User.objects.get(is_service_account=True)
        assert user_of_token(first) == account
        answer = client.post(page, {"name": "nightly"})  # as a reload sends it again
        assert answer.status_code == 422
        another = reverse("teams:new_account_token", args=[team.pk, account.pk])
        typed = {"name": "ci", "scopes": ["admin"], "expires": "90"}
        (second,) = set(TOKEN.findall(client.post(another, typed).content.decode()))
        assert client.post(another, typed).status_code == 422
        days = {token.name: (token.scopes, (token.expires_at - timezone.now()).days) for token in tokens_of(account)}
        assert days == {"first token": ("read datasources runs", 364), "ci": ("read admin", 89)}
        reset = reverse("teams:reset_account_token", args=[team.pk, account.pk])
        assert not TOKEN.search(client.get(reset).content.decode())
        (third,) = set(TOKEN.findall(client.post(reset).content.decode()))
        assert [user_of_token(token) for token in (first, second, third)] == [None, None, account]
        token = account.api_tokens.get(revoked_at=None)
        revoke = reverse("teams:revoke_account_token", args=[team.pk, account.pk, token.pk])
        assert token.expires_at
        assert (token.scopes, (token.expires_at - timezone.now()).days) == ("read datasources runs admin", 364)
        client.get(revoke)
        assert user_of_token(third) == account
        client.post(revoke)
        assert user_of_token(third) is None
        assert not TOKEN.search(client.get(page).content.decode())

    def test_people_are_no_service_accounts(self, login: Login, alice: User, bob: User, team: Team) -> None:
        for name in ("teams:reset_account_token", "teams:new_account_token", "datasets:delete_service_account"):
            assert login(alice).post(reverse(name, args=[team.pk, bob.pk])).status_code == 404
        account = service_accounts.create(team=team, name="nightly", by=alice)
        assert login(alice).get(reverse("datasets:remove_member", args=[team.pk, account.pk])).status_code == 404
        other = Team.objects.get(pk=person("d@example.com", Team.objects.create(name="D")).memberships.get().team_id)
        assert login(alice).get(reverse("teams:service_accounts", args=[other.pk])).status_code == 404
