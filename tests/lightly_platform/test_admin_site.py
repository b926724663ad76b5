"""Every page of every model of the admin panel, those included that are registered later."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import SESSION_KEY
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from teams.admin.base import StaffAdmin
from teams.models import User
from tests.conftest import PASSWORD, Login
from tests.rows import PLANTED, SECRET, Rows

pytestmark = pytest.mark.django_db
REGISTERED: list[Any] = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_model = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)


def page(model: type[models.Model], which: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{which}", args=args)


def pages_of(row: models.Model) -> dict[str, str]:
    return {which: page(type(row), which, row.pk) for which in ("change", "history", "delete")} | {
        which: page(type(row), which) for which in ("changelist", "add")
    }


@pytest.fixture
def chief(db: None) -> User:
    return User.objects.create_superuser("chief@example.com", PASSWORD)


@pytest.fixture
def looker(db: None) -> User:
    """Staff, but no superuser: for looking only."""
    return User.objects.create_user("looker@example.com", PASSWORD, is_staff=True)


class Controls(HTMLParser):
    """Names of what can be filled in, chosen or pressed in forms that are posted."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self._posts = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._posts = attributes.get("method") == "post" and attributes.get("action") != reverse("account_logout")
        elif tag in {"input", "select", "textarea", "button"} and self._posts and attributes.get("type") != "hidden":
            self.names.append(attributes.get("name") or attributes.get("type") or tag)

    def handle_endtag(self, tag: str) -> None:
        self._posts = self._posts and tag != "form"


