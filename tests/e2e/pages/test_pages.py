"""Every page and every dialog, for whoever may see it: axe-core finds nothing wrong, and nothing scrolls sideways.

A page that is added to some urls.py and not to a list here fails the first test. States of a page that need more than
an address (a form with errors, bulbs in every colour) are with the tests of what leads to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import Locator, Page, expect

from dashboard.handbook import FOR_READERS
from tests.e2e.conftest import Visit, filled_bucket, reader
from tests.e2e.support import hostile
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.e2e.support.settings import CHECK_MS
from tests.e2e.support.stack import Stack
from tests.e2e.teams.test_admin import look_at
from tests.e2e.teams.test_sign_in import SECOND_FACTOR
from tests.servers import Cloud
from tests.servers.process import eventually

TEAM, DATASET = "/teams/{team_id}", "/datasets/{dataset_id}"
WIZARD, TABS = f"{DATASET}/connect/input/", f"{DATASET}/settings"
CONTENTS, SAMPLES = f"{DATASET}/contents", f"{DATASET}/samples"
TAG = f"{SAMPLES}/tags/{{tag_id}}"
RUNS = f"{DATASET}/runs"
RUN, WORKING, WAITING = f"{RUNS}/{{run_id}}", f"{RUNS}/{{working_id}}", f"{RUNS}/waiting/{{scheduled_id}}"
PEOPLE, ACCOUNT = f"{TEAM}/people/", f"{TEAM}/service-accounts/{{account_id}}"

FOR_NOBODY = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/some-key/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-nonsense/",
    "{reset}",
    "{link}",
    "{link_of_known}",
    "/invitation/?token=nonsense",
    "{grant}",
    "/grant/?token=nonsense",
]
FOR_OWNER = [
    "/",
    "/?q=nothing+like+this",
    PEOPLE,
    f"{TEAM}/activity/",
    f"{TEAM}/activity/?q=nothing+like+this",
    f"{TEAM}/settings/",
    f"{TEAM}/service-accounts/",
    # Dialogs that say why it is not possible; the page they belong to says it too, so no button opens them.
    f"{TEAM}/leave/",
    f"{TEAM}/delete/",
    "/teams/new/",  # a dialog as a page of its own, as it is without JavaScript
    "/invitations/",
    "{link}",  # for somebody else
    "/tokens/",
    "/api/",
    "/health/",
    "/health/print/",
    "/inbox/",
    "/jobs/",
    "/jobs/{job_id}/",
    "/notifications/settings/",
    WIZARD,
    f"{WIZARD}?step=access&provider=S3",
    f"{WIZARD}?step=credentials&provider=GCS",
    f"{WIZARD}?step=check",
    "/datasets/new/",
    f"{DATASET}/",
    f"{DATASET}/sharing/",
    f"{CONTENTS}/input/",
    f"{CONTENTS}/lightly/",  # where nobody has looked yet
    f"{CONTENTS}/annotations/",
    f"{CONTENTS}/relevant-filenames/",
    f"{CONTENTS}/input/upper-case-extension/",
    f"{CONTENTS}/input/upper-case-extension/?prefix=nothing+like+this",
    f"{CONTENTS}/input/truncated/",
    f"{CONTENTS}/input/search/?q=night",
    f"{CONTENTS}/input/search/?q=nothing+like+this",
    f"{CONTENTS}/input/outputs/",
    f"{CONTENTS}/input/outputs/thumbnails/write/",
    f"{CONTENTS}/input/frame/1/?number=0",
    f"{CONTENTS}/input/frames/",
    f"{CONTENTS}/input/gallery/",
    f"{CONTENTS}/input/gallery/?view=folders&prefix=street%2F",
    f"{CONTENTS}/input/gallery/?prefix=nothing+like+this",
    f"{CONTENTS}/input/file/?key=street%2Fnight%2F007.JPG",
    f"{CONTENTS}/input/file/?key=street%2Fnight%2F007.JPG&beside=1",
    f"{SAMPLES}/",
    f"{TAG}/",
    f"{TAG}/?contains=nothing+like+this",
    f"{SAMPLES}/{{sample_id}}/",
    "/runs/",
    f"{RUNS}/",
    f"{RUNS}/new/",
    f"{RUNS}/new/?run={{run_id}}",
    f"{RUNS}/compare/?run={{run_id}}&run={{other_run_id}}",
    f"{WAITING}/",
    f"{WORKING}/",
    f"{RUN}/",
    f"{RUN}/picks/",
    f"{RUN}/picks/?left_out=1",
    f"{RUN}/picks/?name=nothing+like+this",
    f"{TABS}/input/",
    f"{TABS}/input/admin-links/",
    f"{TABS}/dataset/",
    f"{TABS}/history/",
    "/help/",
    "/help/?q=role",
    "/help/?q=nothing+like+this",
    *(f"/help/{name}/" for name in FOR_READERS),
    "/accounts/logout/",
    "/accounts/password/set/",
    "/accounts/3rdparty/",
    "/accounts/3rdparty/login/cancelled/",
    "/accounts/3rdparty/login/error/",
]
# So that what makes a page worth looking at can't go missing unseen.
SHOWS = {
    PEOPLE: "Invited",
    f"{TEAM}/activity/": f"created the service account {hostile.NAME}",
    f"{TEAM}/service-accounts/": f"first token{hostile.MARKUP}",
    f"{TEAM}/settings/": hostile.NAME,
    "/invitations/": "invites you to this team as member",
    "/tokens/": f"old notebook{hostile.MARKUP}",
    "/inbox/": hostile.NAME,
    "/jobs/": "Check all datasources",
    "/jobs/{job_id}/": hostile.NAME,
    f"{WIZARD}?step=check": "All green.",
    f"{TABS}/input/admin-links/": "not opened yet",
    f"{DATASET}/": hostile.PREFIX,
    f"{DATASET}/sharing/": hostile.ADDRESS,
    f"{CONTENTS}/input/": "Rests on the listing of all 128 files",
    f"{CONTENTS}/lightly/": "Nobody has looked yet",
    f"{SAMPLES}/": "120 samples in the dataset",
    f"{TAG}/": "80 samples",
    f"{TAG}/?contains=nothing+like+this": "No sample fits",
    f"{SAMPLES}/{{sample_id}}/": "About this sample",
    f"{CONTENTS}/annotations/": "Predictions and metadata were not checked yet",
    f"{CONTENTS}/relevant-filenames/": "Or paste its lines",
    f"{CONTENTS}/input/upper-case-extension/": "120 files",
    f"{CONTENTS}/input/truncated/": "street/night/007.JPG",
    f"{CONTENTS}/input/search/?q=night": "street/night/007.JPG",
    f"{CONTENTS}/input/outputs/": "Frames of videos",
    f"{CONTENTS}/input/frames/": "None yet",
    f"{CONTENTS}/input/gallery/": "street/night/007.JPG",
    f"{CONTENTS}/input/gallery/?view=folders&prefix=street%2F": "clip.mp4",
    f"{CONTENTS}/input/file/?key=street%2Fnight%2F007.JPG": "Extension in capital letters",
    "/runs/": "Waiting for a worker",
    f"{RUNS}/": "Compare two runs",
    f"{RUNS}/new/": "Which ones",
    f"{RUNS}/compare/?run={{run_id}}&run={{other_run_id}}": "2 (50 %)",
    f"{WAITING}/": "no-worker-has-it",
    f"{WORKING}/": hostile.MARKUP,
    f"{RUN}/": "Asked and achieved",
    f"{RUN}/picks/": hostile.MARKUP,
    f"{RUN}/picks/?left_out=1": "It looks like street/1.jpg.",
    f"{TABS}/dataset/": "pending: no account yet",
    f"{TABS}/history/": "4 identical results, last",
}
REFUSING = {"/invitation/?token=nonsense": 410, "/grant/?token=nonsense": 404, "/accounts/3rdparty/login/error/": 401}
# The page underneath, and what is opened there.
DIALOGS = [
    ("/", "/datasets/new/"),
    ("/tokens/", "/tokens/{token_id}/revoke/"),
    (f"{CONTENTS}/input/", f"{CONTENTS}/input/reading/all/"),
    (f"{WAITING}/", f"{WAITING}/cancel/"),
    (f"{WORKING}/", f"{WORKING}/abort/"),
    (PEOPLE, f"{TEAM}/invite/"),
    (PEOPLE, f"{TEAM}/people/{{user_id}}/role/"),
    (PEOPLE, f"{TEAM}/people/{{user_id}}/remove/"),
    (f"{SAMPLES}/", f"{SAMPLES}/tags/new/names/"),
    (f"{SAMPLES}/", f"{SAMPLES}/tags/new/tags/"),
    (f"{SAMPLES}/", f"{SAMPLES}/tags/new/filter/"),
    (f"{TAG}/", f"{TAG}/rename/"),
    (f"{TAG}/", f"{TAG}/delete/"),
    ("/jobs/{job_id}/", "/jobs/{job_id}/cancel/"),
    (f"{TEAM}/settings/", "/teams/new/"),
    (f"{TEAM}/service-accounts/", f"{ACCOUNT}/tokens/"),
    (f"{TEAM}/service-accounts/", f"{ACCOUNT}/reset/"),
    (f"{TEAM}/service-accounts/", f"{ACCOUNT}/delete/"),
    (f"{TEAM}/service-accounts/", f"{ACCOUNT}/tokens/{{account_token_id}}/revoke/"),
]
# What has no look of its own: files, parts of pages, addresses that lead on, and those that only take a POST. Whether
# that is still so, is asked of the server.
NO_PAGES = [
    "/welcome/",  # while nobody exists it is one: see test_first_run.py
    "/team/",
    "/join/",  # not found, unless there is a mail server: see test_invitation_mail.py
    "/teams/switch/",
    f"{TEAM}/activity.csv",
    f"{TEAM}/invitations/{{invitation_id}}/renew/",
    f"{TEAM}/invitations/{{invitation_id}}/revoke/",
    f"{DATASET}/sharing/stop/",
    f"{DATASET}/sharing/invite/",
    "/health/tiles/",
    "/health/check-all/",
    "/jobs/list/",
    "/jobs/{job_id}/progress/",
    "/health/datasources.csv",
    "/healthz",
    "/readyz",
    "/metrics",
    "/first-steps/",
    "/first-steps/away/",
    "/palette/",
    "/datasets/check-shown/",
    "/datasets/rows/",
    "/datasets/sample/",
    f"{DATASET}/row/",
    f"{DATASET}/cover/",
    f"{DATASET}/datasources/",
    f"{CONTENTS}/input/progress/",
    f"{CONTENTS}/input/index/",
    f"{CONTENTS}/input/reading/",
    f"{CONTENTS}/input/reading/sample/",
    f"{CONTENTS}/input/reading/pause/",
    f"{CONTENTS}/input/original/",
    f"{CONTENTS}/input/read-url/",
    f"{CONTENTS}/input/overlay/1/",
    f"{CONTENTS}/input/filmstrip/1/",
    f"{CONTENTS}/input/filmstrip/1/0/",
    f"{CONTENTS}/input/thumbnail/1/",
    f"{CONTENTS}/input/thumbnail/1/tile/",
    f"{CONTENTS}/input/outputs/thumbnails/",
    f"{CONTENTS}/input/outputs/frames/",
    f"{CONTENTS}/input/outputs/frames/write/",
    f"{CONTENTS}/input/frame/1/0/",
    f"{CONTENTS}/input/frames.csv",
    f"{CONTENTS}/input/upper-case-extension.csv",
    f"{CONTENTS}/annotations/progress/",
    f"{CONTENTS}/annotations/check/",
    f"{CONTENTS}/annotations/findings/",  # without a report; with one: tests/e2e/contents/test_annotations.py
    f"{CONTENTS}/annotations/findings.csv",
    f"{CONTENTS}/relevant-filenames/progress/",
    f"{CONTENTS}/relevant-filenames/save/",
    f"{CONTENTS}/relevant-filenames/corrected/",
    f"{SAMPLES}/plot.csv",
    f"{TAG}/export/names/",
    f"{SAMPLES}/{{sample_id}}/original/",
    f"{SAMPLES}/{{sample_id}}/thumbnail/",
    f"{SAMPLES}/{{sample_id}}/thumbnail/tile/",
    "/runs/list/",
    f"{RUNS}/list/",
    f"{RUNS}/new/permissions/",
    f"{WAITING}/progress/",
    f"{RUN}/progress/",
    f"{RUN}/artifacts/{{artifact_id}}/",
    f"{TABS}/input/check/",
    f"{TABS}/input/permissions/",
    f"{TABS}/input/wait/",
    f"{TABS}/input/access/",
    f"{TABS}/input/cors/",
    f"{TABS}/input/admin-links/{{link_id}}/revoke/",
    "/grant/bulbs/",
    "/grant/check/",
    "/inbox/bell/",
    "/inbox/read/",
    "/inbox/{notice_id}/read/",
    "/notifications/settings/{team_id}/interval/",
    "/notifications/settings/{team_id}/indexing/",
    "/notifications/settings/{team_id}/webhook/",
    "/notifications/settings/{team_id}/webhook/secret/",
    "/notifications/settings/{team_id}/webhook/test/",
    "/notifications/settings/{team_id}/webhook/delete/",
    "/notifications/settings/{team_id}/webhook/deliveries/",
    "/accounts/email/",
    "/accounts/login/code/confirm/",
    "/accounts/3rdparty/signup/",
    "/accounts/social/connections/",
    "/accounts/social/login/cancelled/",
    "/accounts/social/login/error/",
    "/accounts/social/signup/",
    "/accounts/2fa/recovery-codes/download/",
    "/accounts/2fa/webauthn/login/",
    "/accounts/oidc/some/login/",
    "/accounts/oidc/some/login/callback/",
    "/accounts/oidc/s.o.m.e/login/",
    "/accounts/oidc/s.o.m.e/login/callback/",
]
# Of other people's making: the admin panel's is walked in a test of its own, the REST API has no pages but the
# generated description of itself.
ELSEWHERE = re.compile(r"^(admin/|\^?v1/)")


def test_every_page_is_listed() -> None:
    ids = dict.fromkeys(("team_id", "dataset_id", "user_id", "account_id", "account_token_id"), "a" * 24)
    ids |= dict.fromkeys(("tag_id", "sample_id"), "a" * 24)
    ids |= dict.fromkeys(("token_id", "invitation_id", "notice_id", "job_id", "link_id"), "a" * 24)
    ids |= dict.fromkeys(("run_id", "other_run_id", "working_id", "artifact_id", "scheduled_id"), "a" * 24)
    ids |= {"link": "/invitation/", "link_of_known": "/invitation/", "reset": "/accounts/password/reset/key/1-x/"}
    ids |= {"grant": "/grant/"}
    dialogs = [opened for _, opened in DIALOGS]
    listed = [path.format_map(ids).partition("?")[0] for path in FOR_NOBODY + FOR_OWNER + dialogs + NO_PAGES]
    known = {resolve(path).route for path in [*listed, *SECOND_FACTOR]}
    there = {route for route in routes(get_resolver()) if not ELSEWHERE.match(route)}
    assert sorted(there - known) == []


def expect_to_begin(dialog: Locator) -> None:
    """On its first field, of radio buttons on the chosen one; on its heading if it has no field."""
    fields = dialog.locator("form :is(input:not([type=hidden], [type=file]), select, textarea):enabled")
    expect(dialog.get_by_role("heading").first).to_be_visible()
    name = fields.first.get_attribute("name") if fields.count() else None
    chosen = dialog.locator(f"[name={name}]:checked")
    begins = chosen if name and chosen.count() else fields.first if name else dialog.get_by_role("heading").first
    expect(begins).to_be_focused()


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """As `resolve(path).route` spells them."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).removeprefix("^") if before else str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from routes(entry, route)


