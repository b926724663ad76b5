"""Annotations in a real browser, with real workers and a real bucket: from green bulbs to one mistake and its image."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.contents.annotation_reports.support import put, spoilt
from tests.e2e.conftest import Visit, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

# A check, the stages of an index, and the page's own pace, on a loaded machine.
INDEX_MS = 90_000
RELEVANT = b"street/*\n/street/1.png\nstreet/1.jpg\n"


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    made = cloud.make_bucket()
    tree = spoilt()
    tree.files[".lightly/relevant.txt"] = RELEVANT
    put(cloud, made, tree, "input/", "lightly/")
    return made


@pytest.mark.timeout(300)
def test_from_green_bulbs_to_one_mistake(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, bucket: str, axe: Axe
) -> None:
    sources = {"input": reader(cloud, bucket), "lightly": writer(cloud, bucket)}
    dataset = stack.backstage.dataset("annotated-dataset", person, **sources)
    page = visit(person).page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/datasets/{dataset}/contents/input/")
    # Input is listed by itself after its first green check; Lightly when the check begins.
    expect(page.get_by_text("Rests on the listing of all 2 files")).to_be_visible(timeout=INDEX_MS)
    page.get_by_role("link", name="Annotations").click()
    expect(page.get_by_role("heading", name="Predictions and metadata were not checked yet")).to_be_visible()
    expect_accessible(page, axe)
    start = page.get_by_role("button", name="Check a sample")
    start.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("annotation files were checked")).to_be_visible(timeout=INDEX_MS)
    expect(page.get_by_role("region", name="boxes", exact=True)).to_contain_text("object-detection")
    expect(page.get_by_role("region", name="Metadata", exact=True)).to_contain_text("scene.weather")
    page.evaluate("document.querySelectorAll('main details').forEach(details => { details.open = true })")
    expect_accessible(page, axe)

    page.get_by_role("link", name="category_id is not an id of the schema.").click()
    finding = page.get_by_role("listitem").filter(has_text="/predictions/0/category_id")
    expect(finding).to_contain_text("Found")
    expect(finding).to_contain_text("line 5, column")
    expect_accessible(page, axe)
    finding.get_by_role("link", name="street/1.png").click()
    expect(page.get_by_role("heading", name="street/1.png")).to_be_visible()

    expect_a_correction(page, dataset, axe)
    # Nothing but our own origin was asked for anything.
    assert {url for url in asked if not url.startswith(stack.url)} == set()


def expect_a_correction(page: Page, dataset: str, axe: Axe) -> None:
    """Relevant filenames: tested, corrected, and the correction written under the name that is offered."""
    page.goto(f"/datasets/{dataset}/contents/annotations/")
    page.get_by_role("link", name="Test a file").click()
    page.get_by_label("File in the Lightly datasource").fill(".lightly/relevant.txt")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 2 files are relevant")).to_be_visible(timeout=CHECK_MS)
    line = page.get_by_role("row").filter(has_text="/street/1.png")
    expect(line).to_contain_text('Is "street/1.png" meant?')
    expect_accessible(page, axe)
    expect(page.get_by_label("Write it to the Lightly datasource as")).to_have_value(".lightly/relevant-corrected.txt")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_text("Written to .lightly/relevant-corrected.txt")).to_be_visible(timeout=CHECK_MS)
    expect(page.get_by_role("link", name="Download")).to_have_attribute("href", re.compile("/corrected/$"))
