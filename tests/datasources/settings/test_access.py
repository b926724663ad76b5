"""What a datasource's settings say of access: what to grant first, what is missing, and which field is at fault."""

import html
import json
import re
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings

from clouds import PROVIDERS, CloudConfig
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose
from teams.models import User
from tests.conftest import SECRET, Login

pytestmark = pytest.mark.django_db
PLACE = {
    "provider": "S3",
    "bucket": "acme-raw",
    "prefix": "street/",
    "region": "eu-central-1",
    "access_key_id": "AKIA1",
}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def check(dataset: Dataset, alice: User, s3_config: CloudConfig) -> PermissionCheck:
    return services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=s3_config, thumb_suffix="", by=alice)


def verdict(state: str = "denied", cause: str = "denied", **more: Any) -> dict[str, Any]:
    words = {
        "state": state,
        "milliseconds": 12,
        "cause": cause if state != "granted" else "",
        "code": "403 AccessDenied",
        "summary": f"{cause} it is",
        "tried": "Something.",
        "answered": "403 AccessDenied",
        "likely_cause": f"The cause is {cause}.",
        "fix": "Do that.",
        "how_to_be_sure": "Look there.",
        "command": "aws sts get-caller-identity",
        "field": "",
        "place": PLACE,
    }
    return words | more


def finish(check: PermissionCheck, **verdicts: dict[str, Any]) -> None:
    granted = verdict("granted", place={}, likely_cause="", fix="", how_to_be_sure="", command="")
    whole = {name: verdicts.get(name, granted) for name in ("list", "read", "write", "overwrite")}
    PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, outcome=Outcome.RED, verdicts=whole)


