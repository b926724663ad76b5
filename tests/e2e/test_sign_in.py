"""Passkeys and the authenticator app in a real browser, whose virtual authenticator stands for a finger on a sensor."""

from __future__ import annotations

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page, expect

from tests.e2e.browser import Axe
from tests.e2e.conftest import Visit
from tests.e2e.looks import expect_accessible
from tests.e2e.stack import Stack

PASSWORD = "a-long-enough-secret"


def test_app_and_passkey(visit: Visit, stack: Stack, name: str, axe: Axe) -> None:
    person = stack.backstage.person(name, password=PASSWORD)
    # An address of numbers can't own a passkey.
    there = visit().page
    there.goto("/accounts/login/")
    expect(there.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()

    visitor = visit()
    visitor.url = visitor.url.replace("127.0.0.1", "localhost")
    page = visitor.page
    give_authenticator(page)
    page.goto(f"{visitor.url}/accounts/login/")
    sign_in(page, person["email"])
    page.goto(f"{visitor.url}/accounts/2fa/")

    page.get_by_role("link", name="Set up the app").click()
    # Whoever finds an unlocked screen shall not add a key of their own.
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("#code-totp-secret").inner_text().strip()
    expect_accessible(page, axe)
    _, now, _ = yield_hotp_counters_from_time()  # the one before may end at any moment
    page.get_by_label("Authenticator code").fill(format_hotp_value(hotp_value(secret, now)))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator("#code-recovery")).to_have_text(re.compile(r"(\d{8}\s+){9}\d{8}"))
    expect_accessible(page, axe)

    page.goto(f"{visitor.url}/accounts/2fa/webauthn/add/")
    expect_accessible(page, axe)
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("My laptop").first).to_be_visible()
    page.goto(f"{visitor.url}/accounts/2fa/")
    expect(page.get_by_role("listitem").filter(has_text="My laptop")).to_be_visible()
    expect_accessible(page, axe)

    sign_out(page)
    sign_in(page, person["email"])
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    expect_accessible(page, axe)
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Create your first dataset")).to_be_visible()


def give_authenticator(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_have_count(0)


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
