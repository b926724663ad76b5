"""Pasting with the keyboard: each value goes into its own field at once, secrets never into an address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

ANNOUNCED = "#announcer"


def paste(visitor: Visitor, field: Locator, text: str) -> None:
    """As people do: the text is in the clipboard, what stands in the field is selected."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    field.press("ControlOrMeta+A")
    field.press("ControlOrMeta+V")


@pytest.mark.parametrize("cloud", ["AZURE"], indirect=True)
def test_a_sas_url_fills_the_form_of_another_provider(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    config, page = reader(cloud, filled_bucket(cloud)), visitor.page
    stack.backstage.dataset(name, person)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto("/")
    settings = Settings(page).open(name)
    token = config["accountKey"].removeprefix("?")
    url = f"https://{config['accountName']}.blob.core.windows.net/{config['fullPath']}?{token}"
    paste(visitor, settings.field("Resource path"), f' "{url}"\n')
    expect(settings.field("Container and path")).to_have_value(config["fullPath"])
    expect(settings.field("Storage account")).to_have_value(config["accountName"])
    expect(settings.field("SAS token")).to_have_value(token)
    expect(settings.root.get_by_role("status").first).to_contain_text("provider was changed from AWS S3")
    expect(page.locator(ANNOUNCED)).to_contain_text("Filled in from a SAS URL")
    assert Axe().violations(page) == []
    # Nothing is saved yet, and it is not lost by accident.
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.get_by_role("button", name="Keep editing").click()
    settings.save.click()
    settings.expect_bulbs(list="granted", read="granted")
    assert [address for address in addresses if "sig=" in address or "sig%3D" in address] == []


def test_a_block_of_keys_fills_both_fields_and_what_is_typed_stays(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    config, page = reader(cloud, filled_bucket(cloud)), visitor.page
    dataset = stack.backstage.dataset(name, person)
    page.goto(f"/datasets/{dataset}/settings/input/")
    settings = Settings(page)
    region = settings.field("Region")
    region.fill(config["s3Region"])
    paste(visitor, settings.field("Resource path"), config["fullPath"])  # an ordinary value: nothing happens
    expect(settings.field("Resource path")).to_have_value(config["fullPath"])
    block = f"[default]\naws_access_key_id = {config['s3AccessKeyId']}\n"
    block += f"aws_secret_access_key = {config['s3SecretAccessKey']}\n"
    paste(visitor, settings.field("Secret access key"), block)
    expect(settings.field("Access key ID")).to_have_value(config["s3AccessKeyId"])
    expect(settings.field("Secret access key")).to_have_value(config["s3SecretAccessKey"])
    expect(settings.field("Secret access key")).to_be_focused()
    expect(region).to_have_value(config["s3Region"])
    settings.save.click()
    settings.expect_bulbs(list="granted", read="granted")


@pytest.mark.parametrize("cloud", ["AZURE"], indirect=True)
def test_the_guided_way_is_done_with_one_paste(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    config, page = reader(cloud, filled_bucket(cloud)), visitor.page
    dataset = stack.backstage.dataset(name, person)
    page.goto(f"/datasets/{dataset}/connect/input/")
    token, box = config["accountKey"].removeprefix("?"), page.get_by_label("Paste what you have")
    paste(visitor, box, "acme raw data")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("No storage is known for this.")).to_be_visible()
    expect(box).to_be_focused()
    expect_accessible(page, Axe())
    paste(visitor, box, f"https://{config['accountName']}.blob.core.windows.net/{config['fullPath']}?{token}")
    expect(page.get_by_label(re.compile("^Container and path"))).to_have_value(config["fullPath"])
    expect(page.get_by_label(re.compile("^Storage account"))).to_have_value(config["accountName"])
    expect(page.get_by_label(re.compile("^SAS token"))).to_have_value(token)
    page.get_by_role("button", name="Next: credentials").click()
    expect(page).to_have_url(re.compile(r"\?step=check$"))
    expect(page.get_by_role("heading", name="All green")).to_be_visible(timeout=20_000)
