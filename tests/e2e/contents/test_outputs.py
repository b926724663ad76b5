"""Thumbnails and frames in a real browser, with real workers and a real bucket: asked, watched, listed, looked at."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.contents.media.making import jpeg, video
from tests.e2e.conftest import Visit, reader, writer
from tests.e2e.contents.test_gallery import INDEX_MS, open_gallery
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def test_thumbnails_and_frames(visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe) -> None:
    bucket = cloud.make_bucket()
    for number in range(6):
        cloud.put(bucket, f"input/street/{number}.jpg", jpeg((900, 600)))
    cloud.put(bucket, "input/street/clip.mpg", video("mpeg", "mpeg2video", frames=30))  # no browser plays it
    cloud.put(bucket, "input/page.jpg", b"<!doctype html><title>403</title>")
    dataset = stack.backstage.dataset(
        "written-dataset", person, input=reader(cloud, bucket), lightly=writer(cloud, bucket)
    )
    page = visit(person).page
    open_gallery(page, dataset)
    page.goto(f"/datasets/{dataset}/contents/lightly/outputs/")

    # It says first what it costs, and then what has become of each file.
    page.get_by_role("link", name="Write thumbnails of all 8 files").click(timeout=INDEX_MS)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("8 images and videos are read")
    dialog.get_by_role("button", name="Write them").click()
    thumbnails = page.locator("#thumbnails")
    expect(thumbnails.get_by_role("link", name="Done")).to_be_visible(timeout=CHECK_MS)
    expect(thumbnails).to_contain_text("It is no image or video that can be shown")
    expect(thumbnails.get_by_role("row").filter(has_text="page.jpg")).to_be_visible()

    # Frames, by the keyboard alone.
    page.get_by_label("Every n-th frame").fill("10")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Write these frames?")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_role("button", name="Write them").focus()
    page.keyboard.press("Enter")
    frames = page.locator("#frames")
    expect(frames.get_by_role("link", name="List of the 3 frames")).to_be_visible(timeout=CHECK_MS)
    expect_accessible(page, axe)
    frames.get_by_role("link", name="List of the 3 frames").click()
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.get_by_text("street/clip-20-mpg.png")).to_be_visible()
    expect_accessible(page, axe)

    # Any one of them on the page of its video.
    page.goto(f"/datasets/{dataset}/contents/input/file/?key=street%2Fclip.mpg")
    field = page.get_by_label("Frame number, from 0")
    field.fill("17", timeout=CHECK_MS)
    field.press("Enter")
    picture = page.locator("#frame img")
    expect(picture).to_be_visible(timeout=CHECK_MS)
    expect(picture).to_have_js_property("naturalWidth", 160)
    expect(page.locator("#frame")).to_contain_text("street/clip-17-mpg.png")
    assert re.search(r"/frame/\d+/17/$", picture.get_attribute("src") or "")
