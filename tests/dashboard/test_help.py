"""docs/ inside the dashboard."""

import re

import pytest
from django.test import Client

from clouds import PROVIDERS
from dashboard.help import FOR_READERS, pages
from lightly_platform.env import BASE_DIR
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db
TEMPLATES = BASE_DIR / "templates"


@pytest.mark.parametrize("name", FOR_READERS)
def test_every_page_is_there(login: Login, alice: User, name: str) -> None:
    answer = login(alice).get(f"/help/{name}/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<h1" in page
    assert pages()[name] in page


def test_links_between_pages_lead_somewhere(login: Login, alice: User) -> None:
    client = login(alice)
    rendered = {name: client.get(f"/help/{name}/").content.decode() for name in pages()}
    for name, page in rendered.items():
        article = page.partition('<article class="prose">')[2]
        for target, anchor in re.findall(r'href="/help/([a-z-]+)/(?:#([\w-]+))?"', article):
            assert target in rendered, f"{name} links to {target}"
            assert not anchor or f'id="{anchor}"' in rendered[target], f"{name} links to {target}#{anchor}"


def test_nothing_else_is_served(login: Login, alice: User) -> None:
    for name in ("architecture", "nothing", "..", "images"):
        assert login(alice).get(f"/help/{name}/").status_code == 404


def test_only_for_people_of_the_house(client: Client, alice: User) -> None:
    assert client.get("/help/").status_code == 302


@pytest.mark.parametrize("name", ["providers", "diagnoses"])
def test_every_cloud_has_the_place_that_forms_and_bulbs_link_to(login: Login, alice: User, name: str) -> None:
    page = login(alice).get(f"/help/{name}/").content.decode()
    for provider in PROVIDERS.values():
        assert f'id="{provider.help_anchor}">{provider.label}</h2>' in page


def test_no_anchor_is_there_twice(login: Login, alice: User) -> None:
    for name in FOR_READERS:
        anchors = re.findall(r'\bid="([^"]+)"', login(alice).get(f"/help/{name}/").content.decode())
        assert len(anchors) == len(set(anchors)), name


def test_links_from_templates_lead_somewhere(login: Login, alice: User) -> None:
    """What `_help_link.html` is included with, by the files themselves: a renamed heading must not go unnoticed."""
    asked = r'_help_link.html" with page="([a-z-]+)"(?: anchor="([a-z-]+)")?'
    links = {link for file in TEMPLATES.rglob("*.html") for link in re.findall(asked, file.read_text(encoding="utf-8"))}
    assert {page for page, _ in links} == {
        "alerts", "api", "diagnoses", "permission-check", "providers", "security", "teams"
    }  # fmt: skip
    client = login(alice)
    for page, anchor in links:
        content = client.get(f"/help/{page}/").content.decode()
        assert not anchor or f'id="{anchor}"' in content, f"{page}#{anchor}"
