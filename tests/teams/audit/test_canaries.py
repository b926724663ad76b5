"""Secrets of every kind are saved, used and thrown away; none of them is in any entry, nor in what is downloaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from pydantic import SecretStr

from clouds import PROVIDERS
from core.crypto import unseal
from datasets.models import Dataset
from datasources import tasks
from datasources.models import Datasource
from notifications.models import Webhook
from teams.models import ApiToken, AuditEntry, Invitation, Team, User
from tests.conftest import PASSWORD, SECRET, Login
from tests.datasources.settings.test_forms import TYPED
from tests.teams.sign_in.test_second_factor import code

pytestmark = pytest.mark.django_db
HOOK = "https://hooks.example.com/services/T0/B0/canary-in-the-address"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dispatch", "dispatch_all"):
        monkeypatch.setattr(tasks, name, lambda ids: True)


def secrets_of(datasource: Datasource) -> set[str]:
    """Each whole, and by line where it has several: a key file."""
    config = datasource.config
    values = [getattr(config, name) for name in config.fields()]
    texts = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return {line for text in texts for line in [text, *text.split("\\n")] if len(line) > 8}


def assert_absent(client: Client, team: Team, secrets: Iterable[str]) -> None:
    rows = str(list(AuditEntry.objects.values()))
    export = client.get(reverse("teams:activity_export", args=[team.pk]))
    file = b"".join(export.streaming_content).decode()  # type: ignore[attr-defined]
    page = client.get(reverse("teams:activity", args=[team.pk])).content.decode()
    for secret in secrets:
        assert len(secret) >= 6
        for text in (rows, file, page):
            assert secret not in text


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_of_datasources(login: Login, alice: User, team: Team, dataset: Dataset, provider: str) -> None:
    client, path = login(alice), reverse("datasources:settings", args=[dataset.pk, "input"])
    typed = {"provider": provider, **TYPED[provider]}
    if "project_id" in typed:
        typed["project_id"] = "acme-vision"  # as in the key file
    answer = client.post(path, typed)
    assert answer.status_code < 400, answer.content.decode()
    secrets = {SECRET, *secrets_of(Datasource.objects.get())} - {""}
    assert client.post(path, typed | {"path": f"{typed['path']}/deep"}).status_code < 400  # the stored secret stays
    client.post(path, typed | {"path": SECRET})  # refused: not one of the paths there are
    assert AuditEntry.objects.filter(action="DATASOURCE_SAVED").count() == 2
    client.post(reverse("datasources:grant_links", args=[dataset.pk, "input"]))
    assert_absent(client, team, secrets)


def test_of_people_and_teams(client: Client, alice: User, team: Team, dataset: Dataset) -> None:
    found: set[str] = {PASSWORD, HOOK, HOOK.rpartition("/")[2]}
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD + "x"})
    client.post("/accounts/login/", {"login": PASSWORD, "password": PASSWORD})
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    def shown(answer: Any, name: str) -> str:
        value: str = answer.context[name]["token"]
        return value

    found.add(shown(client.post("/tokens/", {"name": "mine", "expires": "30"}), "created"))
    client.post(reverse("notifications:webhook", args=[team.pk]), {"url": HOOK})
    found.add(unseal(Webhook.objects.get().sealed_secret))
    client.post(reverse("notifications:webhook_secret", args=[team.pk]))
    found.add(unseal(Webhook.objects.get().sealed_secret))
    client.post(reverse("teams:invite", args=[team.pk]), {"people": "eve@example.com", "role": "MEMBER"})
    found.add(Invitation.objects.get().nonce)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    found.add(secret)
    for factor in Authenticator.objects.all():
        found |= {unseal(factor.data[name]) for name in {"secret", "seed"} & set(factor.data)}
    found |= {token.digest for token in ApiToken.objects.all()}
    assert len(found) >= 10
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"SIGNED_IN", "SIGN_IN_FAILED", "TOKEN_CREATED", "WEBHOOK_SAVED", "INVITED"} <= actions
    assert_absent(client, team, found)
    assert "mine" in str(list(AuditEntry.objects.values()))  # what would be seen
