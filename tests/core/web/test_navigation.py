"""Menus that rooms fill, and links to rooms above."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.urls import resolve

from core.web.navigation import SIDEBAR, Entry, Link, Menu, on_pages, signed_in
from teams.models import User
from tests.conftest import Login


def entry(key: str, order: int, **more: Any) -> Entry:
    return Entry(key=key, label=key.title(), url_name="monitoring:healthz", order=order, **more)


def request_for(path: str = "/healthz") -> Any:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.resolver_match = resolve(path)
    return request


def keys(menu: Menu, request: Any) -> list[str]:
    return [shown.entry.key for shown in menu.shown(request)]


def test_entries_come_in_their_order_whoever_registered_first() -> None:
    menu = Menu()
    for each in (entry("b", 20), entry("c", 20), entry("a", 10)):
        menu.add(each)
    assert keys(menu, request_for()) == ["a", "b", "c"]


def test_a_key_is_taken_once_and_given_back() -> None:
    menu = Menu()
    menu.add(entry("a", 10))
    menu.add(entry("a", 10))  # the very same: an app may be set up twice
    with pytest.raises(ImproperlyConfigured, match="'a'"):
        menu.add(entry("a", 20))
    menu.remove("a")
    menu.add(entry("a", 20))
    assert keys(menu, request_for()) == ["a"]


def test_conditions_see_the_request() -> None:
    menu = Menu()
    menu.add(entry("for-people", 10, is_shown=signed_in))
    menu.add(entry("for-all", 20))
    request = request_for()
    assert keys(menu, request) == ["for-all"]
    request.user = User(email="alice@example.com")
    assert keys(menu, request) == ["for-people", "for-all"]
    del request.user  # a request that was refused early
    assert keys(menu, request) == ["for-all"]


def test_the_entry_of_the_page_is_current() -> None:
    menu = Menu()
    menu.add(entry("own", 10))
    menu.add(entry("several", 20, is_current=on_pages("monitoring:metrics", "monitoring:healthz")))
    menu.add(entry("other", 30, is_current=on_pages("monitoring:metrics")))
    assert [shown.is_current for shown in menu.shown(request_for())] == [True, True, False]
    request = request_for()
    request.resolver_match = None
    assert [shown.is_current for shown in menu.shown(request)] == [False, False, False]


def test_a_link_leads_where_a_room_above_says() -> None:
    link = Link("shows something")
    with pytest.raises(ImproperlyConfigured, match="shows something"):
        link.url()
    link.leads_to("monitoring:healthz")
    assert link.url() == "/healthz"


@pytest.mark.django_db
def test_a_room_adds_its_page_to_every_page(login: Login, alice: User) -> None:
    SIDEBAR.add(Entry(key="made-up", label="Made up", url_name="help", order=35, icon="info", shortcut="g m"))
    try:
        html = login(alice).get("/").content.decode()
    finally:
        SIDEBAR.remove("made-up")
    links = html.split('class="nav__link"')[1:]
    (mine,) = [link for link in links if "Made up" in link]
    assert 'data-keys="g m"' in mine
    assert ['aria-current="page"' in link for link in links].count(True) == 1
    assert 'aria-current="page"' in links[0]
    assert "Made up" not in login(alice).get("/").content.decode()
