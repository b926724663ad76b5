"""Storage of one's own, from the guided way to the bulbs: Ceph's RADOS gateway behind a certificate of its own."""

from __future__ import annotations

from playwright.sync_api import expect

from clouds import PROVIDERS
from tests.e2e.conftest import filled_bucket, reader
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.people import Wizard
from tests.e2e.support.settings import CHECK_MS, Settings
from tests.e2e.support.stack import Stack
from tests.servers import CephCloud, Cloud


def test_the_guided_way_to_a_store_of_ones_own(
    visitor: Visitor, stack: Stack, person: Person, clouds: dict[str, Cloud], name: str
) -> None:
    """First without the authority's certificate: the bulbs name the field, and with it they turn green."""
    cloud, page = clouds["S3Compatible"], visitor.page
    assert isinstance(cloud, CephCloud)
    dataset = stack.backstage.dataset(name, person)
    config = cloud.with_endpoint(reader(cloud, filled_bucket(cloud)), cloud.https_url)
    page.goto(f"/datasets/{dataset}/connect/input/")
    wizard = Wizard(page)
    wizard.choose(PROVIDERS["S3Compatible"].label)
    expect(wizard.field("Bucket in the address")).to_have_value("path")
    expect(wizard.field("CA certificate")).to_have_count(0)  # too long for an address: it is asked for with the secret
    wizard.field("Access key ID").fill(config["s3AccessKeyId"])
    page.locator(".kinds__label", has_text="MinIO").click()
    expect(page.locator("#code-access-text-mc")).to_contain_text(f"--user={config['s3AccessKeyId']}")
    wizard.name_it(config)
    wizard.enter(config)
    wizard.expect_step("Check access")
    expect(page.get_by_text("no trusted TLS connection").first).to_be_visible(timeout=CHECK_MS)

    page.get_by_role("link", name="Edit the settings").click()
    expect(wizard.field("Endpoint")).to_have_value(cloud.https_url)
    wizard.field("CA certificate").fill(cloud.authority_pem)
    page.get_by_role("button", name="Save and check").click()
    wizard.expect_green("Input")

    page.goto("/")
    settings = Settings(page).open(name)
    expect(settings.root.get_by_label("CA certificate")).to_have_value(cloud.authority_pem)
    settings.expect_bulbs(list="granted", read="granted")
