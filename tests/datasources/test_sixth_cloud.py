"""A cloud that only these tests register is there wherever people and scripts meet clouds, without another line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pydantic import ValidationError

from clouds import PROVIDERS, Deadline, Endpoints, open_store, parse_config
from clouds.doctor import cors, snippets
from clouds.permissions import ALL, READ_ONLY, Permission
from datasets.models import Dataset
from datasources import tasks
from datasources.models import PermissionCheck
from scripts import diagnoses, providers
from teams.models import User
from tests.clouds import sixth
from tests.conftest import Call, Login

pytestmark = pytest.mark.django_db
BADGE = "planted-badge-4711"
CONFIG = {"type": "SHELF", "fullPath": "shelf://my-shelf/street/", "shelfHall": "hall-7", "shelfBadge": BADGE}
TYPED = {"provider": "SHELF", "path": "shelf://my-shelf/street/", "hall": "hall-7", "badge": BADGE}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def hall() -> Iterator[sixth.Hall]:
    yield from sixth.registered(PROVIDERS)


def put(call: Call, user: User, dataset: Dataset, purpose: str = "LIGHTLY", **changes: str) -> Any:
    return call(user).put(f"/v1/datasets/{dataset.pk}/datasource", CONFIG | {"purpose": purpose} | changes)


def page(client: Client, name: str, *arguments: str, **query: str) -> str:
    answer = client.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def checked(call: Call, user: User, dataset: Dataset) -> dict[str, Any]:
    found: dict[str, Any] = call(user).get(f"/v1/datasets/{dataset.pk}/datasource/verify").json()
    return found


def test_without_it_nobody_knows_it(call: Call, alice: User, dataset: Dataset) -> None:
    answer = put(call, alice, dataset)
    assert (answer.status_code, "SHELF" in answer.json()["error"]) == (400, False)
    assert "DatasourceConfigSHELF" not in call(alice).get("/v1/openapi.json").content.decode()
    with pytest.raises(ValidationError):
        parse_config(CONFIG)


class TestRestApi:
    def test_what_was_put_is_read_back_without_its_secret(
        self, hall: sixth.Hall, call: Call, alice: User, dataset: Dataset
    ) -> None:
        assert put(call, alice, dataset).status_code == 204
        for shown in (
            call(alice).get(f"/v1/datasets/{dataset.pk}/datasource").json(),
            *call(alice).get(f"/v1/datasets/{dataset.pk}/datasource/all").json(),
        ):
            assert {name: shown[name] for name in CONFIG} == CONFIG | {"shelfBadge": "***"}

    def test_what_is_wrong_is_named(self, hall: sixth.Hall, call: Call, alice: User, dataset: Dataset) -> None:
        answer = put(call, alice, dataset, shelfHall="kitchen")
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("shelfHall: ")
        assert BADGE not in answer.content.decode()

    def test_it_is_verified(self, hall: sixth.Hall, call: Call, alice: User, dataset: Dataset) -> None:
        put(call, alice, dataset)
        put(call, alice, dataset, "INPUT")
        hall.badges[BADGE] = ALL
        assert checked(call, alice, dataset) == {
            "canList": True,
            "canRead": True,
            "canWrite": True,
            "canOverwrite": True,
        }
        hall.badges[BADGE] = READ_ONLY
        answer = checked(call, alice, dataset)
        assert (answer["canRead"], answer["canWrite"]) == (True, False)
        assert "denied: shelf:put" in answer["errors"]["canWrite"]

    def test_it_has_a_schema(self, hall: sixth.Hall, call: Call, alice: User) -> None:
        schemas = call(alice).get("/v1/openapi.json").json()["components"]["schemas"]
        assert set(CONFIG) <= set(schemas["DatasourceConfigSHELF"]["properties"])
        assert "SHELF" in schemas["DatasourceConfig"]["discriminator"]["mapping"]


class TestPages:
    def test_the_settings_form_has_its_fields_and_saves_them(
        self, hall: sixth.Hall, login: Login, alice: User, dataset: Dataset
    ) -> None:
        client, arguments = login(alice), (dataset.pk, "lightly")
        text = page(client, "datasources:settings", *arguments, provider="SHELF")
        assert "Shelves" in text
        assert 'name="hall"' in text
        assert "It is written over the door." in text
        assert "porter grant" in text
        answer = client.post(reverse("datasources:settings", args=arguments), TYPED)
        assert answer.status_code in {200, 302}, answer.content.decode()
        stored = dataset.datasources.get().config
        assert (stored.type, stored.facts()) == ("SHELF", {"hall": "hall-7"})
        text = page(client, "datasources:settings", *arguments)
        assert "hall-7" in text
        assert BADGE not in text

    def test_what_is_pasted_of_it_fills_its_form(
        self, hall: sixth.Hall, login: Login, alice: User, dataset: Dataset
    ) -> None:
        """Another provider was chosen: the text says better."""
        pasted = f"https://shelf.example.com/hall-7/my-shelf/street/?badge={BADGE}"
        answer = login(alice).post(
            reverse("datasources:settings", args=[dataset.pk, "lightly"]),
            {"provider": "S3", "path": pasted},
            follow=True,
        )
        assert "provider was changed from AWS S3" in answer.content.decode()
        assert BADGE not in answer.content.decode()
        assert dataset.datasources.get().config.revealed() == CONFIG

    def test_the_api_says_what_it_saw(self, hall: sixth.Hall, call: Call, alice: User, dataset: Dataset) -> None:
        pasted = f"https://shelf.example.com/hall-7/my-shelf/street/?badge={BADGE}"
        answer = put(call, alice, dataset, fullPath=pasted)
        assert answer.status_code == 400
        assert "a URL of a shelf; the path would be shelf://my-shelf/street/" in answer.json()["error"]
        assert BADGE not in answer.json()["error"]

    def test_the_guided_way_offers_it(self, hall: sixth.Hall, login: Login, alice: User, dataset: Dataset) -> None:
        client, guided = login(alice), ("datasources:wizard", dataset.pk, "input")
        assert re.search(r"icon--storage.*Shelves of the porter", page(client, *guided), re.DOTALL)
        access = page(client, "datasources:wizard", dataset.pk, "input", step="access", provider="SHELF")
        assert "porter grant" in access
        assert 'name="badge"' not in access

    def test_row_health_and_admin_name_it(
        self, hall: sixth.Hall, call: Call, login: Login, alice: User, dataset: Dataset
    ) -> None:
        put(call, alice, dataset)
        hall.badges[BADGE] = ALL
        checked(call, alice, dataset)
        client = login(alice)
        row = page(client, "dashboard:row", dataset.pk)
        provider = r'class="chip source__provider">\s*<svg class="icon icon--storage".*?</svg>\s*Shelves</span>'
        assert re.search(provider, row, re.DOTALL)
        health = page(client, "monitoring:health", provider="SHELF")
        assert '<option value="SHELF" selected>Shelves</option>' in health
        assert "shelf://my-shelf/street/" in health
        assert "shelf://" not in page(client, "monitoring:health", provider="S3")
        alice.is_staff = alice.is_superuser = True
        alice.save()
        assert "Shelves of the porter" in page(client, "admin:datasources_datasource_changelist")

    def test_the_api_page_writes_its_call(self, hall: sixth.Hall, login: Login, alice: User, dataset: Dataset) -> None:
        text = page(login(alice), "dashboard:api_page", provider="SHELF")
        assert "client.set_shelf_config(" in text
        assert "hall='hall-3'" in text


class TestDiagnosis:
    def test_a_red_bulb_has_its_words_and_its_grant(
        self, hall: sixth.Hall, call: Call, login: Login, alice: User, dataset: Dataset
    ) -> None:
        put(call, alice, dataset)
        hall.badges[BADGE] = READ_ONLY
        checked(call, alice, dataset)
        verdict = PermissionCheck.objects.get().verdicts[Permission.WRITE]
        assert verdict["summary"] == "denied: shelf:put"
        assert "ShelfWrite" in verdict["tried"]
        assert "the badge for hall-7" in verdict["likely_cause"].lower()
        assert verdict["place"]["hall"] == "hall-7"
        assert "porter grant hall-7 shelf:put" in page(login(alice), "datasources:permissions", dataset.pk, "lightly")

    def test_its_own_remedy_comes_before_that_of_all_clouds(
        self, hall: sixth.Hall, call: Call, alice: User, dataset: Dataset
    ) -> None:
        put(call, alice, dataset)
        checked(call, alice, dataset)
        verdict = PermissionCheck.objects.get().verdicts[Permission.LIST]
        assert verdict["summary"] == "the porter knows no such badge"
        assert verdict["field"] == "badge"

    def test_it_offers_its_document_for_browsers(self, hall: sixth.Hall) -> None:
        [document] = cors.documents(parse_config(CONFIG), "https://lightly.example.com", Endpoints())
        assert document.text == "my-shelf: let https://lightly.example.com in"

    def test_what_is_stored_becomes_a_script_without_its_secret(self, hall: sixth.Hall) -> None:
        code = snippets.stored(parse_config(CONFIG), dataset_id="0" * 24, purpose="INPUT", thumbnail_suffix="")
        assert "client.set_shelf_config(" in code
        assert BADGE not in code


def test_the_written_docs_have_it(hall: sixth.Hall) -> None:
    fields = providers.document()
    assert "## Shelves of the porter\n" in fields
    assert "| ↻ Hall | text | The hall in which the shelf stands. | `hall-3` | `shelfHall` |" in fields
    assert "| Overwrite | shelf:swap |" in fields
    assert "### The porter knows no such badge" in diagnoses.document()


def test_files_of_it_are_listed_and_read(hall: sixth.Hall, call: Call, alice: User, dataset: Dataset) -> None:
    put(call, alice, dataset, "INPUT")
    hall.badges[BADGE] = READ_ONLY
    hall.objects["my-shelf", "street/a.jpg"] = b"0123"
    answer = call(alice).get(f"/v1/datasets/{dataset.pk}/datasource/list", {"from": "0", "to": "4102444800"})
    assert answer.status_code == 200, answer.content
    assert [entry["fileName"] for entry in answer.json()["data"]] == ["a.jpg"]
    with_store = open_store(parse_config(CONFIG), Endpoints(), Deadline(5))
    assert b"".join(with_store.stream("street/a.jpg")) == b"0123"
