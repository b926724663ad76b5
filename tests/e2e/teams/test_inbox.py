"""The inbox and the notification settings in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import Settings
from tests.e2e.support.stack import Stack
from tests.receivers import HookReceiver
from tests.servers import Cloud


def test_the_bell_counts_without_reloading(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe
) -> None:
    page, backstage = visitor.page, stack.backstage
    backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud)))
    page.goto("/inbox/")
    expect(page.get_by_role("heading", name="Nothing has happened yet")).to_be_visible()
    expect_accessible(page, axe)
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="granted", read="granted")
    backstage.notify(person, ["GOOD", "SOON", "INFO", "BAD"])
    settings.root.get_by_role("button", name="Check again").click()
    bell = page.locator("#bell")
    expect(bell).to_have_text("4 unread")  # the check has finished, and so the number is fetched again
    settings.expect_bulbs(list="granted", read="granted")
    settings.close()
    page.get_by_role("link", name=re.compile("Inbox")).click()
    first = page.get_by_role("article", name="street-scenes: BAD")
    first.get_by_text("Details").click()
    expect(first).to_contain_text("What to do.")
    first.get_by_role("button", name="Mark read").click()
    expect(first.get_by_role("button", name="Mark read")).to_have_count(0)
    expect(bell).to_have_text("3 unread")
    page.get_by_role("button", name="Mark all read").click()
    expect(page.get_by_text("Everything is marked as read.")).to_be_visible()
    expect(bell).to_be_empty()


def test_a_webhook_from_its_creation_to_its_end(visitor: Visitor, person: Person, axe: Axe) -> None:
    page = visitor.page
    with HookReceiver(answers=[204, 500]) as hooks:
        page.goto("/")
        page.get_by_role("button", name="account menu").click()
        page.get_by_role("link", name="Notifications").click()
        page.get_by_label("All datasets of my teams").check()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_label("All datasets of my teams")).to_be_checked()
        page.get_by_label("Address").fill("http://hooks.example.com")
        page.get_by_role("button", name="Create webhook").click()
        expect(page.get_by_label("Address")).to_have_accessible_description(re.compile("must begin with https://"))
        expect_accessible(page, axe)
        page.get_by_label("Address").fill(f"{hooks.url}/hook")
        page.get_by_role("button", name="Create webhook").click()
        expect(page.get_by_role("group", name="the webhook's secret")).to_have_text(re.compile("^whsec_"))
        expect_accessible(page, axe)
        for outcome in ("HTTP 204", "HTTP 500"):
            page.get_by_role("button", name="Send a test").click()
            expect(page.get_by_role("row").nth(1)).to_contain_text(outcome)
        expect_accessible(page, axe)
        assert len(hooks.received) == 2
        page.get_by_text("Replace its secret, or remove it").click()
        page.get_by_role("button", name="Remove the webhook").click()
        expect(page.get_by_role("button", name="Create webhook")).to_be_visible()
