"""From a datasource that turns green to what is in it, in a real browser with a real worker."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

# A check, three stages of an index, and the page's own pace, on a loaded machine.
INDEX_MS = 90_000


def test_from_green_bulbs_to_figures_and_again(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    """The page is left alone until the figures come by themselves; then all is done with the keyboard."""
    bucket = filled_bucket(cloud)
    for key in ("input/street/a.JPG", "input/street/b.heic", "input/empty.png"):
        cloud.put(bucket, key, b"" if "empty" in key else key.encode() * 20)
    dataset = stack.backstage.dataset(name, person, input=reader(cloud, bucket))
    page = visitor.page
    page.goto(f"/datasets/{dataset}/contents/input/")
    expect(page.get_by_text("Rests on the listing of all 4 files")).to_be_visible(timeout=INDEX_MS)
    problems = page.get_by_role("region", name="Problems")
    expect(problems.get_by_role("link")).to_have_text(
        ["Empty file", "Very small file", "Unsupported file type", "Extension in capital letters"]
    )
    expect(page.get_by_text("magick a.heic a.jpg")).to_be_visible()

    table = page.get_by_role("region", name="By extension").locator("summary")
    table.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=re.compile("heic"))).to_have_count(2)  # and in the list of what to do

    cloud.put(bucket, "input/street/new.jpg", b"x" * 500)
    button = page.get_by_role("button", name="Look again")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rests on the listing of all 5 files")).to_be_visible(timeout=INDEX_MS)
    new = page.get_by_role("link", name="New files: 1")
    new.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("street/new.jpg")).to_be_visible()

    page.get_by_role("link", name="Contents").first.click()
    search = page.get_by_role("searchbox", name="Find files by name")
    search.fill("HEIC")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="street/b.heic")).to_be_visible()