@pytest.fixture
def ids(stack: Stack, person: Person, cloud: Cloud) -> dict[str, str]:
    bucket = filled_bucket(cloud)
    for prefix in (f"input/{hostile.PREFIX}", f"lightly/{hostile.PREFIX}"):
        cloud.put(bucket, f"{prefix}{hostile.PREFIX.removesuffix('/')}.jpg", b"not really an image")
    found = stack.backstage.furnish(
        person,
        input=reader(cloud, bucket, f"input/{hostile.PREFIX}"),
        lightly=reader(cloud, bucket, f"lightly/{hostile.PREFIX}"),
    )
    assert eventually(lambda: all(stack.backstage.shown(found["dataset_id"])), CHECK_MS / 1000)
    stack.backstage.repeat_checks(found["dataset_id"], 4)
    return found


def look(page: Page, axe: Axe, path: str) -> None:
    """It is this very page, and not one to which that leads or which says what went wrong."""
    answer = page.goto(path)
    assert page.url.endswith(path) or "/key/" in path
    assert answer
    assert answer.status == REFUSING.get(path, 200)
    page.evaluate("document.querySelectorAll('main details').forEach(details => { details.open = true })")
    expect_accessible(page, axe)


def test_for_nobody(visit: Visit, ids: dict[str, str], axe: Axe, subtests: pytest.Subtests) -> None:
    visitor = visit()
    visitor.expected_statuses.update(REFUSING.values())
    for path in FOR_NOBODY:
        with subtests.test(path):
            look(visitor.page, axe, path.format_map(ids))


