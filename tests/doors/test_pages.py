"""Every page and every form, for everybody who may come to it: who gets in, who is refused, who learns nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from teams.models import Team, User
from tests.doors.routes import Route, routes
from tests.doors.rules import ADMIN_PANEL, OPEN, PAGES, Access, rule_of
from tests.doors.visitors import ADMIN_SIGN_IN, FINDS, HIDDEN, IN, NO_METHOD, REFUSED, SIGN_IN

pytestmark = pytest.mark.django_db
ROUTES = routes()
# The pages of the sign-in and of the panel ask only whether one is signed in, and whether one is staff.
SIGN_IN_PAGES = re.compile("^accounts/")
ASKED_EVERYWHERE = {"nobody", "member"}
# What tells that a page shows something of alice's team.
NAMES = ("street-scenes", "Acme Vision", "alice@example.com")
KNOWS_NOTHING = {"nobody", "outsider", "guest with an unproven address"}
HTMX = {"HX-Request": "true"}
# What a page must be told beside its address.
QUERIES = dict.fromkeys(("contents:file", "contents:original", "contents:read_url"), "key=street/night/007.JPG")


class Visit:
    """Requests of one person. What they change is undone at once."""

    def __init__(self, user: User | None, known: dict[str, str], *, checks_csrf: bool = False) -> None:
        self.known = known
        self._checks_csrf = checks_csrf
        self._session = ""
        if user:
            client = Client()
            client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
            request = HttpRequest()
            request.session = session = client.session
            # They typed their password a moment ago, so no page asks for it again.
            record_authentication(request, user, "password", reauthenticated=True)
            session.save()
            self._session = client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(self, route: Route, method: str, headers: dict[str, str] | None = None) -> Any:
        client = Client(self._checks_csrf, raise_request_exception=False)
        if self._session:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._session
        with transaction.atomic():
            send = client.post if method == "POST" else client.get
            answer = send(self._path(route), self._body(route) if method == "POST" else None, headers=headers)
            transaction.set_rollback(True)
        return answer

    def _path(self, route: Route) -> str:
        known = self.known
        if "account" in route.name:
            known = known | {"user_id": known["account_id"], "token_id": known["account_token_id"]}
        links = {"teams:invitation": known["invitation"], "datasources:grant_link": known["grant"]}
        link = next((link for name, link in links.items() if route.name.startswith(name)), "")
        query = urlsplit(link).query if link else QUERIES.get(route.name, "")
        return f"{route.path(known)}?{query}" if query else route.path(known)

    def _body(self, route: Route) -> dict[str, str]:
        """What a form has to say before anybody is asked who sends it."""
        bodies = {
            "teams:switch": {"team": self.known["team_id"]},
            "datasets:invite_guest": {"email": "guest@example.com"},
        }
        return bodies.get(route.name, {})


def outcome(answer: Any) -> str:
    if answer.status_code in {301, 302}:
        where = urlsplit(answer["Location"])
        if where.path == reverse("account_login") and where.query.startswith("next="):
            return SIGN_IN
        return ADMIN_SIGN_IN if where.path in {reverse("admin:login"), reverse("admin:index")} else IN
    if answer.status_code >= 500:
        return str(answer.status_code)
    return {403: REFUSED, 404: HIDDEN, 405: NO_METHOD}.get(answer.status_code, IN)


def expected(visitor: str, route: Route, access: Access) -> str:
    if visitor == "nobody" and route.name in OPEN:
        return FINDS["member"][access]
    return FINDS[visitor][access]


def asked(visitor: str) -> Iterator[tuple[Route, str, Access]]:
    """What this visitor asks for: address, method, and the rule for both."""
    for route in ROUTES:
        rule = rule_of(route.name)
        assert rule, route
        everywhere = not (ADMIN_PANEL.match(route.name) or SIGN_IN_PAGES.match(route.pattern))
        if everywhere or visitor in ASKED_EVERYWHERE:
            for method, access in (("GET", rule.get), ("POST", rule.post)):
                if access is not Access.NONE or visitor in ASKED_EVERYWHERE:
                    yield route, method, access


def test_every_page_has_a_rule() -> None:
    """Say in tests/doors/rules.py who may open a new page; all else follows from it."""
    assert [route.name for route in ROUTES if rule_of(route.name) is None] == []
    assert sorted(set(PAGES) - {route.name for route in ROUTES}) == []
    assert len(ROUTES) > 200


@pytest.mark.parametrize("visitor", FINDS)
def test_everybody_gets_as_far_as_the_rule_says(
    visitor: str, people: dict[str, User | None], known: dict[str, str]
) -> None:
    visit, wrong = Visit(people[visitor], known), []
    for route, method, access in asked(visitor):
        for headers in ({}, HTMX) if visitor == "outsider" else ({},):
            answer, right = visit.ask(route, method, headers), expected(visitor, route, access)
            found = outcome(answer)
            if visitor == "nobody" and found == ADMIN_SIGN_IN:  # which leads to the one sign-in there is
                found = SIGN_IN
            if found != right:
                wrong.append(f"{method} {route.name}: {found}, not {right}")
            if right != IN and visitor in KNOWS_NOTHING and any(name in answer.content.decode() for name in NAMES):
                wrong.append(f"{method} {route.name} tells about the team")
    assert wrong == []


def named() -> list[Route]:
    """The pages of our own whose address names something of a team's."""
    ours = [route for route in ROUTES if not ADMIN_PANEL.match(route.name) and not SIGN_IN_PAGES.match(route.pattern)]
    return [route for route in ours if route.parts - {"name"}]


