"""No field of any cloud takes endless values, through whatever door they come; each is told where it stands."""

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clouds import PROVIDERS
from clouds.config import extra
from datasets.models import Dataset
from datasources import tasks
from datasources.models import Datasource
from datasources.settings.pasting import PASTED, PASTED_INTO
from teams.models import User
from tests.clouds.examples import example, service_account
from tests.conftest import Call, Login

pytestmark = pytest.mark.django_db
FIELDS = [(kind, name) for kind, provider in PROVIDERS.items() for name in provider.config_class.fields()]
HUGE = 2_000_000
HUGE_FIELDS = {("S3", "path"), ("S3", "region"), ("GCS", "credentials"), ("S3Compatible", "ca_certificate")}
# A page of settings has 40 kB. It used to have nine times what was sent.
MOST_PAGE_BYTES = 150_000


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def limit(kind: str, name: str) -> int:
    if name == "path":
        return 1024
    return 8192 if extra(PROVIDERS[kind].config_class.fields()[name], "multiline") else 2048


def grown(kind: str, name: str, size: int) -> str:
    """A value of this field that is only too long."""
    info = PROVIDERS[kind].config_class.fields()[name]
    right = str(example(kind).get(info.alias or name, "a"))
    return right + "a" * (size - len(right))


def typed(kind: str, **changes: str) -> dict[str, str]:
    """What the form of this provider sends."""
    fields, spelled = PROVIDERS[kind].config_class.fields(), example(kind)
    values = {name: str(spelled[info.alias]) for name, info in fields.items() if info.alias in spelled}
    return {"provider": kind, **values, **changes}


def errors_beside(page: str, name: str) -> str:
    found = re.search(rf'id="[a-z_-]*{name}_error".*?</p>', page, re.DOTALL)
    return found[0] if found else ""


def assert_told(answer: Any, name: str, most: int, *, status: int = 422) -> None:
    page = answer.content.decode()
    assert answer.status_code == status
    assert len(page) < MOST_PAGE_BYTES
    assert f"at most {most:,} bytes" in errors_beside(page, name)
    assert not Datasource.objects.exists()


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_field_has_a_limit_at_every_door(
    login: Login, call: Call, alice: User, dataset: Dataset, kind: str, name: str
) -> None:
    if extra(PROVIDERS[kind].config_class.fields()[name], "choices"):
        return  # nothing but the choices is taken: see below
    most, client = limit(kind, name), login(alice)
    page, wizard = (reverse(f"datasources:{view}", args=[dataset.pk, "input"]) for view in ("settings", "wizard"))
    # One field of each kind is enough for the megabytes.
    sizes = (most + 1, HUGE) if (kind, name) in HUGE_FIELDS else (most + 1,)
    for size in sizes:
        assert_told(client.post(page, typed(kind, **{name: grown(kind, name, size)})), name, most)
    data = typed(kind, **{name: grown(kind, name, sizes[-1])})
    assert_told(client.post(wizard, {"step": "credentials", **data}), name, most)
    pasted = {**typed(kind), PASTED_INTO: name, PASTED: data[name]}
    assert_told(client.post(page, pasted), name, most, status=200)
    alias = PROVIDERS[kind].config_class.fields()[name].alias
    for size in sizes:
        body = {**example(kind, **{str(alias): grown(kind, name, size)}), "purpose": "INPUT"}
        answer = call(alice).put(f"/v1/datasets/{dataset.pk}/datasource", body)
        assert answer.status_code == 400
        assert f"{alias}: This is too long: at most {most:,} bytes" in json.loads(answer.content)["error"]
        assert len(answer.content) < 1000
    assert not Datasource.objects.exists()


@pytest.mark.parametrize("kind", PROVIDERS)
def test_the_longest_path_that_clouds_take_is_taken(call: Call, alice: User, dataset: Dataset, kind: str) -> None:
    path = str(example(kind)["fullPath"])
    path += "é" * ((1023 - len(path)) // 2) + "/"
    body = {**example(kind, fullPath=path), "purpose": "INPUT"}
    assert call(alice).put(f"/v1/datasets/{dataset.pk}/datasource", body).status_code == 204
    assert dataset.datasources.get().path == path


def test_hidden_and_chosen_values_are_not_sent_back(login: Login, alice: User, dataset: Dataset) -> None:
    page = reverse("datasources:settings", args=[dataset.pk, "input"])
    for name in ("provider", "copied_from", "addressing", "thumbnail_suffix", "filled.path", "anything"):
        answer = login(alice).post(page, {**typed("S3Compatible"), "path": "", name: "x" * HUGE})
        assert answer.status_code == 422, name
        assert len(answer.content) < MOST_PAGE_BYTES, name


def test_the_ways_to_grant_access_repeat_no_endless_path(login: Login, alice: User, dataset: Dataset) -> None:
    for kind in PROVIDERS:
        data = typed(kind, path=grown(kind, "path", HUGE))
        answer = login(alice).post(reverse("datasources:access", args=[dataset.pk, "input"]), data)
        assert answer.status_code == 200
        assert len(answer.content) < MOST_PAGE_BYTES


def test_a_thumbnail_suffix_has_a_limit(login: Login, call: Call, alice: User, dataset: Dataset) -> None:
    suffix = "[filename]" + "x" * 1015
    page = reverse("datasources:settings", args=[dataset.pk, "lightly"])
    assert_told(login(alice).post(page, typed("S3", thumbnail_suffix=suffix)), "thumbnail_suffix", 1024)
    body: dict[str, Any] = {**example("S3"), "purpose": "LIGHTLY", "thumbSuffix": suffix}
    answer = call(alice).put(f"/v1/datasets/{dataset.pk}/datasource", body)
    assert answer.status_code == 400
    assert "thumbSuffix: This is too long" in json.loads(answer.content)["error"]


def test_a_chosen_key_file_has_a_limit(login: Login, alice: User, dataset: Dataset) -> None:
    page = reverse("datasources:settings", args=[dataset.pk, "input"])
    for size in (8193, HUGE):
        file = SimpleUploadedFile("key.json", service_account().ljust(size).encode())
        assert_told(
            login(alice).post(page, {**typed("GCS", credentials=""), "credentials_file": file}), "credentials", 8192
        )


@pytest.mark.parametrize("bits", [4104, 9000])
def test_a_huge_google_key_is_refused_at_every_door(
    login: Login, call: Call, alice: User, dataset: Dataset, bits: int
) -> None:
    from tests.clouds.gcs.test_private_key import huge

    key, client = service_account(private_key=huge(bits)), login(alice)
    page, wizard = (reverse(f"datasources:{view}", args=[dataset.pk, "input"]) for view in ("settings", "wizard"))
    file = SimpleUploadedFile("key.json", key.encode())
    data = typed("GCS", credentials=key)
    told = [client.post(page, data), client.post(wizard, {"step": "credentials", **data})]
    told.append(client.post(page, {**typed("GCS", credentials=""), "credentials_file": file}))
    told.append(client.post(page, {**data, "credentials": "", "project_id": key}))  # pasted elsewhere
    sentence = f"RSA key of {bits:,} bits" if len(key) < 8192 else "at most 8,192 bytes"
    for answer in told:
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    body = {**example("GCS", gcsCredentials=key), "purpose": "INPUT"}
    answer = call(alice).put(f"/v1/datasets/{dataset.pk}/datasource", body)
    assert answer.status_code == 400
    assert sentence in json.loads(answer.content)["error"]
    assert not Datasource.objects.exists()
