"""Somebody without an account gets a link, pastes what it shows into the cloud, and sees the bulb turn green."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import PHONE, Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud, Right
from tests.servers.s3 import S3Cloud

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_from_the_settings_to_a_green_bulb(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, name: str
) -> None:
    assert isinstance(cloud, S3Cloud)
    config = cloud.grant(filled_bucket(cloud), "input/", {Right.LIST})
    stack.backstage.dataset(name, person, input=config)
    sender = visit(person)
    sender.context.grant_permissions(CLIPBOARD)
    page = sender.page
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="granted", read="denied")
    settings.root.get_by_role("link", name="Send to my cloud admin").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_role("status").first).to_contain_text("The link is ready")
    expect_accessible(page, axe)
    dialog.get_by_role("button", name="Copy link 1").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    visitor = visit(viewport=PHONE)
    visitor.context.grant_permissions(CLIPBOARD)
    admin = visitor.page
    admin.goto(link)
    bulbs = admin.locator("#grant-bulbs")
    expect(bulbs.get_by_role("listitem")).to_have_text([re.compile("List granted"), re.compile("Read denied")])
    expect(admin.get_by_role("main")).to_contain_text(person["email"])
    expect(admin.get_by_role("main")).to_contain_text(config["fullPath"])
    assert config["s3SecretAccessKey"] not in admin.content()
    assert name not in admin.get_by_role("main").inner_text().replace(person["email"], "")
    expect_accessible(admin, axe)

    # With the keyboard: the missing grant, copied whole.
    missing = admin.get_by_role("region", name="What to grant")
    missing.get_by_role("button", name="Copy IAM policy").press("Enter")
    expect(missing.get_by_role("button", name="Copied")).to_be_visible()
    policy = json.loads(admin.evaluate("navigator.clipboard.readText()"))
    cloud.attach_policy(config, policy)
    admin.get_by_role("button", name="Check again").press("Enter")
    expect(bulbs.get_by_role("listitem").last).to_have_text(re.compile("Read granted"), timeout=CHECK_MS)
    expect(bulbs).to_contain_text("Everything is granted")
    expect(admin.get_by_role("region", name="What to grant")).to_have_count(0)
    expect(admin.get_by_role("button", name="Check again")).to_be_focused()
    expect_accessible(admin, axe)

    # Revoked while the page is open, it goes by itself.
    visitor.expected_statuses.add(404)
    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_role("status").first).to_contain_text("The link is revoked")
    expect(admin.get_by_role("heading", level=1)).to_have_text("This link does not work")
    dialog.get_by_role("link", name="Back to the settings").click()
    settings.expect_bulbs(list="granted", read="granted")


def test_a_link_without_javascript(visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    config = cloud.grant(filled_bucket(cloud), "input/", {Right.LIST})
    dataset = stack.backstage.dataset(name, person, input=config)
    page = visit(person, java_script_enabled=False).page
    page.goto(f"/datasets/{dataset}/settings/input/")
    page.get_by_role("link", name="Send to my cloud admin").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.locator(".link-for pre").inner_text()
    admin = visit(java_script_enabled=False).page
    admin.goto(link)
    admin.get_by_role("button", name="Check again").click()
    expect(admin.get_by_role("heading", level=1)).to_contain_text("Grant access to")
    page.reload()
    expect(page.locator(".link-for")).to_contain_text("first opened")
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator(".link-for")).to_have_count(0)
