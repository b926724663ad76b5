"""The main job for every provider: type credentials, save, watch the bulbs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.clouds import Cloud
from tests.e2e.backstage import Person
from tests.e2e.browser import Visitor
from tests.e2e.conftest import filled_bucket, reader, writer
from tests.e2e.settings import Row, Settings
from tests.e2e.stack import Stack

PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"]


@pytest.fixture(params=PROVIDERS)
def cloud(clouds: dict[str, Cloud], request: pytest.FixtureRequest) -> Cloud:
    return clouds[request.param]


def test_input_and_lightly_turn_green(
    visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    dataset = stack.backstage.dataset(name, person)
    bucket, page = filled_bucket(cloud), visitor.page
    page.goto("/")
    row = Row(page, dataset)
    row.expect_bulbs("input", list="not configured", read="not configured")

    settings = Settings(page).open(name)
    settings.expect_bulbs(list="not configured", read="not configured")
    settings.fill(reader(cloud, bucket)).save.click()
    settings.expect_bulbs(list="granted", read="granted")

    settings.tab("Lightly")
    settings.expect_bulbs(list="not configured", read="not configured", write="not configured")
    settings.fill(writer(cloud, bucket)).save.click()
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")

    # The home page underneath has followed without a reload.
    settings.close()
    row.expect_bulbs("input", list="granted", read="granted")
    row.expect_bulbs("lightly", list="granted", read="granted", write="granted", overwrite="granted")
    expect(row.root).to_contain_text("checked")
    assert visitor.requests.count("GET /") == 1
