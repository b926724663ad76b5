"""Each thing that people do writes one entry: who, what, when, from where."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from clouds import parse_config
from datasets.models import Dataset, SharedAccess
from datasets.services import share_dataset
from datasources import services, tasks
from datasources.checks import lifecycle
from datasources.grant_links import services as grant_links
from datasources.models import Datasource, PermissionCheck, Purpose, Trigger
from datasources.runners import start_check_all
from jobs.models import Job
from notifications.models import Webhook
from notifications.webhooks.services import save_webhook
from teams.audit import pruning
from teams.invitations import services as invitations
from teams.models import ApiToken, AuditEntry, Invitation, Membership, Team, User
from teams.service_accounts import services as service_accounts
from teams.services import create_token, create_user
from tests.conftest import SECRET, s3_fields

pytestmark = pytest.mark.django_db
# What the operator's proxy saw, and what the visitor claims before it.
HERE, CLAIMED = "203.0.113.7", "10.9.9.9"


@dataclass
class World:
    """A team with a dataset, and its owner in front of the browser, or with a token."""

    client: Client
    alice: User
    bob: User
    team: Team
    dataset: Dataset
    token: str

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(path, data)

    def api(self, method: str, path: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.client.generic(
            method, f"/v1{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    @property
    def datasource(self) -> Datasource:
        return Datasource.objects.get(dataset=self.dataset)

    def finish_checks(self) -> None:
        PermissionCheck.objects.update(state="DONE", outcome="GREEN", finished_at=timezone.now())


Act = Callable[[World], Any]


@dataclass(frozen=True)
class Kind:
    """`target` is a part of the entry's. `who` is empty for what nobody known did."""

    action: str
    act: Act
    target: str = ""
    who: str = "alice@example.com"
    via: str = "PAGE"
    about_dataset: bool = False
    before: Act | None = None


def team_url(name: str, *parts: str) -> Callable[[World], str]:
    return lambda world: reverse(f"teams:{name}", args=[world.team.pk, *parts])


def posts(url_name: str, **data: Any) -> Act:
    """A form of the dataset's."""
    return lambda world: world.post(reverse(url_name, args=[world.dataset.pk]), **data)


def invited(world: World) -> Invitation:
    return Invitation.objects.get(email="eve@example.com")


def invite(world: World) -> None:
    invitations.invite(team=world.team, people=[invitations.Invited("eve@example.com", "MEMBER")], by=world.alice)


def make_account(world: World) -> None:
    account = service_accounts.create(team=world.team, name="nightly", by=world.alice)
    service_accounts.create_token(team=world.team, account=account, name="server", by=world.alice)


def make_superuser(world: World) -> None:
    world.alice.is_staff = world.alice.is_superuser = True
    world.alice.save()


def make_superuser_of_finished_checks(world: World) -> None:
    make_superuser(world)
    world.finish_checks()


def make_superuser_and_token(world: World) -> None:
    make_superuser(world)
    create_token(user=world.bob, name="his")


def make_job(world: World) -> None:
    start_check_all(teams=[world.team], by=world.alice)


def expire_token(world: World) -> None:
    create_token(user=world.bob, name="old", expires_at=timezone.now() - timedelta(days=1))


def admin_action(model: str, action: str, pk: Callable[[World], str], **data: Any) -> Act:
    def act(world: World) -> Any:
        path = reverse(f"admin:{model}_changelist")
        return world.post(path, action=action, _selected_action=pk(world), confirmed="1", **data)

    return act


def create_user_on_the_server(world: World) -> None:
    create_user(email="dana@example.com", team=world.team)  # as the command createuser does


def admin_role(world: World) -> Any:
    membership = Membership.objects.get(user=world.bob)
    return world.post(reverse("admin:teams_membership_change", args=[membership.pk]), role="ADMIN")


