"""Whatever page there is: without signing in it leads to the sign-in, and who has no part in a team or dataset learns
nothing of it, by no method and with no header. New pages are found by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clouds import CloudConfig
from datasets.models import Dataset
from datasources.grant_links import services as grant_links
from datasources.models import Datasource, Purpose
from datasources.runners import start_check_all
from datasources.services import save
from notifications.models import Notice
from notifications.webhooks.services import save_webhook
from teams.invitations import services as invitations
from teams.models import Team, User
from teams.service_accounts import services as service_accounts
from tests.conftest import Login

pytestmark = pytest.mark.django_db
APPS = ("teams", "datasets", "jobs", "notifications", "datasources", "monitoring", "dashboard")
# These anybody may open. A new one has to be added here knowingly.
OPEN = {"teams:welcome", "teams:invitation", "teams:join", "monitoring:healthz", "monitoring:metrics"}
OPEN |= {"datasources:grant_link", "datasources:grant_link_bulbs", "datasources:grant_link_check"}


SEARCHES = ("/", "/health/", "/team/", "/admin/teams/user/", "/admin/datasets/dataset/")


class Page(NamedTuple):
    name: str
    parts: frozenset[str]


def pages() -> Iterator[Page]:
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and resolver.namespace in APPS:
            for pattern in resolver.url_patterns:
                assert isinstance(pattern, URLPattern)
                parts = frozenset(re.compile(str(pattern.pattern)).groupindex)
                yield Page(f"{resolver.namespace}:{pattern.name}", parts)


PAGES = sorted(pages())
OWNED = [page for page in PAGES if page.parts]


@pytest.fixture
def known(alice: User, bob: User, team: Team, dataset: Dataset, s3_config: CloudConfig) -> dict[str, str]:
    """One of everything an address may name, all of it alice's."""
    save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    account = service_accounts.create(team=team, name="nightly", by=alice)
    service_accounts.create_token(team=team, account=account, name="server", by=alice)
    (invitation,) = invitations.invite(team=team, people=[invitations.Invited("eve@example.com", "MEMBER")], by=alice)
    save_webhook(team=team, url="https://hooks.example.com/x", by=alice)
    return {
        "team_id": team.pk,
        "dataset_id": dataset.pk,
        "user_id": account.pk,
        "token_id": account.api_tokens.get().pk,
        "invitation_id": invitation.pk,
        "notice_id": Notice.objects.create(user=alice, title="Problem").pk,
        "job_id": start_check_all(teams=[team], by=alice)[0].pk,
        "link_id": grant_links.make(datasource=Datasource.objects.get(), by=alice).pk,
        "tab": "input",
    }


def answers(client: Client, page: Page, known: dict[str, str]) -> Iterator[Any]:
    url = reverse(page.name, kwargs={part: known[part] for part in page.parts})
    for headers in ({}, {"HX-Request": "true"}):
        yield client.get(url, headers=headers)
        yield client.post(url, headers=headers)


def test_they_are_found() -> None:
    assert len(PAGES) > 50
    assert len(OWNED) > 30
    assert {page.name for page in PAGES} > OPEN


def test_strangers_sign_in_first(client: Client, known: dict[str, str]) -> None:
    for page in PAGES:
        if page.name not in OPEN:
            for answer in answers(client, page, known):
                assert answer.status_code == 302, page
                assert answer["Location"].startswith("/accounts/login/?next=/"), page


def test_outsiders_learn_nothing(login: Login, known: dict[str, str], charlie: User) -> None:
    client, made_up = login(charlie), dict.fromkeys(known, "f" * 24) | {"tab": "input"}
    for page in OWNED:
        for answer in answers(client, page, known):
            assert answer.status_code in {404, 405}, page  # 405: for everybody
            assert "street-scenes" not in answer.content.decode(), page
            assert "Acme Vision" not in answer.content.decode(), page
        assert {answer.status_code for answer in answers(client, page, made_up)} <= {404, 405}, page


def test_ones_own_team_opens_nothing_of_anothers(login: Login, known: dict[str, str], charlie: User) -> None:
    """An owner elsewhere, with their own team in the address and the rest of it alice's."""
    client, mixed = login(charlie), known | {"team_id": charlie.teams.get().pk}
    for page in OWNED:
        if page.parts - {"team_id", "tab"}:
            assert {answer.status_code for answer in answers(client, page, mixed)} <= {404, 405}, page


@pytest.mark.parametrize("path", SEARCHES)
def test_a_search_of_a_thousand_words_is_no_crash(login: Login, alice: User, path: str) -> None:
    alice.is_staff = True
    alice.save()
    client = login(alice)
    path = client.get(path, follow=True).request["PATH_INFO"]
    assert client.get(path, {"q": "a " * 1100}).status_code == 200
