"""Light and dark, on a desk and on a phone: how every page has to hold."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.e2e.support.browser import DESKTOP, PHONE, Axe, no_sideways_scrolling

# Of the four looks, three, and one of them for its colours alone, as axe takes its time. In our style sheets colours
# depend on the scheme and never on the width, and places on the width and never on the scheme: all is seen on a desk
# in light, where nothing is left out; dark changes nothing there but the colours; the phone is seen in the scheme in
# which it was not tried yet.
LOOKS = (("light", DESKTOP, None), ("dark", DESKTOP, "color-contrast"), ("dark", PHONE, None))


def expect_accessible(page: Page, axe: Axe) -> None:
    """axe-core finds nothing wrong with the page as it is now, in any look, and none has to be scrolled sideways."""
    before = page.viewport_size or DESKTOP
    page.emulate_media(reduced_motion="reduce")  # colours are measured, so none may be on its way to another
    wrong = {}
    for scheme, size, rule in LOOKS:
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        no_sideways_scrolling(page)
        if found := axe.violations(page, only=rule):
            wrong[f"{scheme}, {size['width']} px"] = found
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": before["width"], "height": before["height"]})
    assert wrong == {}, f"{page.url}: {wrong}"


def overlaps(one: Locator, other: Locator) -> bool:
    """Whether two visible elements cover a common part of the window."""
    a, b = one.bounding_box(), other.bounding_box()
    assert a, one
    assert b, other
    beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
    return not (beside or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"])
