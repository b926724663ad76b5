"""docs/ inside the dashboard."""

import re

import pytest
from django.test import Client

from lightly_platform.handbook import FOR_READERS, pages
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db


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
