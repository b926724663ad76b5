"""/readyz says what is missing, in words that tell nothing else, and costs little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core import pulse
from core.queues import Queue
from datasets.models import Dataset
from monitoring import machinery, probes
from teams.models import User
from tests.monitoring.furnished import add
from tests.monitoring.test_metrics import database_away

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redis answers, and no answer is kept from one question to the next."""
    monkeypatch.setattr(probes, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(pulse, "queue_lengths", lambda: dict.fromkeys(Queue, 0))
    probes.forget_answer()
    yield
    probes.forget_answer()


def ready(client: Client, **headers: str) -> tuple[int, list[str]]:
    answer = client.get("/readyz", headers=headers)
    assert answer["Content-Type"] == "text/plain"
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, answer.content.decode().splitlines()


def test_a_whole_installation_is_ready(client: Client, dataset: Dataset) -> None:
    add(dataset)
    assert ready(client) == (200, ["ready"])
    assert client.head("/readyz").status_code == 200
    assert client.post("/readyz").status_code == 405


def test_anybody_may_ask_by_any_name_without_https(client: Client, settings: Settings, alice: User) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert ready(client, host="10.1.2.3") == (200, ["ready"])


def test_before_the_first_account(client: Client) -> None:
    assert ready(client) == (200, ["ready"])


def test_without_its_database(client: Client) -> None:
    with database_away():
        assert ready(client) == (503, ["database unreachable"])


@pytest.mark.parametrize("app", ["runs", "teams"])
def test_a_database_of_an_older_release(client: Client, app: str) -> None:
    """A newer one's is ready: while an installation is upgraded, the old web servers go on."""
    migrations = MigrationRecorder(connection).migration_qs
    migrations.create(app=app, name="9999_of_a_newer_release")
    assert ready(client) == (200, ["ready"])
    migrations.filter(app=app, name__startswith="0001").delete()
    assert ready(client) == (503, ["database not migrated"])


def test_keys_of_another_installation(client: Client, dataset: Dataset, settings: Settings) -> None:
    mine = settings.LIGHTLY_ENCRYPTION_KEYS
    settings.LIGHTLY_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    assert ready(client) == (200, ["ready"])  # nothing is stored encrypted yet
    settings.LIGHTLY_ENCRYPTION_KEYS = mine
    add(dataset)
    settings.LIGHTLY_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    assert ready(client) == (503, ["encryption keys do not fit the database"])
    settings.LIGHTLY_ENCRYPTION_KEYS += tuple(mine)
    assert ready(client) == (200, ["ready"])


def test_without_redis_static_files_and_room(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is missing is told at once. The pages of an installation need the list of static files."""
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(pulse, "queue_lengths", lambda: None)
    monkeypatch.setattr(machinery, "LEAST_FREE_BYTES", 2**63)
    assert ready(client) == (503, ["redis unreachable", "static files missing", "disk full"])
    (tmp_path / "staticfiles.json").write_text("{}")
    assert ready(client) == (503, ["redis unreachable", "disk full"])


def test_many_questions_cost_as_much_as_one(client: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "KEPT_SECONDS", 60.0)
    asked: list[None] = []

    def lengths() -> dict[Queue, int]:
        asked.append(None)
        return dict.fromkeys(Queue, 0)

    monkeypatch.setattr(pulse, "queue_lengths", lengths)
    add(dataset)
    with CaptureQueriesContext(connection) as queries:
        answers = {ready(client)[0] for _ in range(20)}
    assert answers == {200}
    assert len(asked) == 1
    assert len(queries) <= 2 + 4  # of database and migrations, and one for each table with secrets


def test_the_answer_holds_no_details(client: Client, dataset: Dataset, settings: Settings) -> None:
    add(dataset)
    settings.LIGHTLY_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    answer: Any = client.get("/readyz")
    assert not any(word in answer.content.decode() for word in (dataset.pk, dataset.name, "s3://", "gAAAA"))