@pytest.mark.parametrize("visitor", ["outsider", "team's owner", "superuser"])
def test_what_is_not_there_is_answered_like_what_is_hidden(
    visitor: str, people: dict[str, User | None], known: dict[str, str]
) -> None:
    """So nobody finds out by trying ids."""
    nothing = known | {name: "f" * 24 for name in known if name.endswith("_id")}
    visit = Visit(people[visitor], nothing)
    routes_with_ids = named()
    assert len(routes_with_ids) > 30
    for route in routes_with_ids:
        for method in ("GET", "POST"):
            assert outcome(visit.ask(route, method)) in {HIDDEN, NO_METHOD}, f"{method} {route.name}"


def test_ones_own_team_opens_nothing_of_anothers(people: dict[str, User | None], known: dict[str, str]) -> None:
    """An owner elsewhere, with their own team in the address and the rest of it alice's."""
    visit = Visit(people["outsider"], known | {"team_id": Team.objects.get(name="Elsewhere").pk})
    mixed = [route for route in named() if route.parts - {"team_id", "tab"}]
    assert len(mixed) > 20
    for route in mixed:
        for method in ("GET", "POST"):
            assert outcome(visit.ask(route, method)) in {HIDDEN, NO_METHOD}, f"{method} {route.name}"


def test_no_form_of_another_site_is_taken(people: dict[str, User | None], known: dict[str, str]) -> None:
    """Without the token that only our own pages know, whoever's browser sends it."""
    visit = Visit(people["superuser"], known, checks_csrf=True)
    exempt = set()
    for route in ROUTES:
        answer = visit.ask(route, "POST")
        if not (answer.status_code == 403 and b"CSRF" in answer.content):
            exempt.add(route.name)
    # For the first its own token alone counts; the others are not there, or take no form.
    assert exempt == {"datasources:grant_link_check", "^v1/", "monitoring:healthz", "monitoring:readyz"}


def test_a_demanded_second_factor_comes_before_every_page(
    people: dict[str, User | None], known: dict[str, str], team: Team
) -> None:
    Team.objects.filter(pk=team.pk).update(mfa_required=True)
    visit, past = Visit(people["team's owner"], known), set()
    for route in ROUTES:
        for method in ("GET", "POST"):
            answer = visit.ask(route, method)
            if answer.status_code != 302 or answer["Location"] != reverse("mfa_index"):
                past.add(route.name)
    # Where it is set up, and what asks for no session.
    ours = {name for name in past if not (SIGN_IN_PAGES.match(name) or name.startswith(("account", "mfa_", "social")))}
    probes = {"monitoring:healthz", "monitoring:readyz"}
    assert ours <= {"^v1/", "api:api-root", "api:openapi-json", "api:openapi-view", *probes} | OPEN
    assert {"home", "admin:index", "teams:tokens", "datasources:settings"}.isdisjoint(past)
