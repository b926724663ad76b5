"""docs/ inside the dashboard."""

import re

import pytest
from django.test import Client

from clouds import PROVIDERS
from dashboard.handbook import FOR_READERS, pages, search
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
        "alerts", "annotations", "api", "contents", "deploy", "diagnoses", "permission-check", "providers", "security",
        "teams",
    }  # fmt: skip
    client = login(alice)
    for page, anchor in links:
        content = client.get(f"/help/{page}/").content.decode()
        assert not anchor or f'id="{anchor}"' in content, f"{page}#{anchor}"


def article_of(page: str) -> str:
    return page.partition('<article class="prose">')[2].partition("</article>")[0]


@pytest.mark.parametrize("name", FOR_READERS)
def test_no_page_starts_with_how_it_is_made(login: Login, alice: User, name: str) -> None:
    article = article_of(login(alice).get(f"/help/{name}/").content.decode())
    text = re.sub(r"<[^>]+>", "", article)
    assert "python -m scripts" not in text
    assert not re.search(r"\b(written|generated) by\b", text[:600], re.IGNORECASE)


@pytest.mark.parametrize("name", FOR_READERS)
def test_every_page_lists_its_contents(login: Login, alice: User, name: str) -> None:
    page = login(alice).get(f"/help/{name}/").content.decode()
    listed = re.findall(r'href="#([\w-]+)"', page.partition("On this page")[2].partition("<article")[0])
    assert listed == re.findall(r'<h[23] id="([\w-]+)"', article_of(page))
    assert listed


def test_the_first_page_lists_all_pages_with_their_sections(login: Login, alice: User) -> None:
    client = login(alice)
    index = client.get("/help/").content.decode()
    for name, title in pages().items():
        assert f'<h2 id="page-{name}"><a href="/help/{name}/">{title}</a></h2>' in index
        for anchor in re.findall(r'<h2 id="([\w-]+)"', article_of(client.get(f"/help/{name}/").content.decode())):
            assert f'href="/help/{name}/#{anchor}"' in index


class TestSearch:
    def test_results_have_the_heading_the_page_and_an_excerpt(self, login: Login, alice: User) -> None:
        page = login(alice).get("/help/", {"q": "BUCKET kms"}).content.decode()
        assert 'value="BUCKET kms"' in page
        assert re.search(r'<a href="/help/providers/#[\w-]+">[^<]+</a>\s*<span class="muted">What to enter', page)
        assert re.search("<mark>kms</mark>", page, re.IGNORECASE)

    def test_every_link_leads_to_the_section(self, login: Login, alice: User) -> None:
        client = login(alice)
        page = client.get("/help/", {"q": "policy"}).content.decode()
        found = re.findall(r'<a href="/help/([a-z-]+)/(?:#([\w-]+))?">', page.partition("<ol")[2])
        assert len(found) > 5
        for name, anchor in found:
            assert not anchor or f'id="{anchor}"' in client.get(f"/help/{name}/").content.decode()

    def test_words_in_the_heading_come_first(self) -> None:
        first = search("invit people")[0]
        assert (first.section.page, first.section.title) == ("teams", "Inviting people")

    def test_all_words_must_be_there(self) -> None:
        assert search("invitation")
        assert not search("invitation xylophone")

    def test_an_excerpt_is_short_and_has_the_words(self) -> None:
        for found in search("token"):
            text = "".join(piece for piece, _ in found.excerpt)
            assert len(text) <= 240
            if "token" in found.section.text.casefold():
                assert any(is_word and piece.casefold() == "token" for piece, is_word in found.excerpt)

    def test_marks_of_markdown_are_no_words(self) -> None:
        assert not search("](")
        assert not search("##")
        assert search("LIGHTLY_SERVER_LOCATION")

    @pytest.mark.parametrize("query", ["<script>alert(1)</script>", "a" * 5000, "\0", "(", "x " * 500, "%s {0}"])
    def test_whatever_is_typed(self, login: Login, alice: User, query: str) -> None:
        answer = login(alice).get("/help/", {"q": query})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()

    def test_nothing_found_says_what_to_try(self, login: Login, alice: User) -> None:
        assert "Try fewer or other words." in login(alice).get("/help/", {"q": "xylophone"}).content.decode()

    def test_without_words_the_contents_are_shown(self, login: Login, alice: User) -> None:
        assert 'id="page-teams"' in login(alice).get("/help/", {"q": "  "}).content.decode()
