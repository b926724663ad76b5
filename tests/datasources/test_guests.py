"""Guests work with what a team stored, and neither see what only its members may see nor widen what was granted."""

import json
from typing import Any

import pytest
from django.urls import reverse

from clouds import CloudConfig, parse_config
from datasets.models import Dataset
from datasets.services import share_dataset
from datasources import services, tasks
from datasources.api.routes import HIDDEN, PLACEHOLDER
from datasources.models import CheckState, Purpose
from teams.models import Team, User
from tests.conftest import Call, Login, s3_fields

pytestmark = pytest.mark.django_db
DEEP = "s3://media/in/deep/"
ROLE = "arn:aws:iam::123456789012:role/Reader"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def guest(charlie: User, dataset: Dataset) -> User:
    share_dataset(dataset=dataset, emails=[charlie.email])
    return charlie


def keys(path: str = DEEP) -> CloudConfig:
    return parse_config(s3_fields(fullPath=path))


def role(team: Team, path: str = DEEP) -> CloudConfig:
    fields = {"s3Region": "eu-central-1", "s3ARN": ROLE, "s3ExternalId": team.external_id}
    return parse_config({"type": "S3DelegatedAccess", "fullPath": path, **fields})


def saved(dataset: Dataset, config: CloudConfig, purpose: Purpose = Purpose.INPUT) -> None:
    services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="", by=dataset.owner)


def stored_path(dataset: Dataset) -> str:
    return dataset.datasources.get(purpose=Purpose.INPUT).config.path


def api_path(dataset: Dataset) -> str:
    return f"/v1/datasets/{dataset.pk}/datasource"


def page_path(dataset: Dataset, tab: str = "input") -> str:
    return reverse("datasources:settings", args=[dataset.pk, tab])


WIDER = ["s3://media/", "s3://media/in/", "s3://media/in/deeper/", "s3://media/in/deep-secret/", "s3://other/in/deep/"]


@pytest.mark.parametrize("path", WIDER)
class TestWidening:
    def test_kept_secret_by_the_api(self, call: Call, guest: User, dataset: Dataset, path: str) -> None:
        saved(dataset, keys())
        body = s3_fields(fullPath=path, s3SecretAccessKey=PLACEHOLDER) | {"purpose": "INPUT"}
        answer = call(guest).put(api_path(dataset), body)
        assert answer.status_code == 400
        assert stored_path(dataset) == DEEP

    def test_kept_secret_by_the_form(self, login: Login, guest: User, dataset: Dataset, path: str) -> None:
        saved(dataset, keys())
        fields = keys().facts() | {"provider": "S3", "path": path, "secret_access_key": ""}
        answer = login(guest).post(page_path(dataset), fields)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        assert stored_path(dataset) == DEEP

    def test_role_by_the_api(self, call: Call, guest: User, team: Team, dataset: Dataset, path: str) -> None:
        saved(dataset, role(team))
        # What a guest is shown, a guess, and what they may have seen elsewhere.
        for external_id in (HIDDEN, "a-guess-of-mine", team.external_id):
            body = role(team, path).revealed() | {"s3ExternalId": external_id, "purpose": "INPUT"}
            answer = call(guest).put(api_path(dataset), body)
            assert answer.status_code == 400, external_id
            assert stored_path(dataset) == DEEP

    def test_role_by_the_form(self, login: Login, guest: User, team: Team, dataset: Dataset, path: str) -> None:
        saved(dataset, role(team))
        fields = {"provider": "S3DelegatedAccess", "path": path, "region": "eu-central-1", "role_arn": ROLE}
        assert login(guest).post(page_path(dataset), fields).status_code == 422
        assert stored_path(dataset) == DEEP

    def test_copied_to_the_other_datasource(
        self, login: Login, guest: User, team: Team, dataset: Dataset, path: str
    ) -> None:
        saved(dataset, keys())
        fields = keys().facts() | {"provider": "S3", "path": path, "copied_from": Purpose.INPUT}
        assert login(guest).post(page_path(dataset, "lightly"), fields).status_code == 422
        assert not dataset.datasources.filter(purpose=Purpose.LIGHTLY).exists()

    def test_who_manages_the_dataset_may_within_the_bucket(
        self, call: Call, alice: User, dataset: Dataset, path: str
    ) -> None:
        saved(dataset, keys())
        body = s3_fields(fullPath=path, s3SecretAccessKey=PLACEHOLDER) | {"purpose": "INPUT"}
        same_bucket = path.startswith("s3://media/")
        assert call(alice).put(api_path(dataset), body).status_code == (204 if same_bucket else 400)


