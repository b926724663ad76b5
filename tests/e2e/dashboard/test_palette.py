"""The command palette and the keys of the list, and the navigation of a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import PHONE, Axe, Visitor, no_sideways_scrolling
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def test_a_dataset_is_a_few_letters_away(visitor: Visitor, stack: Stack, person: Person, axe: Axe) -> None:
    stack.backstage.datasets([f"quokka {number}" for number in range(3)], person)
    target = stack.backstage.dataset("zebra crossing", person)
    page = visitor.page
    page.goto("/tokens/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Jump to")
    field, chosen = palette.get_by_role("combobox"), palette.get_by_role("option", selected=True)
    expect(field).to_be_focused()
    expect(palette.get_by_role("group", name="Go to").get_by_role("option", name="Inbox")).to_be_visible()
    expect_accessible(page, axe)

    page.keyboard.type("quokka")
    expect(palette.get_by_role("option")).to_have_count(3)
    expect(palette.get_by_role("status")).to_have_text("3 results")
    expect(chosen).to_have_text("quokka 0")
    page.keyboard.press("ArrowUp")  # around the corner
    expect(chosen).to_have_text("quokka 2")
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "none")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()

    page.get_by_role("link", name="Jump to…").click()
    expect(field).to_have_value("")
    page.keyboard.type("zebra")
    expect(chosen).to_have_text("zebra crossing")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{stack.url}/datasets/{target}/")

    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("new dat")
    expect(chosen).to_have_text("New dataset")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="New dataset")).to_be_visible()
    page.keyboard.press("Control+k")  # not above another dialog, whose edits it could lose
    expect(palette).to_be_hidden()


def test_rows_by_key(visitor: Visitor, stack: Stack, person: Person) -> None:
    stack.backstage.datasets(["third", "second", "first"], person)
    page = visitor.page
    page.goto("/")
    focused = page.locator("h2 a:focus")
    for key, name in (("j", "first"), ("j", "second"), ("j", "third"), ("j", "third"), ("k", "second")):
        page.keyboard.press(key)
        expect(focused).to_have_text(name)
    page.keyboard.press("e")
    Settings(page).expect_title("second")
    page.keyboard.press("Escape")
    expect(focused).to_have_text("second")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Next dataset")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()


def test_numbers_follow_the_row(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    """No reload: the header, the first steps and the title change with the bulbs."""
    bucket, page = filled_bucket(cloud), visitor.page
    stack.backstage.dataset(name, person, input=reader(cloud, bucket), lightly=writer(cloud, bucket))
    page.goto("/")
    numbers = page.get_by_role("navigation", name="Show")
    expect(page.locator(".bulb--granted")).to_have_count(6, timeout=CHECK_MS)
    expect(numbers).to_contain_text("1 ready")
    expect(page.locator(".first-step--done")).to_have_count(3)
    expect(page).to_have_title("✓ Datasets · Lightly Platform")
    loads = visitor.requests.count("GET /")
    settings = Settings(page).open(name).tab("Lightly").fill(reader(cloud, bucket, "lightly/"))
    settings.submit()
    settings.expect_bulbs(write="denied")
    settings.close()
    expect(numbers).to_contain_text("0 ready")
    expect(numbers).to_contain_text("1 needs attention")
    expect(page.locator(".first-step--done")).to_have_count(2)
    expect(page).to_have_title("(1) Datasets · Lightly Platform")
    assert visitor.requests.count("GET /") == loads

    numbers.get_by_role("link", name="0 ready").click()
    expect(page.get_by_role("heading", name="No dataset matches")).to_be_visible()
    numbers.get_by_role("link", name="1 needs attention").click()
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_role("button", name="Check all shown").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("2 datasources are being checked.")
    expect(page.locator(".bulb--denied")).to_have_count(2, timeout=CHECK_MS)
    page.get_by_label("Type", exact=True).select_option("Videos")
    expect(numbers).to_contain_text("0 datasets")
    expect(page).to_have_url(f"{stack.url}/?state=attention&type=Videos")


def test_everything_is_reachable_on_a_phone(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, name: str
) -> None:
    stack.backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud)))
    page = visit(person, viewport=PHONE, has_touch=True, is_mobile=True).page
    for entry in ("Inbox", "Health", "Jobs", "Team", "API", "Help", "Datasets"):
        page.goto("/" if entry != "Datasets" else "/help/")
        page.get_by_role("button", name="Menu", exact=True).tap()
        link = page.get_by_role("navigation", name="Main").get_by_role("link", name=entry)
        box = link.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["y"] + box["height"] <= PHONE["height"]
        no_sideways_scrolling(page)
        if entry == "Inbox":
            assert axe.violations(page) == []
        link.tap()
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        page.get_by_role("button", name="Menu", exact=True).tap()
        expect(link).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Menu", exact=True).tap()
    page.get_by_role("link", name="Jump to…").tap()
    expect(page.get_by_role("dialog", name="Jump to").get_by_role("option").first).to_be_visible()
    no_sideways_scrolling(page)


@pytest.mark.parametrize(("width", "shown"), [(1440, "11px"), (1200, "0px"), (360, "11px")])
def test_bulbs_carry_a_word_or_a_letter(
    width: int, shown: str, visit: Visit, stack: Stack, person: Person, axe: Axe, name: str
) -> None:
    stack.backstage.dataset(name, person)
    page = visit(person, viewport={"width": width, "height": 900}).page
    page.goto("/")
    for word in ("List", "Read", "Write", "Overwrite"):
        label = page.locator(".worded-bulb__word", has_text=re.compile(f"^{word}$")).last
        expect(label).to_have_css("font-size", shown)
        first = label.evaluate("word => getComputedStyle(word, '::first-letter').fontSize")
        assert first == "11px"  # L R W O where there is no room for the rest
    assert axe.violations(page) == []
