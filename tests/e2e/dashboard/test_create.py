"""New datasets, through the dialog."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import Settings


def test_the_empty_home_leads_to_the_first_dataset(visitor: Visitor, name: str) -> None:
    page = visitor.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()
    page.get_by_role("link", name="New dataset").click()
    dialog = page.get_by_role("dialog", name="New dataset")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(f"{visitor.url}/")

    # What is wrong stands beside the field, and what was typed stays.
    settings = Settings(page)
    create = dialog.get_by_role("button", name="Create dataset")
    create.click()
    settings.expect_error("Name", "For example: street-scenes-2026")
    dialog.get_by_label("Name").fill("-x")
    dialog.get_by_label("Videos").check()
    create.click()
    settings.expect_error("Name", "3 characters")
    expect(dialog.get_by_label("Name")).to_have_value("-x")
    expect(dialog.get_by_label("Videos")).to_be_checked()

    dialog.get_by_label("Name").fill(name)
    create.click()
    # The next thing to do is to connect it.
    settings.expect_title(name)
    settings.expect_bulbs(list="not configured", read="not configured")
    expect(page.get_by_role("dialog", name=name)).to_contain_text("Videos")
    settings.close()
    expect(page).to_have_url(f"{visitor.url}/")
    expect(page.get_by_role("article", name=name)).to_contain_text("no datasource yet")
    expect(page.get_by_role("heading", name="Create your first dataset")).to_have_count(0)


def test_a_name_that_is_taken(visitor: Visitor, name: str) -> None:
    page = visitor.page
    page.goto("/datasets/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create dataset").click()
    Settings(page).expect_title(name)
    page.goto("/")
    page.get_by_role("link", name="New dataset").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create dataset").click()
    expect(dialog.locator(".field__error")).to_contain_text("already")


def test_cancel_creates_nothing(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_role("link", name="New dataset").click()
    page.get_by_role("dialog").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(f"{visitor.url}/")
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()
    expect(page.get_by_role("link", name="New dataset")).to_be_focused()