KINDS = [
    # --- API tokens ---
    Kind("TOKEN_CREATED", lambda w: w.post("/tokens/", name="laptop", expires="30"), "laptop"),
    Kind(
        "TOKEN_REVOKED",
        lambda w: w.post(reverse("teams:revoke_token", args=[w.alice.api_tokens.get(name="laptop").pk])),
        "laptop",
        before=lambda w: create_token(user=w.alice, name="laptop"),
    ),
    Kind(
        "TOKEN_EXPIRED",
        lambda w: pruning.note_expired_tokens(),
        "old of bob@example.com",
        who="",
        via="SYSTEM",
        before=expire_token,
    ),
    Kind(
        "TOKEN_REVOKED",
        lambda w: w.api("POST", f"/teams/{w.team.pk}/serviceaccounts/{User.objects.get(name='nightly').pk}/token", {}),
        "server of nightly",
        via="API",
        before=make_account,
    ),
    # --- people and team ---
    Kind(
        "INVITED", lambda w: w.post(team_url("invite")(w), people="eve@example.com", role="MEMBER"), "eve@example.com"
    ),
    Kind(
        "INVITED",
        lambda w: w.api("POST", f"/teams/{w.team.pk}/members", {"email": "eve@example.com", "role": "MEMBER"}),
        "eve@example.com as Member",
        via="API",
    ),
    Kind(
        "INVITATION_RENEWED",
        lambda w: w.post(reverse("teams:renew_invitation", args=[w.team.pk, invited(w).pk])),
        "eve@example.com",
        before=invite,
    ),
    Kind(
        "INVITATION_REVOKED",
        lambda w: w.post(reverse("teams:revoke_invitation", args=[w.team.pk, invited(w).pk])),
        "eve@example.com",
        before=invite,
    ),
    Kind(
        "ROLE_CHANGED",
        lambda w: w.post(reverse("teams:change_role", args=[w.team.pk, w.bob.pk]), role="ADMIN"),
        "bob@example.com: Member → Admin",
    ),
    Kind(
        "ROLE_CHANGED",
        lambda w: w.api("PUT", f"/teams/{w.team.pk}/members/{w.bob.pk}", {"role": "ADMIN"}),
        "bob@example.com: Member → Admin",
        via="API",
    ),
    Kind(
        "REMOVED",
        lambda w: w.api("DELETE", f"/teams/{w.team.pk}/members/{w.bob.pk}", {}),
        "bob@example.com",
        via="API",
    ),
    Kind("TEAM_CHANGED", lambda w: w.post(team_url("settings")(w), name="Acme"), "name: Acme Vision → Acme"),
    Kind("TEAM_CHANGED", lambda w: w.post(team_url("settings")(w), second_factor="required"), "required"),
    Kind(
        "TEAM_CHANGED",
        lambda w: w.post(reverse("datasources:interval", args=[w.team.pk]), hours=24),
        "scheduled checks: every 24 h",
    ),
    Kind("TEAM_CREATED", lambda w: w.post("/teams/new/", name="Second"), "Second"),
    Kind(
        "SERVICE_ACCOUNT_CREATED",
        lambda w: w.post(team_url("service_accounts")(w), name="nightly"),
        "nightly",
    ),
    Kind(
        "WEBHOOK_SAVED",
        lambda w: w.post(reverse("notifications:webhook", args=[w.team.pk]), url="https://hooks.example.com/x"),
        "the first one",
    ),
    Kind(
        "WEBHOOK_SAVED",
        lambda w: w.post(reverse("notifications:webhook_secret", args=[w.team.pk])),
        "with a new secret",
        before=lambda w: save_webhook(team=w.team, url="https://hooks.example.com/x", by=w.alice),
    ),
    Kind(
        "WEBHOOK_REMOVED",
        lambda w: w.post(reverse("notifications:webhook_delete", args=[w.team.pk])),
        before=lambda w: save_webhook(team=w.team, url="https://hooks.example.com/x", by=w.alice),
    ),
    Kind(
        "ADDED",
        create_user_on_the_server,
        "dana@example.com as Member",
        who="",
        via="SYSTEM",
    ),
    # --- datasets ---
    Kind(
        "DATASET_CREATED", lambda w: w.post("/datasets/new/", name="night", type="Images"), "night", about_dataset=True
    ),
    Kind(
        "DATASET_CREATED",
        lambda w: w.api("POST", "/datasets", {"name": "night"}),
        "night",
        via="API",
        about_dataset=True,
    ),
    Kind(
        "DATASET_RENAMED",
        posts("datasources:dataset", name="day"),
        "street-scenes → day",
        about_dataset=True,
    ),
    Kind(
        "DATASET_RENAMED",
        lambda w: w.api("PUT", f"/datasets/{w.dataset.pk}", {"name": "day"}),
        "street-scenes → day",
        via="API",
        about_dataset=True,
    ),
    Kind("DATASET_DELETED", posts("datasources:dataset", confirm="street-scenes"), "street-scenes", about_dataset=True),
    Kind(
        "DATASET_DELETED",
        lambda w: w.api("DELETE", f"/datasets/{w.dataset.pk}", {}),
        "street-scenes",
        via="API",
        about_dataset=True,
    ),
    Kind(
        "SHARED",
        posts("datasets:sharing", emails="eve@example.com, ben@example.com"),
        "street-scenes with ben@example.com, eve@example.com",
        about_dataset=True,
    ),
    Kind(
        "UNSHARED",
        posts("datasets:stop_sharing", email="eve@example.com"),
        "street-scenes with eve@example.com",
        about_dataset=True,
        before=lambda w: share_dataset(dataset=w.dataset, emails=["eve@example.com"]),
    ),
    Kind(
        "UNSHARED",
        lambda w: w.api("DELETE", f"/datasets/{w.dataset.pk}/collaboration/access/{SharedAccess.objects.get().pk}", {}),
        "street-scenes with eve@example.com",
        via="API",
        about_dataset=True,
        before=lambda w: share_dataset(dataset=w.dataset, emails=["eve@example.com"]),
    ),
    Kind(
        "SHARED",
        lambda w: w.api(
            "POST",
            f"/datasets/{w.dataset.pk}/collaboration/access",
            {"accessType": "WRITE", "users": ["eve@example.com"]},
        ),
        "street-scenes with eve@example.com",
        via="API",
        about_dataset=True,
    ),
    Kind(
        "DATASETS_TRANSFERRED",
        admin_action("datasets_dataset", "transfer", lambda w: w.dataset.pk, email="bob@example.com"),
        "1 of alice@example.com to bob@example.com: street-scenes",
        via="ADMIN",
        before=make_superuser,
    ),
    # --- datasources ---
    Kind(
        "DATASOURCE_SAVED",
        lambda w: w.api("PUT", f"/datasets/{w.dataset.pk}/datasource", s3_fields(purpose="INPUT")),
        "Input of street-scenes: AWS S3, s3://acme-raw/street/ with a new credential",
        via="API",
        about_dataset=True,
        before=lambda w: w.datasource.delete(),
    ),
    Kind(
        "DATASOURCE_SAVED",
        lambda w: w.api(
            "PUT",
            f"/datasets/{w.dataset.pk}/datasource",
            s3_fields(purpose="INPUT", fullPath="s3://acme-raw/street/deep/"),
        ),
        "Input of street-scenes: AWS S3, s3://acme-raw/street/deep/",
        via="API",
        about_dataset=True,
    ),
    Kind(
        "DATASOURCE_REMOVED",
        lambda w: w.api(
            "PUT", f"/datasets/{w.dataset.pk}/datasource", s3_fields(purpose="INPUT_OUTPUT", fullPath="s3://acme-raw/")
        ),
        "Input of street-scenes",
        via="API",
        about_dataset=True,
    ),
    Kind(
        "GRANT_LINK_CREATED",
        lambda w: w.post(reverse("datasources:grant_links", args=[w.dataset.pk, "input"])),
        "Input of street-scenes",
        about_dataset=True,
    ),
    Kind(
        "GRANT_LINK_REVOKED",
        lambda w: w.post(
            reverse("datasources:revoke_grant_link", args=[w.dataset.pk, "input", w.datasource.grant_links.get().pk])
        ),
        "Input of street-scenes",
        about_dataset=True,
        before=lambda w: grant_links.make(datasource=w.datasource, by=w.alice),
    ),
    Kind(
        "READ_URLS_REVOKED",
        lambda w: call_command("revokereadurls", w.dataset.pk),
        "street-scenes",
        who="",
        via="SYSTEM",
        about_dataset=True,
    ),
    # --- checks and jobs ---
    Kind(
        "CHECK_STARTED",
        lambda w: w.post(reverse("datasources:check_again", args=[w.dataset.pk, "input"])),
        "Input of street-scenes",
        about_dataset=True,
        before=World.finish_checks,
    ),
    Kind(
        "CHECK_STARTED",
        lambda w: w.post(reverse("dashboard:check_shown"), dataset=w.dataset.pk),
        "Input of street-scenes",
        about_dataset=True,
        before=World.finish_checks,
    ),
    Kind(
        "CHECK_STARTED",
        admin_action("datasources_datasource", "check_again", lambda w: w.datasource.pk),
        "Input of street-scenes",
        via="ADMIN",
        about_dataset=True,
        before=make_superuser_of_finished_checks,
    ),
    Kind("JOB_STARTED", lambda w: w.post("/health/check-all/"), "Check all datasources: Acme Vision"),
    Kind(
        "JOB_CANCELLED",
        lambda w: w.post(reverse("jobs:cancel", args=[Job.objects.get().pk])),
        "Check all datasources: Acme Vision",
        before=make_job,
    ),
    # --- downloads ---
    Kind("EXPORTED", lambda w: w.client.get("/health/datasources.csv"), "the table of the health page"),
    Kind("EXPORTED", lambda w: w.client.get(team_url("activity_export")(w)), "the activity of the team"),
    Kind(
        "EXPORTED",
        lambda w: w.client.get(reverse("admin:teams_auditentry_export")),
        "the activity of all teams",
        via="ADMIN",
        before=make_superuser,
    ),
    # --- the admin panel ---
    Kind("ADMIN_CHANGED", admin_role, "Changed Role.", via="ADMIN", before=make_superuser),
    Kind(
        "ADMIN_CHANGED",
        admin_action("teams_user", "disable", lambda w: w.bob.pk),
        "bob@example.com: Disabled.",
        via="ADMIN",
        before=make_superuser,
    ),
    Kind(
        "ADMIN_CHANGED",
        admin_action("teams_apitoken", "revoke", lambda w: ApiToken.objects.get(user=w.bob).pk),
        "Revoked.",
        via="ADMIN",
        before=make_superuser_and_token,
    ),
    Kind(
        "ADMIN_CHANGED",
        lambda w: w.post(reverse("admin:datasets_dataset_delete", args=[w.dataset.pk]), post="yes"),
        "dataset street-scenes: Deleted.",
        via="ADMIN",
        before=make_superuser,
    ),
]


