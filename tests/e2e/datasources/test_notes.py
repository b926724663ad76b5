"""What stands beside the bulbs: whether browsers may load, when a credential ends, the team's external ID."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS, Row, Settings
from tests.e2e.support.stack import Stack
from tests.servers import AzureCloud, Cloud, S3Cloud


def test_the_pasted_document_turns_the_cors_note_good(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str, axe: Axe
) -> None:
    assert isinstance(cloud, S3Cloud)
    page, bucket = visitor.page, filled_bucket(cloud)
    stack.backstage.dataset(name, person)
    page.goto("/")
    settings = Settings(page).open(name)
    settings.fill(reader(cloud, bucket)).submit()
    settings.expect_bulbs(list="granted", read="granted")
    note = settings.root.get_by_role("region", name="In the browser")
    expect(note).to_contain_text("Browser access (CORS): not allowed", timeout=CHECK_MS)
    note.get_by_text("Do I need this").click()
    document = note.get_by_role("group", name="CORS rules (JSON)").inner_text()
    assert json.loads(document)[0]["AllowedOrigins"] == [page.evaluate("location.origin")]
    expect_accessible(page, axe)
    cloud.set_cors(bucket, json.loads(document))
    settings.root.get_by_role("button", name="Check again").click()
    expect(note).to_contain_text("Browser access (CORS): allowed", timeout=CHECK_MS)
    settings.expect_bulbs(list="granted", read="granted")
    expect(note.get_by_role("group")).to_have_count(0)


def test_a_token_that_ends_soon_is_saved_and_said(
    visitor: Visitor, stack: Stack, person: Person, clouds: dict[str, Cloud], name: str, axe: Axe
) -> None:
    cloud, page = clouds["AZURE"], visitor.page
    assert isinstance(cloud, AzureCloud)
    bucket, dataset = filled_bucket(cloud), stack.backstage.dataset(name, person)

    def token(left: timedelta) -> dict[str, str]:
        return cloud.config(bucket, "input/", cloud.container_sas(bucket, "rl", expiry=datetime.now(UTC) + left))

    page.goto("/")
    settings = Settings(page).open(name)
    settings.fill(token(timedelta(days=-2))).submit()
    settings.expect_error("SAS token", "This token ended on")
    settings.fill(token(timedelta(hours=5, minutes=10))).submit()
    settings.expect_bulbs(list="granted", read="granted")
    expect(settings.root).to_contain_text("SAS token expires in 5 hours")
    expect(settings.root.locator(".field__warning")).to_contain_text("Make one that lasts longer")
    expect_accessible(page, axe)
    settings.close()
    row = Row(page, dataset)
    expect(row.root).to_contain_text("Input: SAS token expires in 5 hours")
    expect_accessible(page, axe)


def test_the_teams_external_id_is_there_to_copy(
    visitor: Visitor, stack: Stack, person: Person, name: str, axe: Axe
) -> None:
    page = visitor.page
    stack.backstage.dataset(name, person)
    page.goto("/")
    settings = Settings(page).open(name).choose("S3DelegatedAccess")
    own = settings.field("External ID").input_value()
    assert own.startswith("lightly-")
    expect(settings.root.locator("#code-external-id")).to_have_text(own)
    settings.root.get_by_role("button", name="Copy your team's external ID").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    settings.root.get_by_text("Why an external ID?").click()
    expect(settings.root.get_by_role("link", name="AWS on the confused deputy")).to_be_visible()
    expect_accessible(page, axe)
