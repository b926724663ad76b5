"""Two people, two browsers: invited, in, and out again at once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.dashboard.test_api_page import create_token
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.people import dismiss_dialog
from tests.e2e.support.stack import Stack

PASSWORD = "quite-long-secret-7"


def open_team(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Team").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


def test_invited_in_and_out_again(visit: Visit, stack: Stack, person: Person, name: str, axe: Axe) -> None:
    owner, second = visit(person), visit()
    page, email = owner.page, f"{name}-ben@example.com"
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stack.backstage.dataset("street-scenes", person)
    page.goto("/")
    open_team(page)
    page.get_by_role("link", name="Invite people").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail addresses").fill(f"{email}, admin\nnonsense")
    dialog.get_by_role("button", name="Invite").click()
    expect(dialog.locator(".field__error")).to_contain_text("Line 2: “nonsense”")
    expect(dialog.get_by_label("E-mail addresses")).to_have_value(f"{email}, admin\nnonsense")
    expect_accessible(page, axe)
    dialog.get_by_label("E-mail addresses").fill(email)
    dialog.get_by_role("button", name="Invite").click()
    expect(dialog.get_by_role("heading", name="Send these links")).to_be_visible()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    expect_accessible(page, axe)
    dialog.get_by_role("link", name="Done").click()
    expect(page.get_by_role("region", name="Invitations")).to_contain_text(email)

    theirs = second.page
    theirs.goto(link)
    expect(theirs.get_by_label("E-mail address")).to_have_value(email)
    theirs.get_by_label("Your name").fill("Ben Miller")
    theirs.get_by_label("Password").fill(PASSWORD)
    theirs.get_by_role("button", name="Create the account and join").click()
    expect(theirs.get_by_text(f"Welcome to Team of {name}!")).to_be_visible()
    expect(theirs.get_by_role("article", name="street-scenes")).to_be_visible()
    stack.backstage.dataset("of-ben", {**person, "email": email})
    theirs.get_by_role("link", name="API").click()
    token = create_token(theirs, "notebook")
    asked = theirs.request.get("/v1/datasets", params={"token": token, "getAssetsOfTeam": "True"})
    assert [dataset["name"] for dataset in asked.json()] == ["street-scenes"]

    page.reload()
    page.get_by_role("link", name=f"Role of {email}").click()
    expect(dialog.get_by_role("heading", name="Role of Ben Miller")).to_be_visible()
    dismiss_dialog(page, "#people")
    page.get_by_role("link", name=f"Remove {email}").click()
    expect(dialog.get_by_label("New owner of the datasets")).to_be_visible()
    dialog.get_by_role("button", name="Remove").click()
    expect(
        page.get_by_text(f"Ben Miller is no longer in the team. {person['email']} took over 1 dataset.")
    ).to_be_visible()

    second.expected_statuses |= {401}
    assert theirs.request.get("/v1/datasets", params={"token": token}).status == 401
    theirs.goto("/")
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Datasets").click()
    expect(page.get_by_role("article", name="of-ben")).to_be_visible()


def test_the_other_pages(visit: Visit, person: Person, stack: Stack, name: str, axe: Axe) -> None:
    visitor = visit(person)
    page = visitor.page
    dataset = stack.backstage.dataset(name, person)
    page.goto("/team/")
    tabs = page.get_by_role("navigation", name="Team")
    tabs.get_by_role("link", name="Service accounts").click()
    page.get_by_label("Name").fill("nightly-training")
    page.get_by_role("button", name="Create service account").click()
    expect(page.get_by_role("heading", name="nightly-training is created")).to_be_focused()
    expect_accessible(page, axe)
    page.get_by_role("link", name="Reset tokens of nightly-training").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reset tokens").click()
    expect(dialog.get_by_text("Copy it now")).to_be_visible()
    expect_accessible(page, axe)
    dialog.get_by_role("link", name="Done").click()
    tabs.get_by_role("link", name="Activity").click()
    expect(page.get_by_role("list", name="Activity")).to_contain_text("created the service account nightly-training")
    tabs.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="New team").click()
    dialog.get_by_label("Team name").fill("Second team")
    dialog.get_by_role("button", name="Create team").click()
    expect(page.get_by_role("heading", name="Second team")).to_be_visible()

    page.get_by_role("button", name="account menu").click()
    expect_accessible(page, axe)
    page.get_by_role("button", name=f"Team of {name}").click()
    expect(page.get_by_role("article", name=name)).to_be_visible()
    page.goto(f"/datasets/{dataset}/settings/dataset/")
    sharing = page.get_by_role("region", name="Sharing")
    sharing.get_by_label("E-mail addresses").fill("zoe@outside.example.com")
    sharing.get_by_role("button", name="Share").click()
    expect(sharing.get_by_text("pending: no account yet")).to_be_visible()
    sharing.get_by_role("button", name="Remove zoe@outside.example.com").click()
    expect(sharing.get_by_text("Not shared outside the team.")).to_be_visible()


def test_inviting_without_javascript(visit: Visit, person: Person, name: str) -> None:
    page = visit(person, java_script_enabled=False).page
    page.goto("/team/")
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill(f"{name}-ben@example.com")
    page.get_by_role("button", name="Invite").click()
    link = page.locator(".code pre").inner_text().strip()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name=f"Revoke the invitation of {name}-ben@example.com").click()
    expect(page.get_by_text("is revoked.")).to_be_visible()
    stranger = visit(java_script_enabled=False)
    stranger.expected_statuses |= {410}
    stranger.page.goto(link)
    expect(stranger.page.get_by_text("This invitation was revoked.")).to_be_visible()
