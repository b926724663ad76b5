"""A secret goes in and never comes out, and is never lost or aimed elsewhere on the way."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import every_provider, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import Settings, fields_of, secret_label
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


@pytest.mark.parametrize("cloud", ["S3", "GCS"], indirect=True)  # a password box and a text box
def test_edits_survive_a_mistake_beside_them(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    stack.backstage.dataset(name, person)
    page, config = visitor.page, reader(cloud, filled_bucket(cloud))
    path, *_ = fields_of(config)
    page.goto("/")
    settings = Settings(page).open(name).fill(config)
    settings.field(path).fill("..")
    settings.submit()
    settings.expect_error(path, "For example")
    expect(settings.field(path)).to_have_value("..")
    for label, value in fields_of(config).items():
        if label != path:
            expect(settings.field(label)).to_have_value(value)
    # Only what was wrong has to be typed again.
    settings.field(path).fill(config["fullPath"])
    settings.submit()
    settings.expect_bulbs(list="granted", read="granted")


@every_provider
def test_left_empty_it_is_kept_but_never_aimed_elsewhere(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    page, config = visitor.page, reader(cloud, filled_bucket(cloud), "")
    stack.backstage.dataset(name, person, input=config)
    path, *others = fields_of(config)
    secret = secret_label(cloud.provider)
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="granted", read="granted")

    # Another directory of the same bucket: kept.
    settings.field(path).fill(config["fullPath"] + "input/")
    settings.submit()
    expect(settings.status).to_contain_text("Last check")
    settings.expect_bulbs(list="granted", read="granted")
    expect(settings.field(path)).to_have_value(config["fullPath"] + "input/")
    if not secret:
        return  # an external ID is no secret to AWS; it is shown

    elsewhere = cloud.with_path(config, cloud.make_bucket(), "")["fullPath"]
    changes = {path: elsewhere}
    bound = {"S3": "Access key ID", "AZURE": "Storage account", "OBS": "Endpoint", "S3Compatible": "Endpoint"}
    if label := bound.get(cloud.provider):
        assert label in others
        changes[label] = {"Access key ID": "AKIAELSEWHERE", "Storage account": "elsewhere"}.get(
            label, "https://obs.example.com"
        )
    for label, value in changes.items():
        before = settings.field(label).input_value()
        settings.field(label).fill(value)
        settings.submit()
        settings.expect_error(secret, "enter the secret again for the new target")
        settings.field(label).fill(before)
        expect(settings.bulb("List")).to_have_text("granted")
    settings.submit()
    expect(settings.root.locator(".field__error")).to_have_count(0)
    settings.expect_bulbs(list="granted", read="granted")


def test_copy_from_the_other_datasource(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    bucket, page = filled_bucket(cloud), visitor.page
    stack.backstage.dataset(name, person, input=writer(cloud, bucket, ""))
    page.goto("/")
    settings = Settings(page).open(name).tab("Lightly")
    copy = settings.root.get_by_role("link", name="Copy from the Input datasource")
    copy.click()
    expect(settings.root).to_contain_text("taken over from Input")
    expect(settings.root).to_contain_text("Taken over from Input. Leave empty to use it.")
    expect(settings.field("Resource path")).to_have_value(f"s3://{bucket}/lightly/")

    # The bucket is another one now, so the secret is wanted again.
    settings.field("Resource path").fill(f"s3://{filled_bucket(cloud)}/")
    settings.submit()
    settings.expect_error("Secret access key", "Bucket changed")
    settings.expect_bulbs(list="not configured")

    settings.field("Resource path").fill(f"s3://{bucket}/lightly/")
    settings.submit()
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")
    expect(settings.field("Secret access key")).to_have_value("")
    expect(settings.field("Resource path")).to_have_value(f"s3://{bucket}/lightly/")


def test_another_provider_redraws_the_form_and_says_whose_bulbs_are_shown(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    page = visitor.page
    stack.backstage.dataset(name, person, input=reader(cloud, filled_bucket(cloud)))
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="granted", read="granted")
    for what in ("#settings-tabs", "#dialog-title", ".settings__foot"):
        page.locator(what).evaluate("element => { element.sameAsBefore = true }")
    settings.choose("AZURE")
    expect(settings.field("SAS token")).to_be_visible()
    expect(settings.field("Secret access key")).to_have_count(0)
    expect(settings.field("SAS token")).to_have_value("")
    expect(page.locator("#permissions")).to_contain_text("Saved settings: ")
    for what in ("#settings-tabs", "#dialog-title", ".settings__foot"):
        assert page.locator(what).evaluate("element => element.sameAsBefore")
    expect(settings.root.get_by_text("Stored encrypted. Leave empty to keep it.")).to_have_count(0)
    settings.choose("S3")
    expect(settings.root.get_by_text("Stored encrypted. Leave empty to keep it.")).to_be_visible()
    expect(page.locator("#permissions")).not_to_contain_text("Saved settings: ")
