"""Somebody's first minute: from the empty home to six green bulbs, by pasting what they were given."""

from __future__ import annotations

import logging
import time

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import filled_bucket
from tests.e2e.datasources.test_pasting import paste
from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import CHECK_MS, Settings
from tests.servers import WORKING_RIGHTS, Cloud

MOST_CLICKS = 6
log = logging.getLogger(__name__)


def test_six_green_bulbs(visitor: Visitor, cloud: Cloud, name: str) -> None:
    page, bucket = visitor.page, filled_bucket(cloud)
    keys = cloud.grant(bucket, "", WORKING_RIGHTS)
    clicks: list[str] = []

    def click(target: Locator) -> None:
        clicks.append(target.inner_text())
        target.click()

    numbers, settings = page.get_by_role("navigation", name="Show"), Settings(page)
    done = page.locator(".first-step--done")
    page.goto("/")
    started = time.monotonic()
    click(page.get_by_role("link", name="New dataset"))
    page.get_by_label("Name").fill(name)
    click(page.get_by_role("button", name="Create dataset"))
    settings.expect_title(name)
    page.evaluate("window.isTheSame = true")

    expect(settings.field("Resource path")).to_be_focused()
    paste(visitor, settings.field("Resource path"), f"https://{bucket}.s3.{keys['s3Region']}.amazonaws.com/input/")
    expect(settings.field("Region")).to_have_value(keys["s3Region"])
    block = f"aws_access_key_id = {keys['s3AccessKeyId']}\naws_secret_access_key = {keys['s3SecretAccessKey']}"
    paste(visitor, settings.field("Access key ID"), block)
    expect(settings.field("Access key ID")).to_have_value(keys["s3AccessKeyId"])
    click(settings.save)
    settings.expect_bulbs(list="granted", read="granted")
    expect(numbers).to_contain_text("1 dataset")
    expect(numbers).to_contain_text("0 ready")
    expect(done).to_have_count(2)

    click(settings.root.get_by_role("link", name="Next: Lightly storage"))
    click(settings.root.get_by_role("link", name="Copy from the Input datasource"))
    expect(settings.field("Resource path")).to_have_value(f"s3://{bucket}/lightly/")
    click(settings.save)
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")
    row = page.get_by_role("article")
    expect(row.locator(".bulb--granted")).to_have_count(6, timeout=CHECK_MS)
    log.info("six green bulbs after %d clicks and %.1f s", len(clicks), time.monotonic() - started)
    assert len(clicks) <= MOST_CLICKS, clicks

    # What stands around them followed, without a reload.
    expect(numbers).to_contain_text("1 ready")
    expect(numbers).to_contain_text("0 need attention")
    expect(done).to_have_count(3)
    expect(page).to_have_title("✓ Datasets · Lightly Platform")
    expect(page.locator("#bell .badge")).to_have_count(0)
    settings.close()
    expect(row.locator(".bulb--granted")).to_have_count(6)
    assert page.evaluate("window.isTheSame") is True