@pytest.mark.timeout(300)  # some eighty pages, each in three looks
def test_for_an_owner(visit: Visit, person: Person, ids: dict[str, str], axe: Axe, subtests: pytest.Subtests) -> None:
    visitor = visit(person)
    visitor.expected_statuses.update(REFUSING.values())
    for path in FOR_OWNER:
        with subtests.test(path):
            look(visitor.page, axe, path.format_map(ids))
            expect(visitor.page.get_by_role("main")).to_contain_text(SHOWS.get(path, ""))


def test_dialogs(visit: Visit, person: Person, ids: dict[str, str], axe: Axe, subtests: pytest.Subtests) -> None:
    page = visit(person).page
    for underneath, opened in DIALOGS:
        with subtests.test(opened):
            page.goto(underneath.format_map(ids))
            page.locator(f'[hx-get="{opened.format_map(ids)}"]').first.click()
            expect_to_begin(page.get_by_role("dialog"))
            expect_accessible(page, axe)


def test_the_rest_is_no_page(stack: Stack, person: Person, ids: dict[str, str]) -> None:
    pages = []
    for path in NO_PAGES:
        url = stack.url + path.format_map(ids)
        answer = requests.get(url, cookies={"lightly_session": person["session"]}, allow_redirects=False, timeout=30)
        assert answer.status_code < 500, path
        if answer.status_code == 200 and "<html" in answer.text:
            pages.append(path)
    assert pages == []


def test_admin_panel(visit: Visit, stack: Stack, person: Person, ids: dict[str, str], axe: Axe) -> None:
    """The list of every model, and one entry of it."""
    stack.backstage.promote(person, superuser=True)
    visitor = visit(person)
    page = visitor.page
    for model in admin.site._registry:
        page.goto(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
        look_at(visitor, axe)
        first = page.locator("#result_list tbody th a").first
        if first.count():
            first.click()
            look_at(visitor, axe)
    page.goto(f"/admin/teams/user/{ids['user_id']}/password-link/")
    look_at(visitor, axe)
