"""Light and dark, on a desk and on a phone: how every page has to hold."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.e2e.browser import DESKTOP, PHONE, Axe, no_sideways_scrolling


def every_look(page: Page) -> Iterator[str]:
    before = page.viewport_size or DESKTOP
    page.emulate_media(reduced_motion="reduce")  # colours are measured, so none may be on its way to another
    for device, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            yield f"{scheme} on a {device}"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": before["width"], "height": before["height"]})


def expect_accessible(page: Page, axe: Axe) -> None:
    """axe-core finds nothing wrong with the page as it is now, in any look, and none has to be scrolled sideways."""
    wrong = {}
    for look in every_look(page):
        no_sideways_scrolling(page)
        if found := axe.violations(page):
            wrong[look] = found
    assert wrong == {}, f"{page.url}: {wrong}"
