"""No form, no body of the REST API and no search takes endless texts, and none is sent back by the megabyte."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.urls import get_resolver, reverse

from core.web.rendering import MOST_CHARACTERS
from datasets.models import Dataset
from lightly_platform.api import api
from teams.models import User
from tests.conftest import Login

HUGE = 2_000_000
# Made when they are needed, and judged by their own tests (tests/datasources/test_lengths.py).
FROM_CONFIGS = {"DatasourceForm"}
ROOMS = (
    "core",
    "teams",
    "datasets",
    "jobs",
    "notifications",
    "datasources",
    "contents",
    "monitoring",
    "runs",
    "dashboard",
)


def all_forms(base: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for each in base.__subclasses__():
        yield each
        yield from all_forms(each)


def own_fields() -> Iterator[tuple[str, forms.CharField]]:
    """Of the forms of all rooms. Importing the addresses imports all views, and with them the forms."""
    assert get_resolver().url_patterns
    for form in all_forms():
        if form.__module__.split(".")[0] in ROOMS and form.__name__ not in FROM_CONFIGS:
            for name, field in getattr(form, "base_fields", {}).items():
                if isinstance(field, forms.CharField):
                    yield f"{form.__module__}.{form.__name__}.{name}", field


def test_every_text_of_a_form_has_a_limit() -> None:
    found = dict(own_fields())
    assert len(found) > 20
    # Those of allauth: passwords, which no page sends back, and what a browser's authenticator signs.
    signed = {"AddPasskeyForm.credential", "SecondPasskeyForm.credential", "PasskeySignInForm.credential"}
    of_allauth = {f"teams.sign_in.forms.{field}" for field in {"SignInForm.password", *signed}}
    endless = {name for name, field in found.items() if field.max_length is None}
    assert endless - of_allauth == set()
    assert max(field.max_length or 0 for field in found.values()) <= MOST_CHARACTERS


def texts(schema: Any, where: str, models: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text, and every list, of a schema of OpenAPI."""
    if isinstance(schema, list):
        for each in schema:
            yield from texts(each, where, models)
    elif isinstance(schema, dict):
        if name := str(schema.get("$ref", "")).rpartition("/")[2]:
            yield from texts(models[name], name, models)
        if schema.get("type") in ("string", "array") and not {"enum", "const"} & set(schema):
            yield where, schema
        for key, inner in schema.items():
            if isinstance(inner, dict | list) and key not in {"examples", "choices"}:
                if key == "anyOf" and "maxLength" in schema:  # it is said beside the choice, and holds for all of it
                    continue
                yield from texts(inner, where if key in {"anyOf", "properties"} else f"{where}.{key}", models)


def is_limited(schema: dict[str, Any]) -> bool:
    if schema["type"] == "array":
        return "maxItems" in schema
    return "maxLength" in schema or str(schema.get("pattern", "")).endswith("{24}$") or schema.get("format") == "uuid"


def test_every_text_in_a_body_of_the_api_has_a_limit() -> None:
    document: Any = api.get_openapi_schema()
    models, found = document["components"]["schemas"], []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                found += list(texts(content["schema"], f"{method} {path}", models))
    assert len(found) > 30
    assert [where for where, schema in found if not is_limited(schema)] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("view", "name"),
    [
        ("datasets:create", "name"),
        ("datasets:sharing", "emails"),
        ("teams:tokens", "name"),
        ("teams:create", "name"),
        ("teams:service_accounts", "name"),
        ("teams:invite", "people"),
        ("teams:settings", "name"),
        ("notifications:webhook", "url"),
    ],
)
def test_no_page_sends_megabytes_back(login: Login, alice: User, dataset: Dataset, view: str, name: str) -> None:
    team = {"team_id": alice.memberships.get().team_id}
    of = {
        "sharing": {"dataset_id": dataset.pk},
        **dict.fromkeys(("service_accounts", "invite", "settings", "webhook"), team),
    }
    answer = login(alice).post(reverse(view, kwargs=of.get(view.partition(":")[2])), {name: "x" * HUGE})
    assert answer.status_code in {200, 422}
    assert len(answer.content) < 300_000
    assert "at most" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("view", ["home", "dashboard:palette", "teams:people", "help"])
def test_no_search_is_endless(login: Login, alice: User, dataset: Dataset, view: str) -> None:
    """The web server takes addresses of 8,190 bytes."""
    team = {"team_id": alice.memberships.get().team_id}
    address = reverse(view, kwargs=team if view == "teams:people" else None)
    answer = login(alice).get(address, {"q": "x" * 8000})
    assert answer.status_code == 200
    assert "x" * 100 in answer.content.decode()
    assert "x" * 300 not in answer.content.decode().replace("q=" + "x" * 8000, "")