def page(login: Login, person: User, name: str, dataset: Dataset, tab: str, **query: str) -> str:
    client, url = login(person), reverse(f"datasources:{name}", args=[dataset.pk, tab])
    answer = client.post(url, query) if name == "access" else client.get(url, query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def documents(text: str) -> list[Any]:
    found = re.findall(r"<code>(\{.*?\})</code>", text, re.DOTALL)
    return [json.loads(document) for document in found]


class TestFirst:
    def test_nothing_is_stored_yet_so_it_comes_first_and_shows_an_example(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        text = page(login, alice, "settings", dataset, "input")
        assert re.search(r'<details class="disclosure disclosure--step">\s*<summary>First: grant access', text)
        assert "my-bucket/path/to/images/" in text
        assert documents(text)[0]["Statement"][1]["Action"] == ["s3:GetObject"]

    def test_once_stored_it_is_closed_and_about_what_is_stored(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        text = page(login, alice, "settings", dataset, "lightly")
        assert re.search(r'<details class="disclosure disclosure--step">', text)
        assert documents(text)[0]["Statement"][1]["Resource"] == "arn:aws:s3:::acme-raw/street/*"
        assert documents(text)[0]["Statement"][1]["Action"] == ["s3:GetObject", "s3:PutObject"]

    def test_it_follows_what_is_typed(self, login: Login, alice: User, dataset: Dataset) -> None:
        typed = {"provider": "S3", "path": "s3://b-1/it's <new>/", "region": "cn-north-1", "access-form": "terraform"}
        text = page(login, alice, "access", dataset, "lightly", **typed)
        assert documents(text)[0]["Statement"][1]["Resource"] == "arn:aws-cn:s3:::b-1/it's <new>/*"
        assert re.search(r'value="terraform" checked', text)

    @pytest.mark.parametrize("provider", list(PROVIDERS))
    def test_every_provider_has_its_forms(self, login: Login, alice: User, dataset: Dataset, provider: str) -> None:
        text = page(login, alice, "access", dataset, "input", provider=provider)
        assert len(re.findall(r'class="kinds__choice"', text)) >= 2
        assert len(re.findall(r" checked>", text)) == 1

    def test_half_a_path_and_an_unknown_provider_are_no_error(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        for query in ({"provider": "S3", "path": "s3:/"}, {"provider": "nobody"}, {"path": "\0"}, {}):
            assert "my-bucket" in page(login, alice, "access", dataset, "input", **query)

    def test_the_request_asks_for_no_secret(self, login: Login, alice: User, dataset: Dataset) -> None:
        for name, provider in PROVIDERS.items():
            text = page(login, alice, "settings", dataset, "input", provider=name)
            (sent,) = re.findall(r'hx-params="([^"]*)"', text)
            assert "path" in sent.split(",")
            assert not set(sent.split(",")) & set(provider.config_class.secret_fields())

    def test_a_secret_sent_all_the_same_is_not_shown(self, login: Login, alice: User, dataset: Dataset) -> None:
        text = page(login, alice, "access", dataset, "input", provider="S3", secret_access_key=SECRET)
        assert SECRET not in text

    def test_the_teams_external_id_and_this_platforms_principal(
        self, login: Login, alice: User, dataset: Dataset, settings: Settings
    ) -> None:
        text = page(login, alice, "access", dataset, "input", provider="S3DelegatedAccess")
        assert dataset.team.external_id in text
        assert "ask its operator" in text
        settings.LIGHTLY_AWS_PRINCIPAL_ARN = "arn:aws:iam::999988887777:role/lightly"
        text = page(login, alice, "access", dataset, "input", provider="S3DelegatedAccess")
        assert documents(text)[0]["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::999988887777:role/lightly"}
        assert "ask its operator" not in text

    def test_who_may_not_change_it_needs_no_setup(
        self, login: Login, bob: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        assert "grant access" not in page(login, bob, "settings", dataset, "lightly").lower()


class TestMissing:
    def test_the_first_red_bulb_has_the_grant_for_all(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check, read=verdict(), write=verdict())
        text = page(login, alice, "permissions", dataset, "lightly")
        (document,) = documents(text)
        assert [statement["Action"] for statement in document["Statement"]] == [["s3:GetObject", "s3:PutObject"]]
        assert "For Read, Write: only what is missing" in text
        assert "part of what to paste at Read" in text
        assert "Look there." in text

    def test_where_a_grant_is_no_help_there_is_none(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check, list=verdict(cause="wrong_secret", field="secret_access_key"))
        text = page(login, alice, "permissions", dataset, "lightly")
        assert "kinds__choice" not in text
        assert "part of what" not in text
        assert "Field: Secret access key." in text

    def test_one_fault_is_not_told_four_times(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check, list=verdict(cause="no_bucket"), read=verdict(cause="no_bucket"))
        assert page(login, alice, "permissions", dataset, "lightly").count("Same reason as List") == 1

    def test_the_home_page_leads_there_and_carries_no_code(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check, write=verdict())
        text = login(alice).get("/").content.decode()
        assert "How to fix it" in text
        assert "get-caller-identity" not in text
        assert "Statement" not in text

    def test_polling_decrypts_nothing(
        self,
        login: Login,
        alice: User,
        dataset: Dataset,
        check: PermissionCheck,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        finish(check, write=verdict())

        def refuse(_: str) -> str:
            raise AssertionError("decrypted")

        monkeypatch.setattr("datasources.models.unseal", refuse)
        assert documents(page(login, alice, "permissions", dataset, "lightly"))

    def test_checks_of_an_older_version_are_shown_as_they_are(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        old = verdict()
        for name in ("how_to_be_sure", "command", "field", "place"):
            del old[name]
        finish(check, list=old, write=old)
        for name in ("permissions", "settings"):
            text = page(login, alice, name, dataset, "lightly")
            assert "The cause is denied." in text
            assert "Verify it yourself" not in text
        assert login(alice).get("/").status_code == 200
        assert login(alice).get(reverse("datasources:history", args=[dataset.pk])).status_code == 200


class TestMarks:
    def marks(self, text: str) -> dict[str, str]:
        found = re.findall(r'<p class="field__mark" id="mark-S3-(\w+)"[^>]*>(.*?)</p>', text, re.DOTALL)
        return {name: re.sub(r"<[^>]+>", "", words).strip() for name, words in found}

    def test_the_field_at_fault_is_marked_in_words(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(
            check,
            list=verdict(cause="wrong_region", field="region"),
            read=verdict(cause="wrong_region", field="region"),
            write=verdict(cause="kms_denied", field="kms_key_arn"),
        )
        text = page(login, alice, "settings", dataset, "lightly")
        marks = self.marks(text)
        assert marks.pop("region") == "Last check: wrong_region it is (List, Read)."
        assert marks.pop("kms_key_arn") == "Last check: kms_denied it is (Write)."
        assert set(marks.values()) == {""}
        (described,) = re.findall(r'<input[^>]*name="region"[^>]*aria-describedby="([^"]*)"', text)
        assert described.split() == ["id_region_helptext", "mark-S3-region"]

    def test_a_poll_brings_them_and_a_new_check_takes_them_away(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check, list=verdict(cause="wrong_region", field="region"))
        text = page(login, alice, "permissions", dataset, "lightly")
        assert self.marks(text)["region"]
        assert len(re.findall(r'id="mark-S3-\w+" hx-swap-oob="true"', text)) == len(self.marks(text))
        services.check_again(datasource=check.datasource, by=alice)
        assert set(self.marks(page(login, alice, "permissions", dataset, "lightly")).values()) == {""}

    def test_a_directory_with_nothing_in_it_and_a_similar_name_marks_the_path(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check)
        PermissionCheck.objects.update(empty=True, similar=["s3://acme-raw/streets/"])
        marks = self.marks(page(login, alice, "settings", dataset, "lightly"))
        assert marks["path"] == "Last check: no files found. Did you mean s3://acme-raw/streets/?"

    def test_the_path_of_a_file_is_told_with_its_directory(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check)
        PermissionCheck.objects.update(path="s3://acme-raw/in/a.jpg/", empty=True, similar=["s3://acme-raw/in/"])
        text = page(login, alice, "settings", dataset, "lightly")
        assert self.marks(text)["path"] == "Last check: this is a file. Enter its directory: s3://acme-raw/in/"
        assert "This is a file. Enter its directory: <code>s3://acme-raw/in/</code>" in text
        assert "Did you mean" not in text

    def test_another_providers_fields_are_not_marked(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finish(check, list=verdict(cause="no_bucket", field="path"))
        text = page(login, alice, "settings", dataset, "lightly", provider="AZURE")
        assert re.search(r'id="mark-AZURE-path"[^>]*></p>', text)
        # Where a check that is still running will put its marks.
        assert "mark-S3-path" in text
