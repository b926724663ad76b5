"""axe-core finds nothing wrong with states that take more than an address; every plain page is in test_pages.py."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS, Row, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud, Trouble
from tests.servers.process import eventually


def test_it_would_see_what_is_wrong(visitor: Visitor, stack: Stack, person: Person, name: str, axe: Axe) -> None:
    """Also inside the dialog and in a tip, which lie above the page."""
    stack.backstage.dataset(name, person)
    page = visitor.page
    page.goto("/")
    assert axe.violations(page) == []
    page.get_by_role("button", name="Lightly Write").click()
    visitor.expected_statuses.add(404)  # before the browser may have asked for the image
    page.locator(".tip:popover-open").evaluate("tip => { tip.innerHTML = '<img src=/static/x.png>' }")
    assert [problem.partition(" ")[0] for problem in axe.violations(page)] == ["image-alt"]
    page.reload()
    region = Settings(page).open(name).field("Region")
    region.scroll_into_view_if_needed()  # what can't be seen has no contrast
    region.evaluate("input => { input.style.color = '#ccc'; input.value = 'pale' }")
    assert [problem.partition(" ")[0] for problem in axe.violations(page)] == ["color-contrast"]


def test_pages_for_everybody(visit: Visit, stack: Stack, axe: Axe) -> None:
    page = visit().page
    page.goto("/")
    page.get_by_label("E-mail address").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("not correct")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill("nobody@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    page.goto("/accounts/password/reset/key/1-nonsense/")
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    page.goto("/accounts/signup/")
    expect(page.get_by_role("heading", name="Sign-up is closed")).to_be_visible()


def test_pages_of_the_account(visitor: Visitor, axe: Axe) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_role("button", name="account menu").click()
    expect(page.get_by_role("link", name="Sign-in and security")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_role("link", name="Sign-in and security").click()
    expect(page.get_by_role("heading", name="Authenticator app")).to_be_visible()
    expect_accessible(page, axe)  # with no second factor yet; with some: test_sign_in.py
    page.get_by_role("link", name="Set a password").click()
    expect(page.get_by_role("heading", name="password")).to_be_visible()
    page.get_by_role("main").get_by_role("button").first.click()
    expect_accessible(page, axe)
    page.goto("/accounts/logout/")
    expect(page.get_by_role("heading", name="Sign out?")).to_be_visible()


def test_pages_that_refuse(visitor: Visitor, axe: Axe) -> None:
    page = visitor.page
    visitor.expected_statuses |= {403, 404}
    page.goto("/no/such/page/")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    expect_accessible(page, axe)
    page.goto("/datasets/new/")
    page.get_by_label("Name").fill("too late")
    visitor.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.get_by_role("heading", name="This page has expired")).to_be_visible()
    expect_accessible(page, axe)


def test_home_in_every_state(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, axe: Axe) -> None:
    bucket, empty, broken = filled_bucket(cloud), cloud.make_bucket(), cloud.make_bucket()
    cloud.trouble(broken, Trouble.SERVER_ERROR)
    may_only_read = reader(cloud, bucket, "lightly/")
    stack.backstage.dataset("empty", person, input=reader(cloud, empty), lightly=writer(cloud, empty))
    stack.backstage.dataset("unknown", person, input=reader(cloud, broken), lightly=writer(cloud, broken))
    stack.backstage.dataset("wrong", person, input=cloud.with_wrong_secret(reader(cloud, bucket)))
    shown = stack.backstage.dataset("shown", person, input=reader(cloud, bucket), lightly=may_only_read)
    waiting = stack.backstage.dataset("waiting", person)
    silent = cloud.make_bucket()
    cloud.trouble(silent, Trouble.SILENT)
    page = visitor.page
    page.goto("/")
    expect(page.locator(".bulb--checking")).to_have_count(0, timeout=CHECK_MS)
    for look in ("granted", "denied", "unknown", "off"):
        expect(page.locator(f".bulb--{look}").first).to_be_visible()
    stack.backstage.check(waiting, "LIGHTLY", writer(cloud, silent), person)
    page.reload()
    expect(page.locator(".bulb--checking")).to_have_count(4)
    expect_accessible(page, axe)
    cloud.trouble(silent, None)

    row = Row(page, shown)
    row.bulb("lightly", "write").click()
    expect(row.tip("lightly", "write")).to_be_visible()
    expect_accessible(page, axe)
    stack.backstage.datasets([f"plain {number:02}" for number in range(25)], person)
    page.goto("/?page=2")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    expect_accessible(page, axe)
    page.goto("/?q=nothing+like+this")
    expect_accessible(page, axe)


def test_health(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, axe: Axe) -> None:
    """Worker, scheduler and queue really leave their signs. The numbers rest while nobody looks at them."""
    page, bucket = visitor.page, filled_bucket(cloud)
    page.goto("/health/")
    expect(page.get_by_role("heading", name="No datasource yet")).to_be_visible()
    expect_accessible(page, axe)
    wrong = cloud.with_wrong_secret(reader(cloud, bucket))
    dataset = stack.backstage.dataset("watched", person, input=reader(cloud, bucket), lightly=wrong)
    assert eventually(lambda: all(check["outcome"] for check in stack.backstage.checks(dataset)))
    page.goto("/health/?state=red")
    expect(page.get_by_role("link", name="watched")).to_have_count(1)
    for line in ("Worker: alive", "Scheduler: alive", "Queue: reachable", "Open checks: none"):
        expect(page.get_by_text(line)).to_be_visible(timeout=20_000)
    page.get_by_role("combobox", name="State").select_option("green")
    expect(page.get_by_role("heading", name="1 datasource in state “Green”")).to_be_visible()
    expect(page).to_have_url(re.compile("state=green"))

    show = "hidden => Object.defineProperty(document, 'hidden', {get: () => hidden, configurable: true})"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(show, True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.evaluate(show, False)
    assert asked == []
    with page.expect_response("**/health/tiles/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_dialogs_in_every_state(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe
) -> None:
    page, bucket = visitor.page, filled_bucket(cloud)
    stack.backstage.dataset(name, person)
    page.goto("/")
    page.get_by_role("link", name="New dataset").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_role("button", name="Create dataset").click()
    expect(page.locator(".field__error")).to_have_count(1)
    expect_accessible(page, axe)
    page.get_by_role("link", name="Cancel").click()

    settings = Settings(page).open(name)
    expect_accessible(page, axe)
    for provider in ("AZURE", "GCS"):
        settings.choose(provider)
        expect_accessible(page, axe)
    settings.tab("Check history")
    expect_accessible(page, axe)
    settings.tab("Lightly").submit()
    expect(settings.root.locator(".field__error").first).to_be_visible()
    expect_accessible(page, axe)
    settings.fill(reader(cloud, bucket, "lightly/"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_role("button", name="Keep editing").click()
    settings.submit()
    settings.expect_bulbs(list="granted", read="granted", write="denied", overwrite="denied")
    settings.reason("List").get_by_text("What was tried").click()
    expect_accessible(page, axe)
    settings.tab("Input").root.get_by_role("link", name="Copy from the Lightly datasource").click()
    expect(settings.root).to_contain_text("taken over from Lightly")
    expect_accessible(page, axe)
    settings.tab("Check history")
    settings.root.get_by_role("button", name="Lightly Write: denied").click()
    expect(page.locator(".tip:popover-open")).to_contain_text("Likely cause")
    expect_accessible(page, axe)
    page.keyboard.press("Escape")
    settings.tab("Dataset")
    settings.root.get_by_role("button", name="Delete this dataset").click()
    expect(settings.root.locator(".field__error")).to_have_count(1)
    expect_accessible(page, axe)


@pytest.mark.parametrize("role", ["ADMIN", "MEMBER"])
def test_settings_as_a_page(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe, role: str
) -> None:
    dataset = stack.backstage.dataset(name, person, lightly=reader(cloud, filled_bucket(cloud), "lightly/"))
    page = visit(stack.backstage.person(f"{name}-colleague", team=person["team"], role=role)).page
    page.goto(f"/datasets/{dataset}/settings/lightly/")
    Settings(page).expect_bulbs(list="granted", read="granted", write="denied", overwrite="denied")
    expect_accessible(page, axe)
    page.goto(f"/datasets/{dataset}/settings/dataset/")
    expect_accessible(page, axe)
