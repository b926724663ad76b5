"""The Samples tab in a real browser, with a real bucket and workers: tags, pictures, exports, dialogs."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.contents.media.making import jpeg
from tests.e2e.conftest import Visit
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, Cloud

NAMES = [f"street/{number}.jpg" for number in range(5)]
RUN, LATER = "20261128_10h00m00s", "20261129_10h00m00s"


def selected(cloud: Cloud, stack: Stack, person: Person, name: str) -> str:
    """A dataset that two runs filled. Of one sample the file is gone, of another there is a thumbnail."""
    bucket = cloud.make_bucket()
    for number, key in enumerate(NAMES[:4]):
        cloud.put(bucket, f"input/{key}", jpeg((900, 600), quality=80 + number))
    cloud.put(bucket, "lightly/.lightly/thumbnails/street/0_thumb.jpg", jpeg((64, 48)))
    grants = {each: cloud.grant(bucket, f"{each}/", WORKING_RIGHTS) for each in ("input", "lightly")}
    dataset = stack.backstage.dataset(name, person, **grants)
    stack.backstage.grow(dataset, NAMES[:2], RUN, "a" * 24)
    stack.backstage.grow(dataset, NAMES[2:], LATER, "b" * 24)
    return dataset


def tags(page: Page) -> list[str]:
    return page.locator(".tags__name").all_inner_texts()


def test_a_dataset_without_samples_says_what_it_is_for(
    visit: Visit, stack: Stack, person: Person, axe: Axe, name: str
) -> None:
    page = visit(person).page
    page.goto(f"/datasets/{stack.backstage.dataset(name, person)}/")
    page.get_by_role("link", name="Samples").click()
    expect(page.get_by_role("main")).to_contain_text("A dataset holds what runs selected")
    expect_accessible(page, axe)


def test_from_the_tags_to_an_exported_file(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, name: str, tmp_path: Path
) -> None:
    visitor = visit(person)
    visitor.expected_statuses.add(422)  # a form that is wrong
    page = visitor.page
    page.goto(f"/datasets/{selected(cloud, stack, person, name)}/samples/")
    assert tags(page) == ["initial-tag", LATER, RUN]

    # Pictures come by themselves: from Lightly where a run left one, else from the file; and one says why not.
    page.get_by_role("link", name="initial-tag").click()
    expect(page.locator("img.picture")).to_have_count(4, timeout=CHECK_MS)
    expect(page.locator(".tile", has_text="street/4.jpg")).to_contain_text("not there any more", timeout=CHECK_MS)
    expect_accessible(page, axe)

    # The keyboard leads to one sample and on to the next.
    page.locator(".tile__link").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="street/1.jpg")).to_be_visible()
    expect(page.locator("img.picture--preview")).to_have_js_property("naturalWidth", 900, timeout=CHECK_MS)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="street/2.jpg")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(LATER)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="initial-tag")).to_be_visible()

    # The names as a file, and the line for a notebook.
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="File names One a line").click()
    download.value.save_as(tmp_path / "names.txt")
    assert (tmp_path / "names.txt").read_text() == "\n".join(NAMES)
    expect(page.locator("#code-snippet")).to_contain_text('export_filenames_by_tag_name("initial-tag")')


def test_tags_are_made_renamed_and_deleted(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, name: str
) -> None:
    visitor = visit(person)
    visitor.expected_statuses.add(422)
    page = visitor.page
    page.goto(f"/datasets/{selected(cloud, stack, person, name)}/samples/")

    page.get_by_role("link", name="From names").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("to label")
    dialog.get_by_label("Names of files").fill("street/0.jpg\nstreet/nothing.jpg")
    dialog.get_by_role("button", name="Create tag").click()
    expect(dialog).to_contain_text("1 of these names are no samples of this dataset: street/nothing.jpg")
    expect_accessible(page, axe)
    dialog.get_by_label("Names of files").fill("street/0.jpg\nstreet/3.jpg\n")
    dialog.get_by_role("button", name="Create tag").click()
    expect(page.get_by_role("heading", name="to label")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("2 samples")

    # What the second run has that this tag has not.
    page.get_by_role("link", name="Tags", exact=True).click()
    page.get_by_role("link", name="From two tags").click()
    dialog.get_by_label("First tag").select_option(label=f"{LATER} (3)")
    dialog.get_by_label("Second tag").select_option(label="to label (2)")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("rest")
    dialog.get_by_role("button", name="Create tag").click()
    expect(page.locator(".tile__name")).to_have_text(["street/2.jpg", "street/4.jpg"])

    # It is below the tag it was made from, which can't be deleted while it is there.
    page.get_by_role("link", name="Tags", exact=True).click()
    assert tags(page) == ["initial-tag", "to label", LATER, "rest", RUN]
    expect(page.get_by_role("link", name=f"Delete {LATER}")).to_have_count(0)
    page.get_by_role("link", name="Rename rest").click()
    dialog.get_by_role("textbox", name="Name", exact=True).fill("to label")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog).to_contain_text("has a tag named to label already")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("left over")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="left over")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Delete tag").click()
    expect(page).to_have_url(re.compile(r"/samples/$"))
    assert tags(page) == ["initial-tag", "to label", LATER, RUN]


def test_a_tag_from_what_a_filter_found(visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    page = visit(person).page
    page.goto(f"/datasets/{selected(cloud, stack, person, name)}/samples/")
    page.get_by_role("link", name=LATER, exact=True).click()
    page.get_by_placeholder("Part of the name").fill("3.JPG")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.locator(".tile__name")).to_have_text(["street/3.jpg"])
    page.get_by_role("link", name="New tag from these").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("The name contains")).to_have_value("3.JPG")
    dialog.get_by_role("textbox", name="Name", exact=True).fill("one of them")
    dialog.get_by_role("button", name="Create tag").click()
    expect(page.get_by_role("heading", name="one of them")).to_be_visible()
    expect(page.locator(".tile__name")).to_have_text(["street/3.jpg"])
