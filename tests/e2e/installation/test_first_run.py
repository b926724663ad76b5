"""A new installation: the first visit creates its owner, and nobody after."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import NewStack, Visit
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible

PASSWORD = "a-long-enough-secret"


def test_first_visit_creates_the_owner(new_stack: NewStack, visit: Visit, axe: Axe) -> None:
    stack = new_stack().run()
    visitor = visit(at=stack)
    page = visitor.page
    page.goto("/datasets/new/")
    expect(page).to_have_url(f"{stack.url}/welcome/")
    expect_accessible(page, axe)

    page.get_by_label("Team name").fill("Acme Vision")
    page.get_by_label("E-mail address").fill("ava@example.com")
    page.get_by_label("Password", exact=False).first.fill("short")
    page.get_by_label("Password again").fill("other")
    page.get_by_role("button", name="Create the owner account").click()
    expect(page.get_by_text("The two passwords differ.")).to_be_visible()
    expect(page.get_by_text("too short")).to_be_visible()
    expect(page.get_by_label("Team name")).to_have_value("Acme Vision")
    expect_accessible(page, axe)

    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the owner account").click()
    expect(page).to_have_url(f"{stack.url}/")
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("You own Acme Vision")
    expect_accessible(page, axe)

    # From now on the welcome page is closed: for the owner, and for everybody else.
    page.goto("/welcome/")
    expect(page).to_have_url(f"{stack.url}/")
    stranger = visit(at=stack)
    stranger.page.goto("/welcome/")
    expect(stranger.page.get_by_role("heading", name="Sign in")).to_be_visible()

    sign_out_and_in(visitor)


def sign_out_and_in(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/datasets/new/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_label("E-mail address").fill("ava@example.com")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("not correct")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # Back where the visitor wanted to go.
    expect(page.get_by_role("heading", name="New dataset")).to_be_visible()
