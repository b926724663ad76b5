"""One credential of many datasources: who learns that, and what happens when it is replaced everywhere."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.db import connection
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clouds import CloudConfig, parse_config
from datasets.models import Dataset, SharedAccess, SharedWith
from datasources import services
from datasources.models import Datasource, PermissionCheck, Purpose, credential_digests
from datasources.shared_credentials import services as shared_credentials
from datasources.shared_credentials.queries import sharing
from teams.models import Team, User
from tests.conftest import SECRET, Login, s3_fields
from tests.datasources.shared_credentials.support import (
    NEW_SECRET,
    credential_of,
    datasource,
    settings_url,
    turn_red,
    typed,
)

pytestmark = pytest.mark.django_db
SAS = "sv=2025-05-05&sr=c&sp=rl&se=2099-01-01T00%3A00%3A00Z&sig=abc"
KEY = {
    "type": "service_account",
    "client_email": "reader@acme.iam.gserviceaccount.com",
    "private_key": "not really",
    "private_key_id": "1234",
}
# Of every provider, as the REST API spells it.
CONFIGS: list[dict[str, str]] = [
    s3_fields(),
    {
        "type": "S3DelegatedAccess",
        "fullPath": "s3://acme-raw/street/",
        "s3Region": "eu-central-1",
        "s3ARN": "arn:aws:iam::123456789012:role/reader",
        "s3ExternalId": "lightly-0123456789",
    },
    {"type": "AZURE", "fullPath": "acme-raw/street/", "accountName": "acmevision", "accountKey": SAS},
    {"type": "GCS", "fullPath": "gs://acme-raw/street/", "gcsProjectId": "acme", "gcsCredentials": json.dumps(KEY)},
    {
        "type": "OBS",
        "fullPath": "obs://acme-raw/street/",
        "obsEndpoint": "https://obs.eu-de.otc.t-systems.com",
        "obsAccessKeyId": "OBSKEY",
        "obsSecretAccessKey": SECRET,
    },
]
ROLE = CONFIGS[1]


class TestDigest:
    @pytest.mark.parametrize("fields", CONFIGS, ids=lambda fields: fields["type"])
    def test_it_is_the_same_for_other_paths_and_spellings(self, fields: dict[str, str]) -> None:
        config = parse_config(fields)
        spelled = {"fullPath": fields["fullPath"].replace("acme-raw/street/", "acme-other/night/")}
        if "accountKey" in fields:
            spelled["accountKey"] = f" ?{SAS}\n"
        if "gcsCredentials" in fields:
            spelled["gcsCredentials"] = json.dumps(dict(reversed(KEY.items())), indent=2) + "\n"
        assert credential_digests(parse_config(fields | spelled)) == credential_digests(config)

    @pytest.mark.parametrize("fields", CONFIGS, ids=lambda fields: fields["type"])
    def test_it_differs_with_each_part_of_the_credential(self, fields: dict[str, str]) -> None:
        config = parse_config(fields)
        names = {name: str(type(config).model_fields[name].alias) for name in config.credential_fields()}
        others = {
            "gcsCredentials": json.dumps(KEY | {"private_key_id": "5678"}),
            "accountKey": SAS + "d",
            "obsEndpoint": "https://obs.eu-nl.otc.t-systems.com",
        }
        for alias in names.values():
            other = parse_config(fields | {alias: others.get(alias, fields[alias] + "x")})
            assert credential_digests(other) != credential_digests(config), alias

    def test_it_tells_nothing_without_the_key(self, settings: Settings, s3_config: CloudConfig) -> None:
        (before,) = credential_digests(s3_config)
        settings.LIGHTLY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        (after,) = credential_digests(s3_config)
        assert before != after
        assert SECRET not in before

    def test_after_a_change_of_keys_the_old_ones_are_still_found(
        self, settings: Settings, alice: User, s3_config: CloudConfig
    ) -> None:
        old = datasource("old", alice)
        settings.LIGHTLY_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.LIGHTLY_ENCRYPTION_KEYS]
        new = datasource("new", alice)
        assert old.credential_digest != new.credential_digest
        assert sharing(s3_config, person=alice, apart_from=new).changeable == [old]
        assert sharing(s3_config, person=alice, apart_from=old).changeable == [new]

    def test_no_api_answer_and_no_page_shows_it(self, login: Login, alice: User, call: Any) -> None:
        one = datasource("street", alice)
        datasource("night", alice)
        turn_red()
        pages = [login(alice).get(settings_url(one)), call(alice).get(f"/v1/datasets/{one.dataset_id}/datasource/all")]
        for page in pages:
            assert page.status_code == 200
            assert one.credential_digest not in page.content.decode()


def test_what_was_stored_before_the_upgrade_gets_its_digest(alice: User) -> None:
    migration = import_module("datasources.migrations.0012_credential_digests")
    stored = [datasource(f"set-{number}", alice, purpose="INPUT", **fields) for number, fields in enumerate(CONFIGS)]
    unreadable = datasource("unreadable", alice)
    unreadable.sealed_config = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    unreadable.save()
    assert all(one.credential_digest for one in stored)
    Datasource.objects.update(credential_digest="")
    migration.fill(apps, connection.schema_editor())
    digests = dict(Datasource.objects.values_list("pk", "credential_digest"))
    assert digests == {one.pk: one.credential_digest for one in stored} | {unreadable.pk: ""}


class TestSharing:
    def test_only_what_the_person_may_see_is_found(
        self, alice: User, bob: User, charlie: User, s3_config: CloudConfig
    ) -> None:
        own = datasource("street", alice)
        second = datasource("night", alice, fullPath="s3://acme-other/night/")
        bobs = datasource("bobs", bob)
        charlies = datasource("charlies", charlie)
        datasource("other-key", alice, s3AccessKeyId="AKIAOTHER")
        for_alice = sharing(s3_config, person=alice, apart_from=own)
        assert (for_alice.changeable, for_alice.visible) == ([bobs, second], [])
        for_bob = sharing(s3_config, person=bob, apart_from=bobs)
        assert (for_bob.changeable, for_bob.visible) == ([], [second, own])
        assert sharing(s3_config, person=charlie, apart_from=charlies).all == []

    def test_the_other_datasource_of_the_dataset_counts(self, alice: User, s3_config: CloudConfig) -> None:
        own = datasource("street", alice)
        lightly = datasource("street", alice, purpose="LIGHTLY")
        assert sharing(s3_config, person=alice, apart_from=own).changeable == [lightly]

    def test_the_red_bulbs_name_them(self, login: Login, alice: User, bob: User, charlie: User) -> None:
        own = datasource("street", alice)
        datasource("night", alice)
        datasource("secret-of-charlie", charlie)
        html = login(alice).get(settings_url(own)).content.decode()
        assert "use the same credentials" not in html  # nothing is red yet
        turn_red()
        polled = reverse("datasources:permissions", args=[own.dataset_id, "input"])
        for page in (settings_url(own), polled):
            html = login(alice).get(page).content.decode()
            assert "1 other datasource uses the same credentials: night (Input)." in html
            assert "secret-of-charlie" not in html
            assert "do it once" in html
        assert "do it once" not in login(bob).get(settings_url(own)).content.decode()

    def test_many_are_counted_and_some_of_them_named(self, login: Login, alice: User) -> None:
        own = datasource("street", alice)
        for number in range(23):
            datasource(f"set-{number:02}", alice)
        turn_red()
        html = login(alice).get(settings_url(own)).content.decode()
        assert "23 other datasources use the same credentials: set-00 (Input)" in html
        assert "set-19 (Input) and 3 more" in html
        assert "set-20" not in html


class TestReplacing:
    def test_all_that_alice_may_change_get_it_and_are_checked(
        self,
        login: Login,
        alice: User,
        bob: User,
        charlie: User,
        sent: list[list[str]],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        own = datasource("street", alice)
        lightly = datasource("street", alice, purpose="LIGHTLY", fullPath="s3://acme-raw/lightly/")
        bobs = datasource("bobs", bob, fullPath="s3://acme-other/night/", s3Region="us-east-1")
        untouched = datasource("charlies", charlie), datasource("other-key", alice, s3AccessKeyId="AKIAOTHER")
        before = {one.pk: one.sealed_config for one in untouched}
        html = login(alice).get(settings_url(own)).content.decode()
        assert "Use the new credentials for 2 other datasources too" in html
        with django_capture_on_commit_callbacks(execute=True):
            answer = login(alice).post(settings_url(own), typed(), follow=True)
        new = {"access_key_id": "AKIANEW", "secret_access_key": NEW_SECRET}
        for one, path in ((own, "acme-raw/street/"), (lightly, "acme-raw/lightly/"), (bobs, "acme-other/night/")):
            saved = Datasource.objects.get(pk=one.pk)
            assert credential_of(saved) == new
            assert (saved.path, saved.revision) == (f"s3://{path}", 2)
            assert saved.latest_check is not None
            assert (saved.latest_check.revision, saved.latest_check.requested_by) == (2, alice)
        assert Datasource.objects.get(pk=bobs.pk).config.facts()["region"] == "us-east-1"
        assert Datasource.objects.get(pk=lightly.pk).thumbnail_suffix == "[filename]"
        assert {one.pk: Datasource.objects.get(pk=one.pk).sealed_config for one in untouched} == before
        assert [len(ids) for ids in sent] == [3]  # over one connection, which gives up once and not for each
        html = answer.content.decode()
        assert "2 other datasources have the new credentials" in html
        assert "bobs (Input), street (Lightly)" in html
        assert NEW_SECRET not in html

    def test_in_the_dialog_the_rows_of_all_of_them_follow(self, login: Login, alice: User) -> None:
        own, other = datasource("street", alice), datasource("night", alice)
        headers = {"HX-Request": "true", "HX-Target": "dialog"}
        answer = login(alice).post(settings_url(own), typed(), headers=headers)
        assert set(json.loads(answer["HX-Trigger"])) >= {
            f"dataset-changed-{own.dataset_id}", f"dataset-changed-{other.dataset_id}",
        }  # fmt: skip
        assert "1 other datasource has the new credentials" in answer.content.decode()

    def test_without_the_tick_it_stays_with_the_one(self, login: Login, alice: User) -> None:
        own, other = datasource("street", alice), datasource("night", alice)
        data = typed()
        del data["everywhere"]
        html = login(alice).post(settings_url(own), data, follow=True).content.decode()
        assert "AKIANEW" in str(credential_of(own))
        assert "AKIANEW" not in str(credential_of(other))
        assert "Not changed" not in html

    def test_a_mistake_keeps_the_tick_and_changes_nothing(self, login: Login, alice: User) -> None:
        own, other = datasource("street", alice), datasource("night", alice)
        answer = login(alice).post(settings_url(own), typed(region="nowhere at all"))
        assert answer.status_code == 422
        assert 'aria-describedby="id_everywhere_helptext" checked' in answer.content.decode()
        assert (credential_of(own), credential_of(other)) == (own.config.credential(), other.config.credential())

    def test_what_bob_may_not_change_is_named_and_left(self, login: Login, alice: User, bob: User) -> None:
        alices = datasource("street", alice)
        bobs, second = datasource("bobs", bob), datasource("bobs-second", bob)
        form = login(bob).get(settings_url(bobs)).content.decode()
        assert "You may not change these, which have them too: street (Input)." in form
        html = login(bob).post(settings_url(bobs), typed(), follow=True).content.decode()
        assert "AKIANEW" in str(credential_of(second))
        assert "AKIANEW" not in str(credential_of(alices))
        assert "Not changed: street (Input). You may not change this dataset." in html

    def test_nobody_learns_of_datasets_they_may_not_see(self, login: Login, alice: User, charlie: User) -> None:
        own, hidden = datasource("street", alice), datasource("secret-of-charlie", charlie)
        html = login(alice).post(settings_url(own), typed(), follow=True).content.decode()
        assert "secret-of-charlie" not in html
        assert credential_of(hidden) == hidden.config.credential()

    def test_a_stored_secret_goes_nowhere_else(self, login: Login, alice: User) -> None:
        """Copied from the other datasource, with its secret left empty: what is stored is for its own bucket alone."""
        own = datasource("street", alice)
        datasource("street", alice, purpose="LIGHTLY", s3AccessKeyId="AKIALIGHTLY", s3SecretAccessKey=NEW_SECRET)
        elsewhere = datasource("night", alice, fullPath="s3://another-bucket/")
        data = typed(access_key_id="AKIALIGHTLY", secret_access_key="", copied_from="LIGHTLY")
        html = login(alice).post(settings_url(own), data, follow=True).content.decode()
        assert credential_of(own)["access_key_id"] == "AKIALIGHTLY"
        assert credential_of(elsewhere) == elsewhere.config.credential()
        assert "No new credentials were entered" in html

    def test_the_same_again_changes_nothing_elsewhere(self, login: Login, alice: User) -> None:
        own, other = datasource("street", alice), datasource("night", alice)
        for secret in ("", SECRET):
            data = typed(access_key_id="AKIAEXAMPLE", secret_access_key=secret)
            html = login(alice).post(settings_url(own), data, follow=True).content.decode()
            assert "No new credentials were entered" in html
        assert Datasource.objects.get(pk=other.pk).revision == 1

    def test_another_provider_changes_nothing_elsewhere(self, login: Login, alice: User) -> None:
        own, other = datasource("street", alice), datasource("night", alice)
        data = {"provider": "AZURE", "path": "acme-raw/", "account": "acmevision", "sas_token": SAS, "everywhere": "1"}
        assert login(alice).post(settings_url(own), data).status_code == 302
        assert (Datasource.objects.get(pk=own.pk).provider, Datasource.objects.get(pk=other.pk).revision) == (
            "AZURE",
            1,
        )

    def test_the_external_id_of_one_team_is_never_given_to_another(
        self, alice: User, charlie: User, team: Team
    ) -> None:
        """Charlie's team shares a dataset with alice. Her own team's ID would open her team's roles to his."""
        old = parse_config(ROLE)
        own = datasource("street", alice, purpose="INPUT", **ROLE)
        charlies = datasource("charlies", charlie, purpose="INPUT", **ROLE)
        access = SharedAccess.objects.create(dataset=charlies.dataset)
        SharedWith.objects.create(shared_access=access, email=alice.email)
        new = parse_config(ROLE | {"s3ExternalId": team.external_id})
        _, replaced = shared_credentials.save_everywhere(
            dataset=own.dataset, purpose=Purpose.INPUT, old=old, new=new, thumb_suffix="", by=alice
        )
        assert replaced.changed == []
        ((left, why),) = replaced.left
        assert left == charlies
        assert "belongs to another team" in why
        assert credential_of(charlies) == old.credential()

    def test_settings_that_cannot_be_read_are_left_and_named(self, alice: User, s3_config: CloudConfig) -> None:
        own, broken = datasource("street", alice), datasource("night", alice)
        Datasource.objects.filter(pk=broken.pk).update(sealed_config="nonsense")
        new = parse_config(s3_fields(s3AccessKeyId="AKIANEW"))
        _, replaced = shared_credentials.save_everywhere(
            dataset=own.dataset, purpose=Purpose.INPUT, old=s3_config, new=new, thumb_suffix="", by=alice
        )
        assert replaced.changed == []
        assert [(left.pk, why) for left, why in replaced.left] == [
            (broken.pk, "Its settings can't be read. Enter them again there.")
        ]

    def test_all_or_none(self, alice: User, s3_config: CloudConfig, monkeypatch: pytest.MonkeyPatch) -> None:
        own, other = datasource("street", alice), datasource("night", alice)
        store = services.store

        def failing(*, dataset: Dataset, **rest: Any) -> PermissionCheck:
            if dataset == other.dataset:
                raise OSError("the disk is full")
            return store(dataset=dataset, **rest)

        monkeypatch.setattr(services, "store", failing)
        new = parse_config(s3_fields(s3AccessKeyId="AKIANEW"))
        with pytest.raises(OSError, match="disk"):
            shared_credentials.save_everywhere(
                dataset=own.dataset, purpose=Purpose.INPUT, old=s3_config, new=new, thumb_suffix="", by=alice
            )
        assert credential_of(own) == s3_config.credential()
        assert PermissionCheck.objects.count() == 2

    def test_at_most_so_many_at_once_and_the_rest_is_named(
        self, alice: User, s3_config: CloudConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shared_credentials, "MOST_REPLACED", 2)
        own = datasource("street", alice)
        others = [datasource(f"set-{number}", alice) for number in range(3)]
        new = parse_config(s3_fields(s3AccessKeyId="AKIANEW"))
        _, replaced = shared_credentials.save_everywhere(
            dataset=own.dataset, purpose=Purpose.INPUT, old=s3_config, new=new, thumb_suffix="", by=alice
        )
        assert replaced.changed == others[:2]
        assert [left for left, _ in replaced.left] == others[2:]