def test_a_guest_may_go_deeper_and_bring_credentials_of_their_own(call: Call, guest: User, dataset: Dataset) -> None:
    saved(dataset, keys())
    deeper = s3_fields(fullPath=f"{DEEP}down/", s3SecretAccessKey=PLACEHOLDER) | {"purpose": "INPUT"}
    assert call(guest).put(api_path(dataset), deeper).status_code == 204
    own = s3_fields(fullPath="s3://mine/", s3AccessKeyId="AKIAOWNOWNOWNOWNOWN1") | {"purpose": "INPUT"}
    assert call(guest).put(api_path(dataset), own).status_code == 204
    assert stored_path(dataset) == "s3://mine/"


def test_a_guest_may_save_a_role_as_they_see_it(call: Call, guest: User, team: Team, dataset: Dataset) -> None:
    saved(dataset, role(team))
    shown = json.loads(call(guest).get(api_path(dataset), {"purpose": "INPUT"}).content)
    assert shown["s3ExternalId"] == HIDDEN
    assert call(guest).put(api_path(dataset), shown | {"fullPath": f"{DEEP}down/"}).status_code == 204
    config: Any = dataset.datasources.get().config
    assert (config.path, config.external_id) == (f"{DEEP}down/", team.external_id)


def denied(dataset: Dataset, team: Team) -> None:
    """A check that found the role closed, with the words and the place that such a check stores."""
    check = dataset.datasources.get().latest_check
    assert check
    facts = {"provider": "S3DelegatedAccess", "bucket": "media", "prefix": "in/deep/", "external_id": team.external_id}
    verdict = {"state": "denied", "milliseconds": 1, "cause": "cannot_assume_role", "code": "AccessDenied"}
    words = {"summary": "x", "tried": "x", "answered": "x", "likely_cause": "x", "fix": "x", "place": facts}
    check.state, check.verdicts = CheckState.DONE, {"list": verdict | words, "read": verdict | words}
    check.save()


def test_no_page_or_answer_tells_a_guest_the_external_id(
    login: Login, call: Call, alice: User, guest: User, team: Team, dataset: Dataset
) -> None:
    saved(dataset, role(team))
    denied(dataset, team)
    pages = [
        page_path(dataset),
        page_path(dataset) + "?provider=S3DelegatedAccess",
        page_path(dataset, "lightly") + "?provider=S3DelegatedAccess",
        page_path(dataset, "lightly") + "?copy=1",
        reverse("datasources:permissions", args=[dataset.pk, "input"]),
        reverse("datasources:history", args=[dataset.pk]),
        reverse("datasources:wizard", args=[dataset.pk, "lightly"]) + "?step=access&provider=S3DelegatedAccess",
        reverse("datasources:wizard", args=[dataset.pk, "lightly"]) + "?step=access&copy=1",
        reverse("datasets:overview", args=[dataset.pk]),
        reverse("home"),
    ]
    shown = {page: login(guest).get(page).content.decode() for page in pages}
    typed = {"provider": "S3DelegatedAccess", "path": DEEP}
    access = reverse("datasources:access", args=[dataset.pk, "input"])
    shown["access"] = login(guest).post(access, typed).content.decode()
    shown["refused"] = login(guest).post(page_path(dataset), typed | {"path": "x"}).content.decode()
    for query in ("", "/all"):
        shown[query] = call(guest).get(api_path(dataset) + query).content.decode()
    assert [page for page, text in shown.items() if team.external_id in text] == []
    # Else the pages may have nothing to hide.
    assert team.external_id in login(alice).get(pages[0]).content.decode()
    assert team.external_id in login(alice).get(pages[4]).content.decode()
    assert team.external_id in login(alice).post(access, typed).content.decode()


def test_a_guest_makes_no_links_that_show_it(login: Login, guest: User, team: Team, dataset: Dataset) -> None:
    saved(dataset, role(team))
    links = reverse("datasources:grant_links", args=[dataset.pk, "input"])
    assert login(guest).get(links).status_code == 403
    assert login(guest).post(links).status_code == 403
    assert links not in login(guest).get(page_path(dataset)).content.decode()
