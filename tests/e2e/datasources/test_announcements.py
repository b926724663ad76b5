"""What screen readers hear of a check that ends while its person is elsewhere on the page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import CHECK_MS, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def test_the_outcome_is_announced(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    page, bucket = visitor.page, filled_bucket(cloud)
    stack.backstage.dataset(name, person)
    page.goto("/")
    announcer = page.locator("#announcer")
    expect(announcer).to_have_attribute("aria-live", "polite")
    settings = Settings(page).open(name).tab("Lightly")
    settings.fill(reader(cloud, bucket, "lightly/")).submit()
    expect(announcer).to_have_text(
        "Lightly: List granted, Read granted, Write denied, Overwrite denied.", timeout=CHECK_MS
    )
    # All outside a modal dialog is silent, so the announcer has to be inside.
    assert announcer.evaluate("element => element.closest('dialog') !== null")

    settings.field("Resource path").fill("nonsense")
    settings.submit()
    expect(settings.root.get_by_role("alert")).to_have_text("Not saved. Please check 1 field.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard them").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert announcer.evaluate("element => element.closest('dialog') === null")


def test_on_the_home_page_too(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    page = visitor.page
    page.goto("/")
    dataset = stack.backstage.dataset(name, person)
    page.reload()
    stack.backstage.check(dataset, "INPUT", reader(cloud, filled_bucket(cloud)), person)
    page.evaluate("id => htmx.trigger(document.body, `dataset-changed-${id}`)", dataset)
    expect(page.locator("#announcer")).to_contain_text(
        f"{name}. Input: List granted, Read granted. Lightly: List not configured", timeout=CHECK_MS
    )
