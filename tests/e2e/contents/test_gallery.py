"""The gallery in a real browser, with real workers and a real bucket: pictures, keys, reasons."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.contents.media.making import jpeg, video
from tests.e2e.conftest import Visit, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, no_sideways_scrolling
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

# A check, three stages of an index, and the page's own pace, on a loaded machine.
INDEX_MS = 90_000
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def fill(cloud: Cloud) -> str:
    bucket = cloud.make_bucket()
    for number in range(8):
        cloud.put(bucket, f"input/street/{number}.jpg", jpeg((900, 600)))
    cloud.put(bucket, "input/street/clip.mp4", video())
    cloud.put(bucket, "input/svg.jpg", SVG)
    cloud.put(bucket, "input/twin.jpg", jpeg((300, 700)))
    return bucket


def open_gallery(page: Page, dataset: str) -> None:
    """The index begins by itself after the first green check, and its page comes to show it."""
    page.goto(f"/datasets/{dataset}/contents/input/")
    page.get_by_role("link", name="Gallery").click(timeout=INDEX_MS)


def expect_pictures(page: Page, count: int) -> None:
    """Those that are seen: others may be on their way for the next page."""
    pictures = page.locator("img.picture:not([data-preload] *)")
    expect(pictures).to_have_count(count, timeout=CHECK_MS)
    for picture in pictures.all():
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("image => image.naturalWidth") > 0


def focused_name(page: Page) -> str:
    return str(page.evaluate("document.activeElement.querySelector('.tile__name')?.textContent ?? ''"))


def test_from_the_contents_to_one_file(visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe) -> None:
    dataset = stack.backstage.dataset("gallery-dataset", person, input=reader(cloud, fill(cloud)))
    page = visit(person).page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_gallery(page, dataset)

    # One click, and there they are; what is no image says so, and is not shown.
    expect_pictures(page, 10)
    refused = page.locator(".tile", has_text="svg.jpg")
    expect(refused).to_contain_text("It is no image or video that can be shown")
    expect(page.locator(".tile", has_text="clip.mp4")).to_contain_text("Video")
    expect_accessible(page, axe)

    # The keyboard alone.
    page.locator(".tile__link").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused_name(page) == "street/1.jpg"
    page.keyboard.press("End")
    assert focused_name(page) == "twin.jpg"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert focused_name(page) not in {"", "street/0.jpg"}
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"/file/\?key=street%2F0\.jpg$"))
    expect_pictures(page, 1)
    assert page.locator("[data-sheet] img").evaluate("image => image.naturalWidth") == 900
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="street/1.jpg")).to_be_visible()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="street/0.jpg")).to_be_visible()
    expect_pictures(page, 1)
    expect_accessible(page, axe)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/gallery/\?#tile-\d+$"))
    assert focused_name(page) == "street/0.jpg"

    # Nothing but our own origin was asked for anything.
    assert {url for url in asked if not url.startswith(stack.url)} == set()


def test_on_a_phone_and_what_is_in_view(visit: Visit, stack: Stack, person: Person, cloud: Cloud) -> None:
    """Only what is scrolled into view is asked for."""
    bucket = cloud.make_bucket()
    for number in range(40):
        cloud.put(bucket, f"input/{number:02}.jpg", jpeg())
    dataset = stack.backstage.dataset("gallery-phone", person, input=reader(cloud, bucket))
    page = visit(person, viewport={"width": 360, "height": 640}).page
    open_gallery(page, dataset)
    first = page.locator(".tile").first
    expect(first.locator("img.picture")).to_be_visible(timeout=CHECK_MS)
    no_sideways_scrolling(page)
    last = page.locator(".tile").last
    assert last.locator("img.picture").count() == 0
    last.scroll_into_view_if_needed()
    expect(last.locator("img.picture")).to_be_visible(timeout=CHECK_MS)