@every_model
def test_the_list_asks_the_same_number_of_questions(login: Login, chief: User, model: Any) -> None:
    """With 10 rows and with 200, of which a page shows 100."""
    client, rows = login(chief), Rows()

    def count(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(page(model, "changelist") + query)
        assert answer.status_code == 200
        assert query or len(answer.context["cl"].result_list) == min(model._default_manager.count(), 100)
        return len(captured)

    rows.make(model, 10)
    client.get(page(model, "changelist"))  # the first visit of a process asks once whether anybody exists
    few = {query: count(query) for query in ("", "?q=0", "?o=1")}
    rows.make(model, 200)
    assert {query: count(query) for query in few} == few
    assert max(few.values()) <= 9


@every_model
def test_a_superuser_sees_every_page_and_no_secret(login: Login, chief: User, model: Any) -> None:
    row = Rows().make(model, 3)[1]
    client, its_admin = login(chief), admin.site._registry[model]
    for which, path in pages_of(row).items():
        answer = client.get(path)
        closed = (which == "add" and not its_admin.has_add_permission(answer.wsgi_request)) or (
            which == "delete" and not its_admin.has_delete_permission(answer.wsgi_request)
        )
        assert answer.status_code == (403 if closed else 200), path
        assert PLANTED not in answer.content.decode(), path
    if client.get(page(model, "delete", row.pk)).status_code == 200:
        data = {"action": "delete_selected", "_selected_action": row.pk}
        answer = client.post(page(model, "changelist"), data)
        assert answer.status_code == 200
        assert PLANTED not in answer.content.decode()


@every_model
def test_read_only_staff_look_and_change_nothing(login: Login, looker: User, model: Any) -> None:
    row = Rows().make(model, 3)[1]
    client, before = login(looker), list(model._default_manager.order_by("pk").values())
    urls = pages_of(row)
    for which in ("changelist", "change", "history"):
        answer = client.get(urls[which])
        assert answer.status_code == 200
        html = answer.content.decode()
        assert PLANTED not in html
        assert Controls(html).names == [], which
    for which in ("add", "delete"):
        assert client.get(urls[which]).status_code == 403
    fields = {field.name: "1" for field in model._meta.fields}
    for which in ("add", "change", "delete"):
        assert client.post(urls[which], {**fields, "post": "yes", "_save": "1"}).status_code == 403, which
    for action in ["delete_selected", *(admin.site._registry[model].actions or [])]:
        client.post(urls["changelist"], {"action": action, "_selected_action": row.pk, "confirmed": "1", "post": "yes"})
    now = list(model._default_manager.order_by("pk").values())
    unseen = {"last_login", "last_seen_at"}
    assert [{**each, **dict.fromkeys(unseen)} for each in now] == [{**each, **dict.fromkeys(unseen)} for each in before]


def test_the_controls_of_a_superuser_would_be_seen(login: Login, chief: User) -> None:
    """So that the test above looks at the right thing."""
    names = Controls(login(chief).get(page(User, "change", chief.pk)).content.decode()).names
    assert {"email", "is_superuser", "_save"} <= set(names)
    names = Controls(login(chief).get(page(User, "changelist")).content.decode()).names
    assert {"action", "_selected_action"} <= set(names)


@every_model
def test_others_are_sent_away(login: Login, client: Client, bob: User, model: Any) -> None:
    urls = pages_of(Rows().make(model, 1)[0])
    for path in urls.values():
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith(reverse("account_login")), path
    login(bob)
    for path in urls.values():
        assert client.get(path, follow=True).status_code == 403, path
        assert client.post(path, {"post": "yes"}, follow=True).status_code == 403, path


@every_model
def test_nothing_secret_can_be_guessed_through_a_list(login: Login, looker: User, model: Any) -> None:
    """?digest__startswith=a would tell a hash character by character."""
    names = [field.name for field in model._meta.concrete_fields if SECRET.search(field.name)]
    paths = [field.name + "__password" for field in model._meta.concrete_fields if field.related_model is User]
    for name in [*names, *paths]:
        for lookup in ("", "__startswith", "__contains", "__gte"):
            assert login(looker).get(page(model, "changelist"), {name + lookup: "a"}).status_code == 400, name


@pytest.mark.parametrize("model", [User], ids=lambda model: model._meta.label)
def test_ordering_by_a_secret_is_not_offered(login: Login, looker: User, model: Any) -> None:
    html = login(looker).get(page(model, "changelist")).content.decode()
    assert "column-email" in html
    assert not re.search(r"column-(password|digest|sealed_config|data)", html)


def test_all_pages_share_the_rules() -> None:
    assert [model for model, its in admin.site._registry.items() if not isinstance(its, StaffAdmin)] == []


# --- the site -------------------------------------------------------------------------------------------------------


def test_the_only_sign_in_is_ours(client: Client, chief: User) -> None:
    answer = client.get("/admin/login/", {"next": "/admin/teams/user/"})
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=%2Fadmin%2Fteams%2Fuser%2F"
    answer = client.post("/admin/login/?next=/admin/", {"username": chief.email, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/login/")
    assert SESSION_KEY not in client.session
    # Elsewhere it would lead to a page of somebody else's.
    answer = client.get("/admin/login/", {"next": "https://evil.example.com/"}, follow=True)
    assert "evil.example.com" not in answer.content.decode()


def test_passwords_and_sign_out_are_those_of_the_dashboard(login: Login, looker: User) -> None:
    client = login(looker)
    assert client.get("/admin/password_change/")["Location"] == reverse("account_change_password")
    assert client.get("/admin/password_change/done/")["Location"] == reverse("account_change_password")
    assert client.post("/admin/logout/")["Location"] == reverse("account_logout")


def test_the_first_page_sorts_models_by_use(login: Login, looker: User) -> None:
    sections = {
        app["name"]: [model["name"] for model in app["models"]]
        for app in login(looker).get("/admin/").context["app_list"]
    }
    assert sections["People"][:3] == ["People", "Teams", "Memberships"]
    assert sections["Data"] == [
        "Datasets", "Datasources", "Checks", "Alerts", "Links for cloud admins", "Samples", "Tags",
    ]  # fmt: skip
    assert sections["Records"][-1] == "Admin actions"
    assert sum(len(models) for models in sections.values()) == len(REGISTERED)


@pytest.mark.parametrize("app", sorted({model._meta.app_label for model in REGISTERED}))
def test_every_app_has_a_page_of_its_own(login: Login, looker: User, app: str) -> None:
    """Django links to it from the way back above its models."""
    answer = login(looker).get(reverse("admin:app_list", args=[app]))
    assert answer.status_code == 200
    assert page(next(model for model in REGISTERED if model._meta.app_label == app), "changelist") in (
        answer.content.decode()
    )


def test_the_dashboard_leads_there_for_staff_alone(login: Login, looker: User, bob: User) -> None:
    assert reverse("admin:index") in login(looker).get("/").content.decode()
    assert reverse("admin:index") not in login(bob).get("/").content.decode()
