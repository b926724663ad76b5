"""Where do I find this? Beside every field, for those who ask."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import PHONE, Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import Settings
from tests.e2e.support.stack import Stack


def test_it_opens_by_keyboard_above_the_form_and_leads_to_the_help_page(
    visitor: Visitor, stack: Stack, person: Person, name: str, axe: Axe
) -> None:
    page = visitor.page
    stack.backstage.dataset(name, person)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.goto("/")
    settings = Settings(page).open(name)
    region = settings.field("Region")
    with page.expect_response("**/access/**"):  # which may make the step above the form longer
        region.fill("eu-west-1")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    before = region.bounding_box()
    page.keyboard.press("Shift+Tab")
    button = page.get_by_role("button", name="Where do I find this? Region")
    expect(button).to_be_focused()
    tip = page.locator("#where-id_region")
    expect(tip).to_be_hidden()  # it waits until it is asked
    page.keyboard.press("Enter")
    expect(tip).to_contain_text("aws s3api get-bucket-location")
    assert region.bounding_box() == before
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    expect_accessible(page, axe)

    # Escape closes it alone; what was typed is still there.
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(region).to_have_value("eu-west-1")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(tip.get_by_role("link", name="All fields of AWS S3 (new tab)")).to_be_focused()
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    expect(opened.value).to_have_url(re.compile(r"/help/providers/#aws-s3$"))
    expect(opened.value.get_by_role("heading", name="AWS S3", exact=True)).to_be_in_viewport()
    expect(region).to_have_value("eu-west-1")
