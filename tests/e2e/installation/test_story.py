"""From an empty machine to a team at work, and to a colleague's last day: two people, two browsers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.client.conftest import OfficialClient
from tests.e2e.conftest import NewStack, Visit, filled_bucket, reader, writer
from tests.e2e.dashboard.test_api_page import create_token
from tests.e2e.support.browser import Visitor
from tests.e2e.support.people import Wizard, set_up_app
from tests.e2e.support.settings import Row
from tests.e2e.teams.test_teams import open_team
from tests.servers import Cloud

AVA, BEN = "ava@example.com", "ben@example.com"
PASSWORD = "a-long-enough-secret"
# What a training job does with the token it was given.
JOB = """
from lightly.api import ApiWorkflowClient

client = ApiWorkflowClient()
client.set_dataset_id_by_name("street-scenes", shared=None)
print([name for name, _ in client.download_raw_samples()])
"""


@pytest.mark.timeout(240)  # one long story, with an installation of its own
def test_a_team_is_onboarded(new_stack: NewStack, visit: Visit, cloud: Cloud, tmp_path: Path) -> None:
    stack = new_stack().run()
    ava, ben = visit(at=stack), visit(at=stack)
    install(ava.page)
    demand_second_factors(ava.page)
    accept(ben.page, invite(ava.page))
    dataset = connect(ben.page, cloud)

    see_it_green(ava.page, dataset)
    job = OfficialClient("1.5.26", stack, service_account(ava.page), tmp_path)
    assert job.run(JOB).output == "['image.jpg']\n"

    part(ava, ben, dataset)
    assert job.run(JOB).output == "['image.jpg']\n"


def install(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Team name").fill("Acme Vision")
    page.get_by_label("E-mail address").fill(AVA)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the owner account").click()
    expect(page.get_by_text("You own Acme Vision")).to_be_visible()


def demand_second_factors(page: Page) -> None:
    """Of everybody, and so of herself first: the very next page is the one where she sets hers up."""
    open_team(page)
    page.get_by_role("navigation", name="Team").get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Require it").click()
    expect(page.get_by_text("Your team requires two-factor authentication.")).to_be_visible()
    set_up_app(page, PASSWORD)
    page.goto("/team/")
    expect(page.get_by_role("row", name=AVA)).to_contain_text("on")


def invite(page: Page) -> str:
    """The link, which is on the screen because there is no mail server."""
    page.get_by_role("link", name="Invite people").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail addresses").fill(BEN)
    dialog.get_by_role("button", name="Invite").click()
    expect(dialog.get_by_role("heading", name="Send these links")).to_be_visible()
    link = dialog.get_by_role("group", name=BEN).inner_text().strip()
    dialog.get_by_role("link", name="Done").click()
    return link


def accept(page: Page, link: str) -> None:
    """With a new account; and no page before the second factor."""
    page.goto(link)
    page.get_by_label("Your name").fill("Ben Miller")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account and join").click()
    expect(page.get_by_text("Your team requires two-factor authentication.")).to_be_visible()
    page.goto("/datasets/new/")
    expect(page.get_by_role("heading", name="Authenticator app")).to_be_visible()
    set_up_app(page, PASSWORD)


def connect(page: Page, cloud: Cloud) -> str:
    """The guided way, from the first steps on the home page to six green bulbs. Id of the dataset."""
    bucket = filled_bucket(cloud)
    source, target = reader(cloud, bucket), writer(cloud, bucket)
    page.goto("/")
    page.get_by_role("region", name="First steps").get_by_role("link", name="Create it").click()
    page.get_by_role("dialog").get_by_label("Name").fill("street-scenes")
    page.get_by_role("button", name="Create dataset").click()
    page.get_by_role("button", name="Close settings").click()
    page.get_by_role("link", name="Connect it step by step").click()
    wizard = Wizard(page)
    wizard.choose("AWS S3")
    wizard.name_it(source)
    wizard.enter(source)
    wizard.expect_green("Input")
    page.get_by_role("link", name="Next: Lightly storage").click()
    wizard.choose("AWS S3")
    wizard.name_it(target)
    wizard.enter(target)
    wizard.expect_green("Lightly")
    page.get_by_role("link", name="Done").click()
    return str(page.get_by_role("article", name="street-scenes").get_attribute("id")).removeprefix("dataset-")


def see_it_green(page: Page, dataset: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Datasets").click()
    row = Row(page, dataset)
    row.expect_bulbs("input", list="granted", read="granted")
    row.expect_bulbs("lightly", list="granted", read="granted", write="granted", overwrite="granted")


def service_account(page: Page) -> str:
    """Its first token."""
    open_team(page)
    page.get_by_role("navigation", name="Team").get_by_role("link", name="Service accounts").click()
    page.get_by_label("Name").fill("nightly-training")
    page.get_by_role("button", name="Create service account").click()
    expect(page.get_by_role("heading", name="nightly-training is created")).to_be_focused()
    return page.locator("#code-new-token").inner_text().strip()


def part(ava: Visitor, ben: Visitor, dataset: str) -> None:
    """Ben has a token of his own and a page open. Ava removes him: whatever he does next, he is nobody."""
    theirs, page = ben.page, ava.page
    theirs.get_by_role("link", name="API").click()
    token = create_token(theirs, "notebook")
    assert datasets_of(ben, token) == 200
    theirs.get_by_role("link", name="Datasets").click()
    expect(theirs.get_by_role("article", name="street-scenes")).to_be_visible()

    open_team(page)
    page.get_by_role("link", name=f"Remove {BEN}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("New owner of the datasets")).to_be_visible()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text(f"Ben Miller is no longer in the team. {AVA} took over 1 dataset.")).to_be_visible()

    ben.expected_statuses |= {401}
    assert datasets_of(ben, token) == 401
    theirs.get_by_role("link", name="Settings of street-scenes").click()
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()
    theirs.goto(f"/datasets/{dataset}/settings/input/")
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()


def datasets_of(visitor: Visitor, token: str) -> int:
    """The status with which the REST API answers this token."""
    return visitor.page.request.get("/v1/datasets", params={"token": token, "getAssetsOfTeam": "True"}).status