@pytest.fixture
def world(
    client: Client,
    alice: User,
    bob: User,
    team: Team,
    dataset: Dataset,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for name in ("dispatch", "dispatch_all"):
        monkeypatch.setattr(tasks, name, lambda ids: True)
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=parse_config(s3_fields()), thumb_suffix="", by=alice)
    token = create_token(user=alice, name="training-server")
    client.force_login(alice, settings.AUTHENTICATION_BACKENDS[0])
    client.defaults["HTTP_X_FORWARDED_FOR"] = f"{CLAIMED}, {HERE}"
    return World(client, alice, bob, team, dataset, token)


@pytest.mark.parametrize("kind", KINDS, ids=[f"{kind.action}-{number}" for number, kind in enumerate(KINDS)])
def test_one_entry_each(world: World, kind: Kind) -> None:
    if kind.before:
        kind.before(world)
    known, start, dataset_id = set(AuditEntry.objects.values_list("pk", flat=True)), timezone.now(), world.dataset.pk
    answer = kind.act(world)
    assert getattr(answer, "status_code", 200) < 400, answer.content
    new = AuditEntry.objects.exclude(pk__in=known).filter(action=kind.action)
    entry = new.get()
    assert kind.target in entry.target
    assert entry.actor_email == kind.who
    assert entry.actor_name == kind.who
    assert start <= entry.created_at <= timezone.now()
    assert entry.via == kind.via
    assert entry.address == ("" if kind.via == "SYSTEM" else HERE)
    assert entry.token_name == ("training-server" if kind.via == "API" else "")
    if kind.action == "DATASET_CREATED":
        dataset_id = Dataset.objects.get(name="night").pk
    assert entry.dataset_id == (dataset_id if kind.about_dataset else "")
    everywhere = str(list(AuditEntry.objects.values()))
    assert SECRET not in everywhere
    assert world.token not in everywhere


