"""The admin panel in a real browser: it works under the content security policy, in every look."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import Cloud
from tests.servers.process import eventually


def look_at(visitor: Visitor, axe: Axe) -> None:
    assert visitor.problems == []
    expect_accessible(visitor.page, axe)
    # Django's style sheets import others. axe copies these into a <style>, which our policy refuses, and says so.
    own = ("Applying inline style", "Couldn't load preload assets")
    visitor.problems[:] = [problem for problem in visitor.problems if not any(text in problem for text in own)]


def outcomes(stack: Stack, dataset: str) -> list[str]:
    return [check["outcome"] for check in stack.backstage.checks(dataset)]


def test_the_panel(visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe) -> None:
    stack.backstage.promote(person, superuser=True)
    dataset = stack.backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud)))
    colleague = stack.backstage.person(f"{name}-colleague", team=person["team"], role="MEMBER")
    visitor, theirs = visit(person), visit(colleague)
    page = visitor.page
    theirs.page.goto("/")
    expect(theirs.page.get_by_role("heading", name="Datasets")).to_be_visible()

    page.goto("/")
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("link", name="Admin panel").click()
    expect(page.get_by_role("region", name="Overview")).to_contain_text("Working")
    look_at(visitor, axe)

    page.get_by_role("region", name="Overview").get_by_role("link", name="Datasources").click()
    expect(page.get_by_role("heading", name="Datasources", exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("Check again")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", name="Check these datasources again?")).to_be_visible()
    look_at(visitor, axe)
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("1 of 1 are being checked.")).to_be_visible()
    assert eventually(lambda: outcomes(stack, dataset) == ["GREEN", "GREEN"], CHECK_MS / 1000)
    page.reload()
    expect(row).to_contain_text("Green")

    page.goto(f"/admin/teams/user/?q={colleague['email']}")
    page.get_by_role("link", name=colleague["email"]).click()
    expect(page.get_by_role("heading", name="Change user")).to_be_visible()
    page.get_by_label("May sign in").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    look_at(visitor, axe)
    theirs.page.goto("/")
    expect(theirs.page.get_by_role("heading", name="Sign in")).to_be_visible()
