"""The page of one file in a real browser, with real workers and a real bucket: by keys alone, on a phone, dark."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from tests.contents.media.making import jpeg, rotated_jpeg, video
from tests.e2e.conftest import Visit, reader
from tests.e2e.contents.test_gallery import INDEX_MS, expect_pictures
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, no_sideways_scrolling
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, Cloud

PERSON = {"id": 1, "name": "person", "keypoint_names": ["head", "foot"], "keypoint_skeleton": [[0, 1]]}
TASKS = {
    "boxes": {"task_type": "object-detection", "categories": [{"id": 0, "name": "car"}, {"id": 1, "name": "bus"}]},
    "areas": {"task_type": "semantic-segmentation", "categories": [{"id": 0, "name": "road"}]},
    "people": {"task_type": "keypoint-detection", "categories": [PERSON]},
    "light": {"task_type": "classification", "categories": [{"id": 0, "name": "day"}, {"id": 1, "name": "night"}]},
}
# Of a picture of 64 x 48 pixels.
PREDICTIONS = {
    "boxes": [
        {"category_id": 0, "bbox": [0, 0, 32, 24], "score": 0.9},
        {"category_id": 1, "bbox": [40, 30, 10, 10], "score": 0.4},
    ],
    "areas": [{"category_id": 0, "segmentation": [64 * 40, 64 * 8], "score": 0.8}],
    "people": [{"category_id": 1, "keypoints": [10, 10, 1, 20, 30, 0.8], "score": 0.7}],
    "light": [{"category_id": 1, "probabilities": [0.25, 0.75]}],
}


def fill(cloud: Cloud) -> str:
    bucket = cloud.make_bucket()
    for name, data in (("0.jpg", jpeg()), ("1.jpg", rotated_jpeg(6)), ("2.jpg", jpeg()), ("clip.mp4", video())):
        cloud.put(bucket, f"input/{name}", data)
    predictions = "output/.lightly/predictions"
    cloud.put(bucket, f"{predictions}/tasks.json", json.dumps(list(TASKS)).encode())
    for task, schema in TASKS.items():
        cloud.put(bucket, f"{predictions}/{task}/schema.json", json.dumps(schema).encode())
        for stem in ("0", "1"):
            content = json.dumps({"predictions": PREDICTIONS[task]}).encode()
            cloud.put(bucket, f"{predictions}/{task}/{stem}.json", content)
    cloud.put(bucket, f"{predictions}/boxes/2.json", b'{\n  "predictions": [,]\n}')
    metadata = json.dumps({"type": "image", "metadata": {"weather": "wet"}}).encode()
    cloud.put(bucket, "output/.lightly/metadata/0.json", metadata)
    return bucket


def made(stack: Stack, person: Person, cloud: Cloud, name: str) -> str:
    bucket = fill(cloud)
    lightly = cloud.grant(bucket, "output/", WORKING_RIGHTS)
    return stack.backstage.dataset(name, person, input=reader(cloud, bucket), lightly=lightly)


def open_file(page: Page, dataset: str, name: str) -> None:
    page.goto(f"/datasets/{dataset}/contents/input/")
    page.get_by_role("link", name="Gallery").first.click(timeout=INDEX_MS)
    page.goto(f"/datasets/{dataset}/contents/input/file/?key={name}")


def shapes(page: Page) -> int:
    return page.locator(".viewer__sheet .shape:not([hidden])").count()


def place(page: Page, selector: str) -> dict[str, float]:
    """Of an element, as shares of the picture."""
    found: dict[str, float] = page.locator(selector).first.evaluate(
        """element => {
            const whole = element.closest(".viewer__sheet").querySelector("img").getBoundingClientRect()
            const box = element.getBoundingClientRect()
            const across = (number) => Math.round(number / whole.width * 100)
            const down = (number) => Math.round(number / whole.height * 100)
            return { left: across(box.left - whole.left), top: down(box.top - whole.top),
                     width: across(box.width), height: down(box.height) }
        }"""
    )
    return found


def near(found: dict[str, float], **expected: float) -> bool:
    return all(abs(found[name] - share) <= 4 for name, share in expected.items())


def test_predictions_over_the_picture(visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe) -> None:
    dataset = made(stack, person, cloud, "viewer-dataset")
    page = visit(person).page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_file(page, dataset, "0.jpg")
    expect(page.locator(".shape")).to_have_count(4, timeout=CHECK_MS)
    expect_pictures(page, 1)
    assert near(place(page, ".shape__line"), left=0, top=0, width=50, height=50)
    assert near(place(page, ".shape__area"), left=0, top=83, width=100, height=17)
    expect(page.locator(".shape__name").first).to_have_text("car 0.90")
    expect(page.locator("#predictions")).to_contain_text("night")
    expect(page.locator("#predictions")).to_contain_text("weather")
    expect_accessible(page, axe)

    # What is drawn: by task, by category, by score. It stays from file to file.
    page.get_by_label("bus").press("Space")
    assert shapes(page) == 3
    page.get_by_label("Lowest score").focus()
    page.keyboard.press("End")
    assert shapes(page) == 0
    page.keyboard.press("Home")
    page.locator("[data-show-task=people]").press("Space")
    assert shapes(page) == 2
    page.locator("body").press("ArrowRight")
    expect(page.get_by_role("heading", name="1.jpg")).to_be_visible()
    expect(page.locator(".shape")).to_have_count(4, timeout=CHECK_MS)
    assert shapes(page) == 2
    # Turned by EXIF: the upper left quarter of the stored pixels is now at the upper right.
    assert near(place(page, ".shape__line"), left=50, top=0, width=50, height=50)
    expect(page.locator("#predictions")).to_contain_text("turned by EXIF (6)")

    # Zoom and pan by keys: the shapes grow with the picture.
    before = page.locator("[data-sheet]").bounding_box()
    for _ in range(12):
        page.keyboard.press("+")
    after = page.locator("[data-sheet]").bounding_box()
    assert before
    assert after
    assert after["width"] > 3 * before["width"]
    assert near(place(page, ".shape__line"), left=50, top=0, width=50, height=50)
    at = page.evaluate("document.querySelector('[data-stage]').scrollTop")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-stage]")).not_to_have_js_property("scrollTop", at)
    page.keyboard.press("0")
    assert page.locator("[data-sheet]").bounding_box() == before
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")

    # Side by side, and the mistake in the third one.
    page.keyboard.press("s")
    expect(page.locator("figure.viewer__one")).to_have_count(3)
    expect_pictures(page, 3)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#predictions")).to_contain_text("line 2", timeout=CHECK_MS)
    expect(page).to_have_url(re.compile("beside=1"))
    expect_accessible(page, axe)
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/gallery/\?after=1\.jpg#tile-\d+$"))
    assert {url for url in asked if not url.startswith((stack.url, "data:"))} == set()


def test_a_video_comes_from_its_storage_alone(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, cloud_environment: dict[str, str]
) -> None:
    storage = cloud_environment["LIGHTLY_S3_ENDPOINT_URL"].rstrip("/")
    dataset = made(stack, person, cloud, "viewer-video")
    visitor = visit(person)
    visitor.media_host = storage
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_file(page, dataset, "clip.mp4")
    player = page.locator("video")
    expect(player).to_be_visible(timeout=CHECK_MS)
    expect(page.locator(".filmstrip__stills img")).to_have_count(8)
    expect(player).to_have_js_property("videoWidth", 160, timeout=CHECK_MS)
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert re.findall(r"media-src 'self' (\S+?)(?:;|$)", policy) == [storage]
    assert any(url.startswith(f"{storage}/") for url in asked)
    page.get_by_role("button", name="Play from 0:01.2").press("Enter")
    expect(player).not_to_have_js_property("currentTime", 0)
    expect_accessible(page, axe)


def test_on_a_phone_in_the_dark(visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe) -> None:
    dataset = made(stack, person, cloud, "viewer-phone")
    page = visit(person, viewport={"width": 360, "height": 640}, color_scheme="dark").page
    open_file(page, dataset, "0.jpg")
    expect(page.locator(".shape")).to_have_count(4, timeout=CHECK_MS)
    no_sideways_scrolling(page)
    expect_accessible(page, axe)
    page.get_by_role("button", name="Zoom in").click()
    no_sideways_scrolling(page)
    page.goto(f"{page.url}&beside=1")
    expect_pictures(page, 2)
    no_sideways_scrolling(page)


def test_one_click_from_the_home_page(visit: Visit, stack: Stack, person: Person, cloud: Cloud) -> None:
    dataset = made(stack, person, cloud, "viewer-home")
    page = visit(person).page
    open_file(page, dataset, "0.jpg")
    page.goto("/")
    cover = page.get_by_role("link", name="Gallery of viewer-home")
    expect(cover.locator("img")).to_have_count(4, timeout=CHECK_MS)
    cover.click()
    expect_pictures(page, 4)
