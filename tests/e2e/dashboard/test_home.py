"""Finding, sorting, renaming and deleting datasets."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def names(page: Page) -> Locator:
    return page.get_by_role("article").get_by_role("heading")


def test_search_sort_and_pages(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    page, bucket = visitor.page, filled_bucket(cloud)
    stack.backstage.datasets([f"plain {number:02}" for number in range(30)], person)
    stack.backstage.dataset("zebra crossing", person, input=reader(cloud, bucket))
    stack.backstage.dataset("aardvark", person)
    page.goto("/")
    expect(page.get_by_role("main")).to_contain_text("32 datasets")
    expect(page.get_by_text("1–25 of 32")).to_be_visible()
    expect(names(page)).to_have_count(25)
    expect(names(page).nth(0)).to_have_text("aardvark")
    expect(names(page).nth(1)).to_have_text("zebra crossing")

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(names(page)).to_have_count(7)
    expect(names(page).last).to_have_text("plain 00")
    expect(page).to_have_url(re.compile(r"page=2"))

    page.get_by_role("navigation", name="Sort by").get_by_role("link", name="Name").click()
    expect(names(page).nth(1)).to_have_text("plain 00")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="2").click()
    expect(names(page).last).to_have_text("zebra crossing")

    # By a part of the path, then by one of the name; while typing, without loading the page anew.
    loads = visitor.requests.count("GET /")
    search = page.get_by_role("searchbox")
    search.press_sequentially(bucket[:12])
    expect(names(page)).to_have_text(["zebra crossing"])
    expect(search).to_be_focused()
    search.fill("PLAIN 1")
    expect(names(page)).to_have_count(12)
    expect(page.get_by_text("1–12 of 12")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=PLAIN"))
    assert visitor.requests.count("GET /") > loads
    search.fill("no such thing")
    expect(page.get_by_role("heading", name="No dataset matches “no such thing”")).to_be_visible()
    page.reload()
    expect(search).to_have_value("no such thing")
    page.get_by_role("link", name="Show all datasets").click()
    expect(names(page)).to_have_count(25)


def test_what_needs_attention_comes_first(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    page, bucket = visitor.page, filled_bucket(cloud)
    stack.backstage.dataset("broken", person, input=cloud.with_wrong_secret(reader(cloud, bucket)))
    stack.backstage.dataset("newer and fine", person, input=reader(cloud, bucket))
    page.goto("/")
    expect(page.locator(".bulb--checking")).to_have_count(0)
    expect(names(page)).to_have_text(["newer and fine", "broken"])
    page.get_by_role("navigation", name="Sort by").get_by_role("link", name="Needs attention").click()
    expect(names(page)).to_have_text(["broken", "newer and fine"])
    expect(page.get_by_role("main")).to_contain_text("1 needs attention")
    expect(page).to_have_title("(1) Datasets · Lightly Platform")


def test_rename_and_delete(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    page = visitor.page
    stack.backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud)))
    page.goto("/")
    settings = Settings(page).open(name).tab("Dataset")
    settings.field("Name").fill("!")
    settings.root.get_by_role("button", name="Rename").click()
    settings.expect_error("Name", "For example")
    settings.field("Name").fill("renamed")
    settings.root.get_by_role("button", name="Rename").click()
    settings.expect_title("renamed")
    expect(settings.root).to_contain_text("The dataset is named renamed now.")
    settings.root.get_by_role("button", name="Undo").click()
    settings.expect_title(name)
    settings.root.get_by_role("button", name="Undo").click()
    settings.expect_title("renamed")
    settings.close()
    expect(names(page)).to_have_text(["renamed"])

    settings.open("renamed").tab("Dataset")
    confirm = settings.field("Type the dataset's name to confirm")
    delete = settings.root.get_by_role("button", name="Delete this dataset")
    delete.click()
    settings.expect_error("Type the dataset's name to confirm", "Type the dataset's name")
    confirm.fill(name)
    delete.click()
    settings.expect_error("Type the dataset's name to confirm", "Type exactly: renamed")
    confirm.fill("renamed")
    delete.click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("renamed was deleted.")
    expect(page).to_have_url(f"{stack.url}/")
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()


def test_the_dataset_id_can_be_copied(visitor: Visitor, stack: Stack, person: Person, name: str) -> None:
    dataset, page = stack.backstage.dataset(name, person), visitor.page
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/")
    settings = Settings(page).open(name).tab("Dataset")
    settings.root.get_by_role("button", name="Copy").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == dataset


def test_an_answer_for_a_row_that_was_replaced_meanwhile(
    visitor: Visitor, stack: Stack, person: Person, name: str
) -> None:
    """Two things refresh one row. The answer that comes second belongs to a row that is gone, and changes nothing."""
    page, dataset = visitor.page, stack.backstage.dataset(name, person)
    held: list[Route] = []
    page.route(re.compile(r"\?held"), lambda route: held.append(route))
    page.goto("/")
    page.locator(".dataset").evaluate("row => { row.dataset.stands = 'first' }")
    # As a row asks that was being checked: the page's counts come with the answer.
    ask = "([path, source]) => { htmx.ajax('GET', path, {source, target: '.dataset', swap: 'outerHTML'}) }"
    with page.expect_request(re.compile(r"\?held")):
        page.evaluate(ask, [f"/datasets/{dataset}/row/?held&open=1", ".dataset"])
    page.evaluate(ask, [f"/datasets/{dataset}/row/?quick&open=1", "#main"])
    expect(page.locator(".dataset:not([data-stands])")).to_have_count(1)
    page.locator(".dataset").evaluate("row => { row.dataset.stands = 'second' }")
    with page.expect_event("requestfinished", lambda request: "?held" in request.url):
        held[0].continue_()
    # Answers are worked off one after the other.
    ask_alone = "path => htmx.ajax('GET', path, {target: '#summary', swap: 'none'})"
    page.evaluate(ask_alone, f"/datasets/{dataset}/row/?third")
    expect(page.locator(".dataset[data-stands=second]")).to_have_count(1)
