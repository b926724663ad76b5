"""From green bulbs to the names of what a run selected, in a real browser with real workers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.contents.media.making import encoded, picture
from tests.e2e.conftest import Visit
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, Cloud

COLOURS = ["red", "green", "yellow", "black", "white", "orange", "purple", "gray"]
NAMES = [f"street/{colour}.jpg" for colour in COLOURS]
# A worker's first run, for which it makes its network, on a loaded machine.
RUN_MS = 150_000


@pytest.mark.timeout(300)
def test_from_green_bulbs_to_the_names_of_what_was_selected(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, name: str, tmp_path: Path
) -> None:
    bucket = cloud.make_bucket()
    for colour in COLOURS:
        cloud.put(bucket, f"input/street/{colour}.jpg", encoded(picture((96, 64), colour=colour), "JPEG"))
    cloud.put(bucket, "lightly/.lightly/keep.txt", b"a folder")
    grants = {each: cloud.grant(bucket, f"{each}/", WORKING_RIGHTS) for each in ("input", "lightly")}
    dataset = stack.backstage.dataset(name, person, **grants)
    visitor = visit(person)
    visitor.expected_statuses.add(422)  # a form that is wrong
    page = visitor.page

    # The tab teaches, and leads to a form that says whether it may begin.
    page.goto(f"/datasets/{dataset}/")
    page.get_by_role("navigation", name="Pages of").get_by_role("link", name="Runs").click()
    page.get_by_role("link", name="Plan the first run").click()
    expect(page.get_by_role("heading", name="New run")).to_be_visible()
    expect(page.get_by_text("All green: go ahead.")).to_be_visible(timeout=CHECK_MS)  # by itself
    expect_accessible(page, axe)

    # What is wrong stands beside its field; the same configuration as JSON and back.
    page.get_by_label("Number of samples").fill("")
    page.get_by_role("button", name="Schedule the run").click()
    expect(page.locator("#id_count_error")).to_contain_text("number of samples")
    expect_accessible(page, axe)
    page.get_by_label("Number of samples").fill("3")
    page.get_by_role("button", name="JSON").click()
    expect(page.get_by_label("Configuration")).to_have_value(re.compile('"nSamples": 3'))
    expect(page.get_by_role("heading", name="New run")).to_be_focused()
    page.get_by_role("button", name="Form").click()
    expect(page.get_by_label("Number of samples")).to_have_value("3")
    expect(page.get_by_label("Diversity")).to_be_checked()

    # The focus is on what the dry run says, whether Input was listed meanwhile or not.
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_role("heading", name="Dry run")).to_be_focused()

    # The page of what waits leads on to the run, which shows its results by itself.
    page.get_by_role("button", name="Schedule the run").click()
    expect(page.get_by_role("heading", name=re.compile("Run 2"))).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_role("heading", name="Asked and achieved")).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_role("region", name="Result")).to_contain_text("Selected")
    expect(page.get_by_role("region", name="Asked and achieved")).to_contain_text("DIVERSITY of embeddings")
    expect_accessible(page, axe)

    # Why each was chosen, and why others were not.
    page.get_by_role("link", name="Why others were not").click()
    expect(page.get_by_role("row")).to_have_count(1 + len(NAMES) - 3)
    page.get_by_role("link", name="Chosen", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(1 + 3)
    chosen = page.locator("#picks tbody bdi").all_inner_texts()
    page.get_by_role("link", name=re.compile("^Run 2")).click()

    # The selected pictures, and their names as a file.
    page.get_by_role("link", name="See the selected samples").click()
    expect(page.locator(".tile__name")).to_have_text(sorted(chosen))
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="File names One a line").click()
    download.value.save_as(tmp_path / "names.txt")
    assert (tmp_path / "names.txt").read_text().split("\n") == sorted(chosen)
