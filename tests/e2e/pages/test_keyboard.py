"""Everything without a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.people import Wizard, dismiss_dialog
from tests.e2e.support.settings import Row, Settings, fields_of, secret_label
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

MOST_TABS = 60


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{target} was not reached with {key}")


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def test_from_the_empty_home_to_a_saved_datasource(visitor: Visitor, cloud: Cloud, name: str) -> None:
    page, config = visitor.page, reader(cloud, filled_bucket(cloud))
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="New dataset"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="New dataset")).to_be_visible()
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type(name)
    page.keyboard.press("Enter")

    settings = Settings(page)
    settings.expect_title(name)
    expect(page.get_by_role("dialog")).to_be_visible()
    for label, value in fields_of(config).items():
        tab_to(page, settings.field(label))
        page.keyboard.type(value)
    tab_to(page, settings.save)
    page.keyboard.press("Enter")
    settings.expect_bulbs(list="granted", read="granted")
    # The focus is on what came of it, also after the bulbs were fetched anew.
    expect(settings.root.get_by_role("heading", name="Permissions")).to_be_focused()
    tab_to(page, settings.root.get_by_text("What was tried").first)
    page.keyboard.press("Enter")
    expect(settings.reason("List")).to_contain_text("It worked.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_reading_a_reason_and_coming_back(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    dataset = stack.backstage.dataset(name, person, input=cloud.with_wrong_secret(reader(cloud, filled_bucket(cloud))))
    page = visitor.page
    page.goto("/")
    row = Row(page, dataset)
    row.expect_bulbs("input", list="denied")
    tab_to(page, row.bulb("input", "list"))
    expect(row.tip("input", "list")).to_be_visible()
    page.keyboard.press("Tab")
    expect(row.tip("input", "list").get_by_role("link", name="How to fix it")).to_be_focused()
    page.keyboard.press("Tab")
    expect(row.tip("input", "list")).to_be_hidden()
    expect(row.tip("input", "read")).to_be_visible()

    gear = page.get_by_role("link", name=f"Settings of {name}", exact=True)
    tab_to(page, gear)
    page.keyboard.press("Enter")
    settings = Settings(page)
    settings.expect_title(name)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(gear).to_be_focused()
    expect(page).to_have_url(f"{stack.url}/")

    # Also after another check, when the row underneath is another element than before.
    page.keyboard.press("Enter")
    settings.expect_title(name)
    row.root.evaluate("element => element.setAttribute('data-before', '')")
    tab_to(page, settings.root.get_by_role("button", name="Check again"))
    page.keyboard.press("Enter")
    expect(row.root).not_to_have_attribute("data-before", "")
    expect(settings.status).to_contain_text("Last check")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(gear).to_be_focused()


def test_unsaved_edits_are_not_lost_by_a_slip(visitor: Visitor, stack: Stack, person: Person, name: str) -> None:
    stack.backstage.dataset(name, person)
    page = visitor.page
    page.goto("/")
    settings = Settings(page).open(name)
    path = settings.field("Resource path")
    question = page.get_by_role("alertdialog", name="You have unsaved edits.")

    path.fill("s3://half-typed/")
    ways_out: list[Callable[[], object]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: settings.root.get_by_role("button", name="Cancel").click(),
        lambda: settings.root.get_by_role("button", name="Close settings").click(),
        lambda: settings.root.get_by_role("link", name="Azure").click(),
        lambda: settings.root.get_by_role("link", name="Dataset").click(),
        lambda: page.mouse.click(5, 5),
        lambda: settings.root.get_by_role("link", name=name).click(),
    ]
    for leave in ways_out:
        leave()
        expect(question).to_be_visible()
        expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
        page.keyboard.press("Enter")
        expect(question).to_have_count(0)
        expect(path).to_have_value("s3://half-typed/")

    page.keyboard.press("Escape")
    expect(question).to_be_visible()
    page.keyboard.press("Escape")  # of the question itself: keep
    expect(question).to_have_count(0)
    expect(path).to_have_value("s3://half-typed/")
    page.keyboard.press("Escape")
    question.get_by_role("button", name="Discard them").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(f"{stack.url}/")
    settings.open(name)
    expect(path).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_team_and_its_people(visitor: Visitor, stack: Stack, person: Person, name: str) -> None:
    colleague = stack.backstage.person(f"{name}-colleague", team=person["team"], role="MEMBER")["email"]
    page = visitor.page
    page.goto("/")
    press(page, page.get_by_role("link", name="Team"))
    dialog = page.get_by_role("dialog")

    press(page, page.get_by_role("link", name="Invite people"))
    tab_to(page, dialog.get_by_label("E-mail addresses"))
    page.keyboard.type(f"{name}-ben@example.com")
    tab_to(page, dialog.get_by_label("Role"))
    page.keyboard.type("Admin")
    press(page, dialog.get_by_role("button", name="Invite"))
    expect(dialog.get_by_role("group", name=f"{name}-ben@example.com")).to_contain_text("/invitation/")
    press(page, dialog.get_by_role("button", name="Copy"))
    expect(dialog.get_by_role("button", name="Copied")).to_be_focused()
    press(page, dialog.get_by_role("link", name="Done"))
    expect(page.get_by_role("region", name="Invitations")).to_contain_text("as admin")
    expect(page.get_by_role("link", name="Invite people")).to_be_focused()
    press(page, page.get_by_role("button", name="Revoke the invitation of"))
    expect(page.get_by_text("is revoked.")).to_be_visible()

    press(page, page.get_by_role("link", name=f"Role of {colleague}"))
    expect(dialog).to_be_visible()
    dismiss_dialog(page, "#people")
    expect(page.get_by_role("link", name=f"Role of {colleague}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()  # from then on it has the focus
    tab_to(page, dialog.get_by_role("radio", checked=True))
    page.keyboard.press("ArrowDown")
    press(page, dialog.get_by_role("button", name="Change role"))
    expect(page.get_by_text("is admin now.")).to_be_visible()
    press(page, page.get_by_role("link", name=f"Remove {colleague}"))
    expect(dialog).to_be_visible()
    press(page, dialog.get_by_role("button", name="Remove"))
    expect(page.get_by_text("is no longer in the team.")).to_be_visible()

    press(page, page.get_by_role("link", name="Service accounts"))
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type("nightly")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="nightly is created")).to_be_focused()
    press(page, page.get_by_role("button", name="Copy"))
    expect(page.get_by_role("button", name="Copied")).to_be_focused()


def test_the_guided_way(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    stack.backstage.dataset(name, person)
    page, config = visitor.page, reader(cloud, filled_bucket(cloud))
    page.goto("/")
    press(page, page.get_by_role("link", name="Connect it step by step"))
    press(page, page.get_by_role("link", name="AWS S3", exact=True))
    wizard = Wizard(page)
    wizard.expect_step("Grant access")
    typed = fields_of(config)
    secret = typed.pop(secret_label("S3"))
    for label, value in typed.items():
        tab_to(page, wizard.field(label))
        page.keyboard.type(value)
    tab_to(page, page.get_by_role("radio", name="IAM policy"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="AWS CLI")).to_be_checked()
    press(page, page.get_by_role("button", name="Next: credentials"))
    wizard.expect_step("Enter credentials")
    tab_to(page, wizard.field(secret_label("S3")))
    page.keyboard.type(secret)
    page.keyboard.press("Enter")
    wizard.expect_green("Input")
    press(page, page.get_by_role("link", name="Next: Lightly storage"))
    wizard.expect_step("Choose the storage")


def test_the_search_key(visitor: Visitor, stack: Stack, person: Person, name: str) -> None:
    stack.backstage.dataset(name, person)
    page = visitor.page
    page.goto("/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
