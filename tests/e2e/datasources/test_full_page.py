"""The settings as a page of their own: by a shared link, with the browser's buttons, without JavaScript."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import Row, Settings
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
    expect(outsider.page.get_by_role("heading", name="Nothing here")).to_be_visible()
    nobody = visit()
    nobody.page.goto(f"/datasets/{dataset}/settings/input/")
    expect(nobody.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_back_and_forward(visitor: Visitor, stack: Stack, person: Person, name: str) -> None:
    dataset, page = stack.backstage.dataset(name, person), visitor.page
    url = f"{stack.url}/datasets/{dataset}/settings"
    page.goto("/")
    settings = Settings(page).open(name)
    expect(page).to_have_url(f"{url}/input/")
    settings.tab("Lightly")
    expect(page).to_have_url(f"{url}/lightly/")
    settings.tab("Check history")
    page.go_back()
    expect(page).to_have_url(f"{url}/lightly/")
    expect(settings.root.locator("[aria-current=page]")).to_have_text("Lightly, not configured")
    page.go_back()
    page.go_back()
    expect(page).to_have_url(f"{stack.url}/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_forward()
    expect(page).to_have_url(f"{url}/input/")
    settings.expect_title(name)
    settings.close()
    expect(page).to_have_url(f"{stack.url}/")
    expect(page.get_by_role("article", name=name)).to_be_visible()
    # A dialog's address that is loaded anew is a page, and the way back from it leads home.
    settings.open(name)
    page.reload()
    settings.expect_title(name)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("article", name=name)).to_be_visible()


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
    expect(settings.field("Resource path")).to_have_value(f"s3://{bucket}/input/")
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
