"""A dataset's pages: by a shared link, from the dialog and back, without JavaScript."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader, writer
from tests.e2e.pages.test_keyboard import press, tab_to
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import PHONE, Axe, Visitor, no_sideways_scrolling
from tests.e2e.support.looks import expect_accessible, overlaps
from tests.e2e.support.settings import CHECK_MS, Row, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def test_a_shared_link(visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    bucket = filled_bucket(cloud)
    dataset = stack.backstage.dataset(name, person, input=reader(cloud, bucket))
    colleague = stack.backstage.person(f"{name}-colleague", team=person["team"], role="ADMIN")
    page = visit(colleague).page
    page.goto(f"/datasets/{dataset}/settings/lightly/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    settings = Settings(page)
    settings.expect_title(name)
    settings.fill(writer(cloud, bucket)).submit()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("Lightly saved.")
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")
    settings.tab("Check history")
    expect(page).to_have_url(f"{stack.url}/datasets/{dataset}/settings/history/")
    expect(settings.root.get_by_role("table")).to_contain_text(colleague["email"])
    page.get_by_role("main").get_by_role("link", name="Datasets").click()
    Row(page, dataset).expect_bulbs("lightly", overwrite="granted")


def test_a_colleague_who_may_only_look(visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    dataset = stack.backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud)))
    member = stack.backstage.person(f"{name}-member", team=person["team"], role="MEMBER")
    page = visit(member).page
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="granted", read="granted")
    expect(settings.root).to_contain_text(f"Only the dataset's owner ({person['email']})")
    expect(settings.save).to_have_count(0)
    expect(settings.field("Resource path")).to_be_disabled()
    settings.tab("Dataset")
    expect(settings.root.get_by_role("button", name="Rename")).to_have_count(0)
    expect(settings.root).to_contain_text(dataset)


def test_nobody_else_sees_it(visit: Visit, stack: Stack, person: Person, name: str) -> None:
    dataset = stack.backstage.dataset(name, person)
    outsider = visit(stack.backstage.person(f"{name}-outsider"))
    outsider.expected_statuses.add(404)
    outsider.page.goto(f"/datasets/{dataset}/settings/input/")
    expect(outsider.page.get_by_role("heading", name="Page not found")).to_be_visible()
    nobody = visit()
    nobody.page.goto(f"/datasets/{dataset}/settings/input/")
    expect(nobody.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_from_the_dialog_to_the_page_and_back(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe
) -> None:
    dataset, page = stack.backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud))), visitor.page
    home, url = f"{stack.url}/", f"{stack.url}/datasets/{dataset}/"
    page.goto("/")
    # The dialog is no place of its own: the address stays, and so does the history.
    before = page.evaluate("history.length")
    settings = Settings(page).open(name).tab("Lightly")
    expect(page).to_have_url(home)
    expect_accessible(page, axe)
    settings.tab("Check history")
    settings.tab("Input")
    assert page.evaluate("history.length") == before

    # Its title leads to the same tab of the dataset's page, with the keyboard alone.
    title = settings.root.get_by_role("heading", level=1).get_by_role("link", name=name)
    tab_to(page, title)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}settings/input/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    settings.expect_title(name)
    page.reload()
    settings.expect_title(name)
    settings.expect_bulbs(list="granted", read="granted")
    page.go_back()
    expect(page).to_have_url(home)
    expect(page.get_by_role("article", name=name)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)

    # The name in the list leads to the overview, whose tabs lead to the other pages.
    press(page, page.get_by_role("article", name=name).get_by_role("link", name=name, exact=True))
    expect(page).to_have_url(url)
    tabs = page.get_by_role("navigation", name=f"Pages of {name}")
    expect(tabs.locator("[aria-current=page]")).to_have_text("Overview")
    expect(page.get_by_role("region", name="Last checks")).to_contain_text("Input")
    expect_accessible(page, axe)
    press(page, tabs.get_by_role("link", name="Settings"))
    expect(page).to_have_url(f"{url}settings/input/")
    expect(tabs.locator("[aria-current=page]")).to_have_text("Settings")
    page.go_back()
    expect(page).to_have_url(url)


def test_the_overview_follows_a_check(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe
) -> None:
    bucket, page = filled_bucket(cloud), visitor.page
    dataset = stack.backstage.dataset(name, person, input=cloud.with_wrong_secret(reader(cloud, bucket)))
    page.goto(f"/datasets/{dataset}/")
    bulb = page.get_by_role("button", name="Input Read: denied")
    expect(bulb).to_be_visible(timeout=CHECK_MS)
    bulb.click()
    tip = page.locator("#tip-input-read")
    expect(tip).to_contain_text("Likely cause")
    # Beside its bulbs and over none of them, without a script that puts it there.
    assert tip.evaluate("tip => tip.getAttribute('style')") is None
    assert not overlaps(tip, page.get_by_role("group", name="Input permissions"))
    # From there to the settings, in the dialog. What is saved in it shows on the page underneath.
    tip.get_by_role("link", name="How to fix it").click()
    settings = Settings(page)
    settings.fill(reader(cloud, bucket)).submit()
    settings.expect_bulbs(list="granted", read="granted")
    settings.close()
    expect(page.get_by_role("button", name="Input Read: granted")).to_be_visible(timeout=CHECK_MS)
    expect(page.get_by_role("region", name="Last checks").get_by_role("listitem")).to_have_count(2)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    no_sideways_scrolling(page)
    page.get_by_role("link", name="Connect it step by step (Lightly)").click()
    expect(page.get_by_role("heading", name=f"Connect the Lightly storage for {name}")).to_be_visible()


def test_without_javascript(visit: Visit, person: Person, cloud: Cloud, name: str) -> None:
    page = visit(person, java_script_enabled=False).page
    bucket = filled_bucket(cloud)
    page.goto("/")
    page.get_by_role("link", name="New dataset").click()
    page.get_by_label("Name").fill("-")
    page.get_by_role("button", name="Create dataset").click()
    expect(page.locator(".field__error")).to_contain_text("For example")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create dataset").click()

    settings = Settings(page)
    settings.fill(reader(cloud, bucket))
    settings.field("Region").fill("")
    settings.submit()
    settings.expect_error("Region", "For example: eu-central-1")
    settings.fill(reader(cloud, bucket)).submit()
    # Answered by a redirect, so that reloading saves nothing again.
    expect(page.get_by_role("region", name="Messages")).to_contain_text("Input saved.")
    reload_until_granted(settings)

    settings.tab("Lightly")
    settings.choose("AZURE")
    expect(settings.field("SAS token")).to_be_visible()
    settings.root.get_by_role("link", name="Copy from the Input datasource").click()
    expect(settings.field("Resource path")).to_have_value(f"s3://{bucket}/lightly/")
    settings.tab("Dataset")
    settings.root.get_by_label("Type the dataset's name to confirm").fill(name)
    settings.root.get_by_role("button", name="Delete this dataset").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text(f"{name} was deleted.")
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()


def reload_until_granted(settings: Settings) -> None:
    for _ in range(100):
        settings.page.reload()
        if settings.bulb("List").inner_text() == "granted":
            break
    settings.expect_bulbs(list="granted", read="granted")
