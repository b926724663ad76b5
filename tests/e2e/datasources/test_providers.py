"""The main job for every provider: type credentials, save, watch the bulbs."""

from __future__ import annotations

from playwright.sync_api import expect

from clouds import PROVIDERS
from tests.e2e.conftest import every_provider, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.looks import overlaps
from tests.e2e.support.settings import CHECK_MS, Row, Settings, fields_of
from tests.e2e.support.stack import Stack
from tests.servers import Cloud
from tests.servers.faults import silent, slow
from tests.servers.process import eventually


@every_provider
def test_input_and_lightly_turn_green(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    dataset = stack.backstage.dataset(name, person)
    bucket, page = filled_bucket(cloud), visitor.page
    page.goto("/")
    row = Row(page, dataset)
    row.expect_bulbs("input", list="not configured", read="not configured")

    settings = Settings(page).open(name)
    settings.expect_bulbs(list="not configured", read="not configured")
    settings.fill(reader(cloud, bucket)).submit()
    settings.expect_bulbs(list="granted", read="granted")

    settings.tab("Lightly")
    settings.expect_bulbs(list="not configured", read="not configured", write="not configured")
    settings.fill(writer(cloud, bucket)).submit()
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")

    # The home page underneath has followed without a reload.
    settings.close()
    row.expect_bulbs("input", list="granted", read="granted")
    row.expect_bulbs("lightly", list="granted", read="granted", write="granted", overwrite="granted")
    expect(row.root).to_contain_text("checked")
    expect(row.root).to_contain_text(PROVIDERS[cloud.provider].short)
    assert visitor.requests.count("GET /") == 1


@every_provider
def test_red_says_why(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    """Wrong secret on the Input side; on the Lightly side a credential that may only read."""
    bucket, page = filled_bucket(cloud), visitor.page
    dataset = stack.backstage.dataset(name, person, input=cloud.with_wrong_secret(reader(cloud, bucket)))
    page.goto("/")
    row = Row(page, dataset)
    row.expect_bulbs("input", list="denied", read="denied")

    settings = Settings(page).open(name)
    expect(settings.reason("List")).to_contain_text("Likely cause")
    settings.tab("Lightly").fill(reader(cloud, bucket, "lightly/")).submit()
    settings.expect_bulbs(list="granted", read="granted", write="denied", overwrite="denied")
    expect(settings.reason("Write")).to_contain_text("What the cloud said")
    expect(settings.reason("Overwrite")).to_contain_text("not tested: needs Write")
    settings.close()
    row.expect_bulbs("lightly", list="granted", read="granted", write="denied", overwrite="denied")

    tip = row.tip("lightly", "write")
    expect(tip).to_be_hidden()
    row.bulb("lightly", "write").hover()
    for words in ("Write: denied", "Likely cause", "Fix", "How to fix it"):
        expect(tip).to_contain_text(words)
    expect(tip).to_be_visible()
    for bulbs in row.root.locator(".bulbs").all():
        assert not overlaps(tip, bulbs)
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()

    # The keyboard: focus alone shows it; Enter keeps it open, once more closes it; Escape closes it too.
    row.bulb("lightly", "read").focus()
    page.keyboard.press("Tab")
    expect(row.bulb("lightly", "write")).to_be_focused()
    expect(tip).to_be_visible()
    page.keyboard.press("Enter")
    expect(tip).to_be_visible()
    page.keyboard.press("Enter")
    expect(tip).to_be_hidden()
    page.keyboard.press("Enter")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(row.bulb("lightly", "write")).to_be_focused()


def test_a_key_file_can_be_uploaded(
    visitor: Visitor, stack: Stack, person: Person, clouds: dict[str, Cloud], name: str
) -> None:
    cloud, page = clouds["GCS"], visitor.page
    stack.backstage.dataset(name, person)
    config = reader(cloud, filled_bucket(cloud))
    key = config.pop("gcsCredentials")
    page.goto("/")
    settings = Settings(page).open(name).fill(config)
    upload = settings.field("Service account key (JSON) as a file")
    upload.set_input_files({"name": "key.json", "mimeType": "application/json", "buffer": b"not a key"})
    settings.submit()
    settings.expect_error("Service account key (JSON)", "JSON")
    upload.set_input_files({"name": "key.json", "mimeType": "application/json", "buffer": key.encode()})
    settings.submit()
    settings.expect_bulbs(list="granted", read="granted")


def test_bulbs_poll_while_a_check_is_open_and_not_after(
    visitor: Visitor, stack: Stack, person: Person, clouds: dict[str, Cloud], name: str
) -> None:
    cloud, page = clouds["OBS"], visitor.page
    dataset = stack.backstage.dataset(name, person)
    config = writer(cloud, filled_bucket(cloud))
    page.clock.install()
    page.goto("/")
    with slow(cloud.address, 0.5) as proxy:
        settings = Settings(page).open(name).tab("Lightly")
        settings.fill(cloud.at_address(config, proxy.address)).submit()
        expect(settings.bulb("Write")).to_have_text("being checked")
        expect(page.locator(f"#dataset-{dataset}")).to_contain_text("checking…")
        settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")
        Row(page, dataset).expect_bulbs("lightly", write="granted")
        # What follows the bulbs, once the test file is removed.
        expect(page.locator("#cors")).not_to_contain_text("Looking", timeout=CHECK_MS)
    assert visitor.count("/permissions/") > 1
    assert visitor.count("/rows/") > 1

    def asked() -> list[str]:
        """Without what asks now and then as long as the page is open, whether or not there are bulbs, and
        without a row's cover, which is asked for once when the row comes into sight, at no fixed moment."""
        others = ("/inbox/bell/", "/first-steps/", "/cover/")
        return [request for request in visitor.requests if not request.endswith(others)]

    before = asked()
    page.clock.run_for(60_000)
    page.evaluate("new Promise(requestAnimationFrame)")
    assert asked() == before
    page.reload()  # the dialog is no place of its own, so this is the home page
    Row(page, dataset).expect_bulbs("lightly", write="granted")
    page.clock.run_for(60_000)
    page.evaluate("new Promise(requestAnimationFrame)")
    assert asked() == [*before, "GET /"]
    assert visitor.count(f"/{dataset}/cover/") <= 2  # at most once for each of the two pages


def test_check_again(visitor: Visitor, stack: Stack, person: Person, cloud: Cloud, name: str) -> None:
    """What was mended in the cloud shows without saving anew."""
    bucket, page = cloud.make_bucket(), visitor.page
    config = reader(cloud, bucket)
    stack.backstage.dataset(name, person, input=cloud.with_missing_bucket(config), lightly=writer(cloud, bucket))
    page.goto("/")
    settings = Settings(page).open(name)
    settings.expect_bulbs(list="denied", read="denied")
    expect(settings.reason("List")).to_contain_text("bucket")
    settings.field("Resource path").fill(fields_of(config)["Resource path"])
    settings.field("Secret access key").fill(config["s3SecretAccessKey"])
    settings.submit()
    settings.expect_bulbs(list="granted", read="granted")
    expect(settings.root).to_contain_text("No files found")

    cloud.put(bucket, "input/first.jpg", b"1")
    settings.root.get_by_role("button", name="Check again").click()
    expect(settings.root).not_to_contain_text("No files found")
    settings.expect_bulbs(list="granted", read="granted")
    settings.tab("Check history")
    rows = settings.root.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.nth(1)).to_contain_text("Input")
    expect(rows.nth(1)).to_contain_text(person["email"])


def test_only_the_newest_save_counts(
    visitor: Visitor, stack: Stack, person: Person, clouds: dict[str, Cloud], name: str
) -> None:
    """The first check still hangs when the second is done, and ends badly after it."""
    cloud, page = clouds["OBS"], visitor.page
    dataset = stack.backstage.dataset(name, person)
    config = reader(cloud, filled_bucket(cloud))
    page.goto("/")
    settings = Settings(page).open(name)
    with silent() as peer:
        settings.fill(cloud.at_address(config, peer.address)).submit()
        expect(settings.bulb("List")).to_have_text("being checked")
        settings.fill(config).submit()
        settings.expect_bulbs(list="granted", read="granted")
        newest, first = stack.backstage.checks(dataset)
        assert (newest["revision"], newest["state"]) == (2, "DONE")
        assert (first["revision"], first["state"]) == (1, "RUNNING")
    assert eventually(lambda: stack.backstage.checks(dataset)[1]["state"] != "RUNNING", 20)
    assert stack.backstage.checks(dataset)[1]["outcome"] == "UNKNOWN"
    page.goto("/")
    Row(page, dataset).expect_bulbs("input", list="granted", read="granted")


def test_typed_place_survives_the_other_way_into_s3(visitor: Visitor, stack: Stack, person: Person, name: str) -> None:
    stack.backstage.dataset(name, person)
    page = visitor.page
    page.goto("/")
    settings = Settings(page).open(name)
    expect(settings.field("Resource path")).to_be_focused()  # a dialog begins on its first field
    settings.field("Resource path").fill("s3://acme-raw/street/")
    settings.field("Region").fill("eu-west-3")
    ways = settings.root.get_by_role("navigation", name="Provider")
    ways.get_by_role("link", name="S3 role").click()
    expect(settings.field("Role ARN")).to_be_visible()
    expect(settings.field("Resource path")).to_have_value("s3://acme-raw/street/")
    expect(settings.field("Region")).to_have_value("eu-west-3")
    # They are unsaved still; and what can't go along is asked for before it is thrown away.
    settings.field("Role ARN").fill("arn:aws:iam::123456789012:role/Reader")
    ways.get_by_role("link", name="AWS S3").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.get_by_role("button", name="Discard them").click()
    expect(settings.field("Access key ID")).to_be_visible()
    expect(settings.field("Resource path")).to_have_value("")
