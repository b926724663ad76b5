"""Shortcuts, times in the reader's zone, what a tab says from afar, and how little a page weighs."""

from __future__ import annotations

import functools
import re

from playwright.sync_api import Page, Request, expect

from tests.e2e.conftest import Visit, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

MOST_BYTES = 150_000


def test_shortcuts(visitor: Visitor, stack: Stack, person: Person, axe: Axe) -> None:
    stack.backstage.datasets(["one dataset"], person)
    page = visitor.page
    page.goto("/tokens/")
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_contain_text("Datasets")
    expect_accessible(page, axe)
    page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()

    # Letters typed into a field are letters.
    page.get_by_label("Name").press_sequentially("gd?n")
    expect(page.get_by_label("Name")).to_have_value("gd?n")
    page.get_by_label("Name").fill("")
    page.get_by_role("heading", name="New token").click()

    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Datasets")).to_be_visible()
    page.keyboard.press("x")  # means nothing, and is forgotten
    page.keyboard.press("n")
    expect(page.get_by_role("dialog")).to_contain_text("New dataset")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(shortcuts).to_contain_text("Search")


def test_times_are_the_readers_own(visit: Visit, stack: Stack, person: Person, name: str) -> None:
    dataset = stack.backstage.dataset(name, person)
    tokyo = visit(person, timezone_id="Asia/Tokyo", locale="en-GB").page
    tokyo.goto(f"/datasets/{dataset}/settings/dataset/")
    created = tokyo.locator("time").first
    hour = int(tokyo.evaluate("time => new Date(time.dateTime).getUTCHours()", created.element_handle()))
    expect(created).to_have_text(re.compile(rf"\b{(hour + 9) % 24:02}:\d\d"))
    stack.backstage.token(person)
    tokyo.goto("/tokens/")
    made = tokyo.locator("time[title]").first
    expect(made).to_have_text(re.compile("just now|ago"))
    expect(made).to_have_attribute("title", re.compile("GMT\\+9|Japan"))


def test_the_tab_says_how_it_stands(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    bucket = filled_bucket(cloud)
    dataset = stack.backstage.dataset(name, person, input=reader(cloud, bucket), lightly=writer(cloud, bucket))
    page = visitor.page
    page.goto("/")
    expect(page).to_have_title(re.compile("^✓ Datasets"), timeout=CHECK_MS)
    assert "granted" in icon(page)
    stack.backstage.check(dataset, "LIGHTLY", reader(cloud, bucket, "lightly/"), person)
    page.reload()
    expect(page.locator(".bulb--denied")).to_have_count(2, timeout=CHECK_MS)
    page.goto(f"/datasets/{dataset}/settings/lightly/")
    expect(page).to_have_title(re.compile("^⚠ "))
    assert "denied" in icon(page)
    page.goto("/tokens/")
    expect(page).to_have_title(re.compile("^API"))
    assert "granted" not in icon(page)


def icon(page: Page) -> str:
    return str(page.locator("link[rel=icon]").get_attribute("href"))


def test_a_page_weighs_little(visit: Visit, stack: Stack, person: Person) -> None:
    stack.backstage.datasets([f"dataset {number:02}" for number in range(25)], person)
    for path in ("/", "/tokens/", "/accounts/login/"):
        page = visit(person if path != "/accounts/login/" else None).page
        done: list[Request] = []
        page.on("requestfinished", functools.partial(list.append, done))
        page.goto(path, wait_until="networkidle")
        weights = {request.url: request.sizes()["responseBodySize"] for request in done}
        assert sum(weights.values()) < MOST_BYTES, weights
