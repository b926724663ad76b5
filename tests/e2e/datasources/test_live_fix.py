"""A red bulb lights by itself once the cloud was changed, while the dialog is open."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.e2e.conftest import filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS, Row, Settings
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, Cloud, S3Cloud


def test_it_turns_green_by_itself(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe
) -> None:
    assert isinstance(cloud, S3Cloud)
    page, bucket = visitor.page, filled_bucket(cloud)
    config = reader(cloud, bucket, "lightly/")
    dataset = stack.backstage.dataset(name, person, lightly=config)
    page.goto("/")
    Row(page, dataset).expect_bulbs("lightly", list="granted", write="denied")
    settings = Settings(page).open(name)
    waiting = settings.root.locator(".live-fix")
    expect(waiting).to_contain_text("Waiting for your change")
    expect_accessible(page, axe)
    # While nothing changes, what is folded open stays, and so does the focus.
    folded = settings.reason("Write").get_by_text("What was tried, and how to verify it")
    folded.click()
    page.evaluate("document.getElementById('permissions').dataset.same = 'yes'")
    last_check = settings.status.locator("time").get_attribute("datetime")
    expect(settings.status.locator("time")).not_to_have_attribute("datetime", last_check or "", timeout=CHECK_MS)
    expect(page.locator("#permissions[data-same]")).to_have_count(1)
    expect(settings.reason("Write").get_by_text("What the cloud said").first).to_be_visible()
    expect(settings.bulb("Write")).to_have_text("denied")

    cloud.change_rights(config, bucket, "lightly/", WORKING_RIGHTS)
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")
    expect(waiting).to_have_count(0)
    expect(page.locator("#announcer")).to_contain_text("Write granted")
    settings.close()
    Row(page, dataset).expect_bulbs("lightly", list="granted", overwrite="granted")
    page.goto(f"/datasets/{dataset}/settings/history/")
    expect(page.get_by_role("row", name="waiting for a change").first).to_contain_text("Write")


def test_it_can_be_stopped(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    page = visitor.page
    wrong = cloud.with_wrong_secret(writer(cloud, filled_bucket(cloud)))
    dataset = stack.backstage.dataset(name, person, lightly=wrong)
    page.goto("/")
    Row(page, dataset).expect_bulbs("lightly", list="denied")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="denied")
    stop = settings.root.get_by_role("button", name="Stop waiting for a change")
    stop.press("Enter", timeout=CHECK_MS)
    expect(settings.root.locator(".live-fix")).to_contain_text("Stopped waiting")
    expect(stop).to_have_count(0)


def test_an_answer_that_comes_after_a_check_by_hand(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    """It names the place of the bulbs, but whoever asked for it has been replaced: no error, and nothing changes."""
    page, held = visitor.page, list[Route]()
    page.route(re.compile("/wait/"), lambda route: held.append(route))
    config = cloud.with_wrong_secret(writer(cloud, filled_bucket(cloud)))
    dataset = stack.backstage.dataset(name, person, lightly=config)
    page.goto("/")
    Row(page, dataset).expect_bulbs("lightly", list="denied")
    with page.expect_request(re.compile("/wait/"), timeout=CHECK_MS):
        settings = Settings(page).open(name)
    page.evaluate("document.getElementById('permissions').dataset.first = 'yes'")
    settings.root.get_by_role("button", name="Check again").click()
    expect(page.locator("#permissions:not([data-first])")).to_have_count(1)
    with page.expect_event("requestfinished", lambda request: "/wait/" in request.url):
        headers = {"HX-Retarget": "#permissions", "HX-Reswap": "outerHTML"}
        held[0].fulfill(status=200, content_type="text/html", headers=headers, body='<p id="permissions">late</p>')
    # Answers are worked off one after the other.
    page.evaluate("path => htmx.ajax('GET', path, {target: '#summary', swap: 'none'})", f"/datasets/{dataset}/row/")
    expect(page.locator("#permissions")).not_to_have_text("late")
