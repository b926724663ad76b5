"""A key was replaced in the cloud: it is entered once, and all datasources that had the old one are green again."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Visit, filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS, Row, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud


def test_it_is_entered_once(visit: Visit, stack: Stack, person: Person, cloud: Cloud, axe: Axe, name: str) -> None:
    bucket = filled_bucket(cloud)
    new = reader(cloud, bucket, "")
    old = cloud.with_unknown_key(new)
    first = stack.backstage.dataset(f"{name}-1", person, input=cloud.with_path(old, bucket, "input/"))
    second = stack.backstage.dataset(
        f"{name}-2", person, input=cloud.with_path(old, bucket, "lightly/"), lightly=cloud.with_path(old, bucket, "")
    )
    page = visit(person).page
    page.goto("/")
    settings = Settings(page).open(f"{name}-1")
    settings.expect_bulbs(list="denied", read="denied")
    note = settings.root.locator("#same-credentials")
    expect(note).to_contain_text("2 other datasources use the same credentials")
    expect(note).to_contain_text(f"{name}-2 (Input), {name}-2 (Lightly)")
    settings.field("Access key ID").fill(new["s3AccessKeyId"])
    settings.field("Secret access key").fill(new["s3SecretAccessKey"])
    box = settings.root.get_by_role("checkbox", name="Use the new credentials for 2 other datasources too")
    box.press("Space")
    expect(box).to_be_checked()
    expect_accessible(page, axe)
    settings.submit()
    expect(settings.root.get_by_text("2 other datasources have the new credentials")).to_be_visible()
    settings.expect_bulbs(list="granted", read="granted")
    expect(note).to_have_count(0)
    expect_accessible(page, axe)
    settings.close()
    # Without a reload: the rows of the others have followed.
    Row(page, first).expect_bulbs("input", list="granted", read="granted")
    Row(page, second).expect_bulbs("input", list="granted", read="granted")
    Row(page, second).expect_bulbs("lightly", list="granted", read="granted", write="denied")


def test_new_credentials_without_javascript(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    bucket = filled_bucket(cloud)
    new = reader(cloud, bucket, "")
    old = cloud.with_unknown_key(new)
    first = stack.backstage.dataset(f"{name}-1", person, input=cloud.with_path(old, bucket, "input/"))
    second = stack.backstage.dataset(f"{name}-2", person, input=cloud.with_path(old, bucket, "lightly/"))
    page = visit(person, java_script_enabled=False).page
    page.goto(f"/datasets/{first}/settings/input/")
    page.get_by_label("Access key ID").fill(new["s3AccessKeyId"])
    page.get_by_label("Secret access key").fill(new["s3SecretAccessKey"])
    page.get_by_label("Use the new credentials for 1 other datasource too").check()
    page.get_by_role("button", name="Save and check").click()
    expect(page.get_by_text("1 other datasource has the new credentials")).to_be_visible()
    assert stack.backstage.checks(second)[0]["revision"] == 2
    page.goto(f"/datasets/{second}/settings/input/")
    expect(page.get_by_label("Access key ID")).to_have_value(new["s3AccessKeyId"], timeout=CHECK_MS)