def test_without_a_proxy_nobody_chooses_their_address(world: World, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    world.api("POST", "/datasets", {"name": "night"})
    assert AuditEntry.objects.get(target="night").address == "127.0.0.1"


def test_nothing_is_written_of_what_was_refused(world: World) -> None:
    world.client.logout()
    before = AuditEntry.objects.count()
    world.client.force_login(world.bob, "teams.backends.PasswordBackend")
    for answer in (
        world.post(reverse("datasources:dataset", args=[world.dataset.pk]), confirm="street-scenes"),
        world.post(reverse("datasources:dataset", args=[world.dataset.pk]), name="mine"),
        world.post(reverse("datasets:sharing", args=[world.dataset.pk]), emails="eve@example.com"),
        world.client.get(reverse("teams:activity_export", args=[world.team.pk])),
        world.client.get("/health/datasources.csv"),
    ):
        assert answer.status_code == 403
    world.client.force_login(world.alice, "teams.backends.PasswordBackend")
    assert world.post("/datasets/new/", name="street-scenes", type="Images").status_code == 422
    assert world.api("PUT", f"/datasets/{world.dataset.pk}", {"name": ""}).status_code == 400
    assert AuditEntry.objects.count() == before


def test_an_entry_and_what_it_tells_of_are_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the log can't be written to, nothing has happened."""

    def full(*args: object, **values: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(AuditEntry, "save", full)
    world.client.raise_request_exception = False
    assert world.api("DELETE", f"/datasets/{world.dataset.pk}", {}).status_code == 500
    assert world.api("PUT", f"/datasets/{world.dataset.pk}", {"name": "day"}).status_code == 500
    assert world.post("/health/check-all/").status_code == 500
    assert world.post("/tokens/", name="laptop", expires="30").status_code == 500
    assert list(Dataset.objects.values_list("name", flat=True)) == ["street-scenes"]
    assert not Job.objects.exists()
    assert not ApiToken.objects.filter(name="laptop").exists()
    assert not Webhook.objects.exists()


def test_many_checks_at_once_are_one_entry(world: World) -> None:
    config = parse_config(s3_fields())
    services.save(dataset=world.dataset, purpose=Purpose.LIGHTLY, config=config, thumb_suffix="", by=world.alice)
    world.finish_checks()
    ids = list(Datasource.objects.values_list("pk", flat=True))
    assert services.check_many_again(datasource_ids=ids, by=world.alice) == 2
    entry = AuditEntry.objects.get(action="CHECK_STARTED")
    assert sorted(entry.target.split(", ")) == ["Input of street-scenes", "Lightly of street-scenes"]
    assert services.check_many_again(datasource_ids=ids, by=world.alice) == 2
    assert AuditEntry.objects.filter(action="CHECK_STARTED").count() == 1  # they are still under way


def test_what_a_job_checks_is_not_written_one_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.finish_checks()
    make_job(world)
    before = AuditEntry.objects.count()
    monkeypatch.setattr(lifecycle, "run", lambda *ids, patience: None)
    monkeypatch.setattr(lifecycle, "wait_for", lambda ids: [])
    services.check_now(datasource_ids=[world.datasource.pk], by=world.alice, trigger=Trigger.PERSON)
    assert AuditEntry.objects.count() == before


def test_names_outlive_people_and_teams(world: World) -> None:
    world.api("POST", "/datasets", {"name": "night"})
    Dataset.objects.all().delete()
    world.team.delete()
    world.alice.delete()
    entry = AuditEntry.objects.get(target="night")
    assert (entry.team, entry.actor) == (None, None)
    assert (entry.team_name, entry.actor_name, entry.actor_email) == ("Acme Vision", *["alice@example.com"] * 2)
