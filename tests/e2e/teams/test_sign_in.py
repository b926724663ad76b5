"""Passkeys and the authenticator app in a real browser, whose virtual authenticator stands for a finger on a sensor."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.people import code_of_app
from tests.e2e.support.stack import Stack

PASSWORD = "a-long-enough-secret"
# Once there is an app and a passkey.
MANAGED = [
    "/accounts/2fa/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/keys/{key}/edit/",
    "/accounts/2fa/webauthn/keys/{key}/remove/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/webauthn/reauthenticate/",
    "/accounts/password/change/",
]
ON_THE_WAY = ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/authenticate/"]
SECOND_FACTOR = [path.format(key=1) for path in MANAGED] + ON_THE_WAY
"""All pages that the first test here looks at."""


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
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("#code-totp-secret").inner_text().strip()
    expect_accessible(page, axe)
    page.get_by_label("Authenticator code").fill(code_of_app(secret))
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
    page.get_by_role("link", name="Manage").click()
    rename = str(page.get_by_role("link", name="Rename My laptop").get_attribute("href"))
    for each in MANAGED:
        path = each.format(key=rename.split("/")[-3])
        page.goto(visitor.url + path)
        assert page.url == visitor.url + path
        expect_accessible(page, axe)

    page.goto(f"{visitor.url}/accounts/2fa/")
    sign_out(page)
    sign_in(page, person["email"])
    expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()
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
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_have_count(0)


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="account menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
