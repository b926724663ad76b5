"""Places where people seldom look: the REST reference on a phone, lists on paper, help with the keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import PHONE, Visitor, no_sideways_scrolling
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

TOO_WIDE = """() => [...document.querySelectorAll("#swagger-ui *")]
  .filter((element) => element.checkVisibility() && !element.closest(".microlight, .highlight-code, svg"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => `${element.tagName} ${element.className}`)"""


def test_the_rest_reference_fits_a_phone(visitor: Visitor) -> None:
    """Without the width in its head a real phone would draw the page as if it were 980 px wide."""
    page = visitor.page
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto("/v1/docs")
    operations = page.locator(".opblock-summary-control")
    expect(operations.first).to_be_visible()
    assert page.locator("meta[name=viewport]").get_attribute("content") == "width=device-width, initial-scale=1"
    for path in ("/v1/datasets", "/v1/datasets/{dataset_id}/datasources"):
        opened = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]'))
        for number in range(opened.count()):
            opened.nth(number).locator(".opblock-summary-control").click()
            expect(opened.nth(number).locator(".responses-table")).to_be_visible()
    no_sideways_scrolling(page)
    assert page.evaluate(TOO_WIDE) == []
    page.get_by_role("link", name="Back to the dashboard").click()
    expect(page).to_have_url(re.compile("/tokens/$"))


def test_health_on_paper_has_the_rows_alone(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud) -> None:
    page, bucket = visitor.page, filled_bucket(cloud)
    dataset = stack.backstage.dataset("on paper", person, input=reader(cloud, bucket))
    page.goto("/health/")
    page.get_by_role("link", name="Print").click()
    page.wait_for_url("**/health/print/**")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes' }")
    page.get_by_role("button", name="Print").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="on paper")).to_have_attribute("href", f"/datasets/{dataset}/settings/input/")
    for hidden in (page.locator(".sidebar"), page.get_by_role("button", name="Print"), page.locator(".crumbs")):
        expect(hidden).to_be_hidden()


def test_help_is_searched_with_the_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/help/")
    page.keyboard.press("/")
    page.keyboard.type("invitation")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Search results for")
    page.locator(".handbook__found a").first.click()
    expect(page.locator(":target, article h1").first).to_be_visible()
