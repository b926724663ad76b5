"""Setting up access, and what a check says of single fields, while somebody types."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe, Visitor
from tests.e2e.support.settings import Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def test_the_setup_follows_the_path_and_stays_at_the_chosen_form(
    visitor: Visitor, stack: Stack, person: Person, name: str
) -> None:
    stack.backstage.dataset(name, person)
    page = visitor.page
    page.goto("/")
    settings = Settings(page).open(name)
    settings.root.get_by_text("First: grant access").click()
    access = settings.root.locator("#access")
    expect(access).to_contain_text("my-bucket/path/to/images/")
    access.get_by_role("radio", name="IAM policy").press("ArrowRight")  # radio buttons, with the keyboard
    expect(access.locator("pre:visible")).to_contain_text("aws iam create-user")
    settings.field("Resource path").press_sequentially("s3://acme/it's here")
    expect(access.locator("pre:visible")).to_contain_text("arn:aws:s3:::acme/it")
    expect(access.get_by_role("radio", name="AWS CLI")).to_be_checked()
    expect(settings.field("Resource path")).to_be_focused()
    settings.field("Secret access key").press_sequentially("not for the address bar")
    assert not [url for url in visitor.requests if "secret" in url]
    assert Axe().violations(page) == []


def test_a_check_marks_the_field_and_keeps_what_is_being_typed(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    wrong = cloud.with_wrong_secret(reader(cloud, filled_bucket(cloud)))
    stack.backstage.dataset(name, person, input=wrong)
    page = visitor.page
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="denied")
    settings.field("KMS key ARN").fill("half an")
    settings.root.get_by_role("button", name="Check again").click()
    secret = settings.field("Secret access key")
    expect(secret).to_have_accessible_description(re.compile("Last check: wrong secret access key"))
    settings.expect_bulbs(list="denied", read="denied")
    expect(settings.reason("List")).to_contain_text("Verify it yourself")
    expect(settings.field("KMS key ARN")).to_have_value("half an")
    assert Axe().violations(page) == []
