"""A token for a script, and the code to use it with, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit, filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

TOKEN = re.compile("lp_[A-Za-z0-9_-]{43}")


def create_token(page: Page, name: str) -> str:
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create token").click()
    shown = page.locator("#code-new-token")
    expect(shown).to_have_text(TOKEN)
    return shown.inner_text().strip()


def test_a_token_is_shown_once_works_and_is_revoked(visitor: Visitor, axe: Axe) -> None:
    page = visitor.page
    visitor.expected_statuses |= {401, 422}
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="API").click()
    expect(page.get_by_text("You have none.")).to_be_visible()
    page.get_by_label("Expires").select_option(label="on a chosen date")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator(".field__error")).to_have_count(2)
    expect_accessible(page, axe)
    page.get_by_label("Expires").select_option(label="never")
    expect(page.get_by_label("Last day")).to_be_hidden()

    token = create_token(page, "training-server")
    expect(page.get_by_role("heading", name="Your new token: training-server")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("training-server is created. Copy the token now.")
    assert token not in page.url
    expect_accessible(page, axe)
    assert page.request.get("/v1/datasets", params={"token": token}).status == 200

    page.reload()
    expect(page.get_by_role("row", name="training-server")).to_be_visible()
    assert token not in page.content()
    page.get_by_role("link", name="Revoke training-server").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Revoke training-server?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Revoke training-server").click()
    dialog.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("training-server is revoked")).to_be_visible()
    assert page.request.get("/v1/datasets", params={"token": token}).status == 401
    expect(page.get_by_text("1 that expired or was revoked")).to_be_visible()


def test_it_works_without_javascript(visit: Visit, person: Person, stack: Stack, name: str) -> None:
    dataset = stack.backstage.dataset(name, person)
    window = visit(person, java_script_enabled=False)
    page = window.page
    page.goto("/tokens/")
    token = create_token(page, "training-server")
    assert token not in page.url
    page.goto("/tokens/")
    assert token not in page.content()
    page.get_by_role("link", name="Revoke training-server").click()
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("training-server is revoked")).to_be_visible()
    page.get_by_role("link", name="Python client").click()
    page.get_by_label("Client version").select_option("1.3.3")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#code-environment")).to_contain_text("lightly==1.3.3")
    expect(page.locator("#code-reuse")).to_contain_text(dataset)


def test_the_code_follows_the_choices(visitor: Visitor, person: Person, stack: Stack, name: str, axe: Axe) -> None:
    page = visitor.page
    older = stack.backstage.dataset(f"{name}-older", person)
    newer = stack.backstage.dataset(f"{name}-newer", person)
    page.goto("/tokens/")
    page.get_by_role("link", name="Python client").click()
    expect(page.locator("#code-environment")).to_contain_text(f"LIGHTLY_SERVER_LOCATION={stack.url}")
    expect(page.locator("#code-reuse")).to_contain_text(newer)
    page.get_by_label("Client version").select_option("1.4.5")
    expect(page.locator("#code-verify")).to_contain_text("permissions.can_list")
    page.get_by_label("Storage").select_option("GCS")
    expect(page.locator("#code-configure")).to_contain_text("set_gcs_config")
    page.get_by_label("Dataset", exact=True).focus()
    page.get_by_label("Dataset", exact=True).select_option(older)
    expect(page.locator("#code-reuse")).to_contain_text(older)
    expect(page.get_by_label("Dataset", exact=True)).to_be_focused()
    page.reload()
    expect(page.locator("#code-configure")).to_contain_text("set_gcs_config")
    expect(page.locator("#code-reuse")).to_contain_text(older)
    expect_accessible(page, axe)


def test_the_settings_say_the_same_in_python(
    visitor: Visitor, person: Person, stack: Stack, cloud: Cloud, name: str, axe: Axe
) -> None:
    page = visitor.page
    config = reader(cloud, filled_bucket(cloud))
    dataset = stack.backstage.dataset(name, person, input=config)
    page.goto("/")
    settings = Settings(page).open(name)
    settings.root.get_by_text("Python code", exact=True).first.click()
    code = settings.root.locator("#code-python")
    expect(code).to_contain_text(f"ApiWorkflowClient(dataset_id='{dataset}')")
    expect(code).to_contain_text(repr(config["fullPath"]))
    assert config["s3SecretAccessKey"] not in page.content()
    expect_accessible(page, axe)
    settings.tab("Lightly")
    expect(settings.root.get_by_text("Python code")).to_have_count(0)
