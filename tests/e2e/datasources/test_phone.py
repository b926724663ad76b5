"""The whole main job on a phone: 360 px wide, fingers, dark."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import PHONE, no_sideways_scrolling
from tests.e2e.support.looks import overlaps
from tests.e2e.support.settings import Settings
from tests.servers import Cloud


def test_main_job(visit: Visit, person: Person, cloud: Cloud, name: str) -> None:
    page = visit(person, viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark").page
    bucket = filled_bucket(cloud)
    page.goto("/")
    no_sideways_scrolling(page)
    page.get_by_role("link", name="New dataset").tap()
    page.get_by_label("Name").fill(name)
    no_sideways_scrolling(page)
    page.get_by_role("button", name="Create dataset").tap()

    settings = Settings(page)
    settings.expect_title(name)
    for tab, config in (("Input", reader(cloud, bucket)), ("Lightly", reader(cloud, bucket, "lightly/"))):
        settings.tab(tab).fill(config)
        no_sideways_scrolling(page)
        settings.save.tap()
        settings.expect_bulbs(list="granted", read="granted")
        no_sideways_scrolling(page)
    settings.expect_bulbs(write="denied", overwrite="denied")
    settings.reason("Write").scroll_into_view_if_needed()
    expect(settings.reason("Write")).to_be_in_viewport()
    for tab in ("Dataset", "Check history"):
        settings.tab(tab)
        no_sideways_scrolling(page)
    # The history is in cards: nothing of it, such as the bulbs that are red, lies to the right of the window.
    history = settings.root.get_by_role("region", name="Check history")
    assert history.evaluate("box => box.scrollWidth <= box.clientWidth")
    expect(history.get_by_role("button", name="Lightly Write: denied").first).to_be_visible()
    settings.close()

    row = page.get_by_role("article", name=name)
    no_sideways_scrolling(page)
    bulb = row.get_by_role("button", name="Lightly Write: denied")
    tip = page.locator(f"#{bulb.get_attribute('popovertarget')}")
    bulb.tap()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Likely cause")
    # A sheet from below, as wide as the window; the bulb stays in sight above it.
    tip.evaluate("tip => Promise.all(tip.getAnimations().map(animation => animation.finished))")
    box = tip.bounding_box()
    assert box
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, PHONE["width"], PHONE["height"])
    expect(bulb).to_be_in_viewport()
    assert not overlaps(tip, bulb)
    no_sideways_scrolling(page)
    tip.get_by_role("button", name="Close").tap()
    expect(tip).to_be_hidden()
    bulb.tap()
    expect(tip).to_be_visible()
    bulb.tap()
    expect(tip).to_be_hidden()
    bulb.tap()
    expect(tip).to_be_visible()
    page.get_by_role("heading", name="Datasets").tap()
    expect(tip).to_be_hidden()
