"""What people do in more than one story: sign in with a second factor, be led to a datasource."""

from __future__ import annotations

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Locator, Page, expect

from tests.e2e.support.settings import CHECK_MS, fields_of
from tests.servers import Config


def code_of_app(secret: str) -> str:
    """What an authenticator app with this secret shows now."""
    _, now, _ = yield_hotp_counters_from_time()  # the one before may end at any moment
    return str(format_hotp_value(hotp_value(secret, now)))


def set_up_app(page: Page, password: str) -> str:
    """From the page of sign-in and security to a working authenticator app. Answers its secret."""
    page.get_by_role("link", name="Set up the app").click()
    # Whoever finds an unlocked screen shall not add a key of their own.
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("#code-totp-secret").inner_text().strip()
    page.get_by_label("Authenticator code").fill(code_of_app(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return secret


def dismiss_dialog(page: Page, fetched_anew: str) -> None:
    """With Escape. The part underneath that is then fetched anew is there, and htmx has made its links its own."""
    page.locator(fetched_anew).evaluate("part => part.setAttribute('data-before', '')")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(f"{fetched_anew}:not([data-before], .htmx-added)")).to_be_visible()


class Wizard:
    """The guided way to a datasource, one question a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def expect_step(self, title: str) -> None:
        steps = self.page.get_by_role("navigation", name="Steps")
        expect(steps.locator("[aria-current=step]")).to_contain_text(title)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$"))

    def choose(self, provider: str) -> None:
        self.expect_step("Choose the storage")
        self.page.get_by_role("link", name=provider, exact=True).click()

    def name_it(self, config: Config) -> None:
        """All that is no secret; the secret is asked for on the next page."""
        self.expect_step("Grant access")
        for label, value in fields_of(config).items():
            field = self.field(label)
            if field.count():
                field.fill(value)
        self.page.get_by_role("button", name="Next: credentials").click()

    def enter(self, config: Config) -> None:
        """What was typed before is there; the rest is filled in."""
        self.expect_step("Enter credentials")
        for label, value in fields_of(config).items():
            field = self.field(label)
            if not field.input_value():
                field.fill(value)
        self.page.get_by_role("button", name="Save and check").click()

    def expect_green(self, purpose: str) -> None:
        self.expect_step("Check access")
        expect(self.page.get_by_role("heading", name=f"All green. {purpose} is connected.")).to_be_visible(
            timeout=CHECK_MS
        )
