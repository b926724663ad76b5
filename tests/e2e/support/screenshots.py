"""Pictures of the demo for README and for a look: `python -m tests.e2e.support.screenshots OUTPUT_DIR`.

Starts what `make demo` starts, waits until its checks are done, signs in with what it prints, and leaves
`{home,settings}-{light,dark}[-phone].png` in the directory.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.support.browser import DESKTOP, PHONE, chromium
from tests.e2e.support.settings import CHECK_MS, Settings
from tests.e2e.support.stack import Stack

# The one with the most to tell: some bulbs green, some red.
SHOWN = "forklift-cams"


def take(output: Path) -> list[Path]:
    output.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(Path(directory), {}) as demo,
        sync_playwright() as playwright,
    ):
        demo.run("demo")
        browser = playwright.chromium.launch(executable_path=chromium())
        for suffix, size in (("", DESKTOP), ("-phone", PHONE)):
            for scheme in ("light", "dark"):
                page = _signed_in(browser, demo, size, scheme)
                home = output / f"home-{scheme}{suffix}.png"
                page.screenshot(path=home)
                Settings(page).open(SHOWN).tab("Lightly").expect_bulbs(list="granted", write="denied")
                page.mouse.move(0, 0)
                settings = output / f"settings-{scheme}{suffix}.png"
                page.screenshot(path=settings)
                taken += [home, settings]
                page.context.close()
        browser.close()
    return taken


def _signed_in(browser: Browser, demo: Stack, size: dict[str, int], scheme: Literal["light", "dark"] | str) -> Page:
    phone = size == PHONE
    # Sharp on today's screens, and nothing moves.
    context = browser.new_context(
        base_url=demo.url,
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if phone else 1,
        has_touch=phone,
        reduced_motion="reduce",
    )
    email, password = re.findall(r"^  (?:E-mail|Password)\s+(\S+)$", demo.log("demo"), re.MULTILINE)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Datasets")).to_be_visible()
    expect(page.locator(".bulb--checking")).to_have_count(0, timeout=CHECK_MS)
    return page


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Usage: python -m tests.e2e.support.screenshots OUTPUT_DIR")
    for path in take(Path(sys.argv[1])):
        print(path)  # noqa: T201
