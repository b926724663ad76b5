"""What browsers are told with every answer there is: pages, parts of pages, files, errors, and the REST API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from core.web.headers import HEADERS
from teams.models import User
from tests.api.operations import OPERATIONS
from tests.doors.test_pages import ROUTES, Visit

pytestmark = pytest.mark.django_db
FETCHED = {"script-src", "style-src", "connect-src"}
# With a token in its address, which no other site shall learn.
SECRET_ADDRESSES = {"datasources:grant_link", "datasources:grant_link_bulbs", "datasources:grant_link_check"}


def policy(answer: Any) -> dict[str, list[str]]:
    """The content security policy, by directive."""
    rules = [rule.split() for rule in answer["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in rules}


def problems(answer: Any, *, referrer: str = "same-origin", embeddable: str = "same-origin") -> list[str]:
    """What is missing of the headers, or too lax."""
    wanted = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}
    wanted |= {"Referrer-Policy": referrer, "Cross-Origin-Resource-Policy": embeddable}
    found = [f"{name}: {answer.get(name)}" for name, value in wanted.items() if answer.get(name) != value]
    if "Content-Security-Policy" not in answer:
        return [*found, "no Content-Security-Policy"]
    rules = policy(answer)
    none = ("default-src", "frame-ancestors", *(["base-uri"] if "base-uri" in rules else []))
    found += [f"{name} {rules.get(name)}" for name in none if rules.get(name) != ["'none'"]]
    # No inline code, no eval, nothing from elsewhere: not even with a nonce or a hash.
    found += [f"{name} {rules[name]}" for name in FETCHED & set(rules) if rules[name] != ["'self'"]]
    found += [f"img-src {rules['img-src']}"] if rules.get("img-src", ["'self'"])[0] != "'self'" else []
    return found


@pytest.mark.parametrize("visitor", ["nobody", "team's owner"])
def test_every_page_has_them(visitor: str, people: dict[str, User | None], known: dict[str, str]) -> None:
    User.objects.filter(email="alice@example.com").update(is_staff=True, is_superuser=True)  # who sees all there is
    visit, wrong = Visit(people[visitor], known), {}
    for route in ROUTES:
        answer = visit.ask(route, "GET")
        referrer = "no-referrer" if route.name in SECRET_ADDRESSES and answer.status_code != 405 else "same-origin"
        if found := problems(answer, referrer=referrer):
            wrong[route.name] = found
        if answer.get("Content-Type", "").startswith("text/html") and answer.content:
            assert {"base-uri", "form-action", *FETCHED} <= set(policy(answer)), route.name
    assert wrong == {}


def test_the_rest_api_has_them(client: Client, known: dict[str, str]) -> None:
    names = {name: "f" * 24 for operation in OPERATIONS for name in re.findall(r"{(\w+)}", operation.path)} | known
    for operation in OPERATIONS:
        assert problems(client.generic(operation.method, operation.path.format_map(names))) == [], operation


def test_files_and_errors_have_them(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    for path, headers, status in (
        ("/static/js/app.js", {}, 200),
        ("/healthz", {}, 200),
        ("/readyz", {}, 503),  # no Redis runs beside these tests
        ("/", {"Host": "elsewhere.example.com"}, 400),
        ("/static/no-such-file.js", {}, 404),
        ("/healthz/", {}, 302),
    ):
        answer = client.get(path, headers=headers)
        answer.close()
        assert (answer.status_code, problems(answer)) == (status, []), path

    def crash(*args: object) -> None:
        raise RuntimeError("for a test")

    monkeypatch.setattr("teams.tokens.views.setup.needs_secret", crash)
    monkeypatch.setattr("teams.tokens.views.services.nobody_yet", lambda: True)
    answer = client.get("/welcome/")
    assert (answer.status_code, problems(answer)) == (500, [])
