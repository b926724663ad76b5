"""An old encryption key can be retired: everything that is stored encrypted is sealed anew with the newest."""

from __future__ import annotations

import io
import json
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from pytest_django import Settings

from clouds import PROVIDERS, parse_config
from core import rotation
from core.crypto import seal
from datasets.models import Dataset
from datasources.models import Datasource, Purpose, credential_digests
from lightly_platform.env import BASE_DIR
from notifications.models import Webhook
from teams.models import User
from tests.clouds.examples import example
from tests.lightly_platform.conftest import environ_with

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN = re.compile(r"gAAAAA[A-Za-z0-9_=-]{60,}")


def rotate() -> str:
    told = io.StringIO()
    call_command("rotatekeys", stdout=told, stderr=told)
    return told.getvalue()


def all_tokens() -> dict[str, list[str]]:
    """Whatever looks like Fernet in any column of any table, by table."""
    found: dict[str, list[str]] = {}
    for model in apps.get_models():
        texts = [each for each in model._meta.concrete_fields if isinstance(each, models.TextField | models.JSONField)]
        columns = [str(each.column) for each in texts]
        if columns and model._meta.managed:
            with connection.cursor() as cursor:
                names = ", ".join(connection.ops.quote_name(column) for column in columns)
                cursor.execute(f"SELECT {names} FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608
                tokens = [token for row in cursor.fetchall() for value in row for token in TOKEN.findall(str(value))]
            if tokens:
                found[model._meta.label] = tokens
    return found


def opens(key: str, token: str) -> bool:
    try:
        Fernet(key).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


@pytest.fixture
def furnished(settings: Settings, dataset: Dataset, alice: User) -> None:
    """A row of every kind that is stored encrypted, under the old key."""
    settings.LIGHTLY_ENCRYPTION_KEYS = (OLD,)
    for number, kind in enumerate(PROVIDERS):
        other = dataset if not number else Dataset.objects.create(name=f"d{number}", owner=alice, team=dataset.team)
        source = Datasource(dataset=other, purpose=Purpose.INPUT)
        source.set_config(parse_config(example(kind)))
        source.save()
    Webhook.objects.create(team=dataset.team, sealed_url=seal("https://hooks.example.com/x"), sealed_secret=seal("s"))
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)


@pytest.mark.django_db
@pytest.mark.usefixtures("furnished")
def test_afterwards_the_old_key_opens_nothing_and_is_not_needed(settings: Settings, alice: User) -> None:
    before = {model: len(tokens) for model, tokens in all_tokens().items()}
    assert before == {
        "datasources.Datasource": len(PROVIDERS),
        "notifications.Webhook": 2,
        "mfa.Authenticator": 2,
    }
    codes = RecoveryCodes(Authenticator.objects.get(user=alice, type="recovery_codes")).generate_codes()
    revisions = list(Datasource.objects.order_by("pk").values_list("revision", "modified_at"))
    settings.LIGHTLY_ENCRYPTION_KEYS = (NEW, OLD)
    told = rotate()
    assert f"Datasources: {len(PROVIDERS)} encrypted anew, 0 were already" in told
    assert "Webhooks: 1 encrypted anew" in told
    assert "Second factors: 2 encrypted anew" in told
    assert "Take the others out" in told
    after = all_tokens()
    assert {model: len(tokens) for model, tokens in after.items()} == before
    assert not [token for tokens in after.values() for token in tokens if opens(OLD, token)]
    settings.LIGHTLY_ENCRYPTION_KEYS = (NEW,)
    for source in Datasource.objects.all():
        assert source.config.revealed() == parse_config(example(source.provider)).revealed()
        assert source.credential_digest == credential_digests(source.config)[0]
    assert Webhook.objects.get().url == "https://hooks.example.com/x"
    assert RecoveryCodes(Authenticator.objects.get(user=alice, type="recovery_codes")).generate_codes() == codes
    assert list(Datasource.objects.order_by("pk").values_list("revision", "modified_at")) == revisions
    assert f"Datasources: 0 encrypted anew, {len(PROVIDERS)} were already" in rotate()


@pytest.mark.django_db
@pytest.mark.usefixtures("furnished")
def test_what_no_key_opens_is_told_and_left_alone(settings: Settings) -> None:
    lost = Datasource.objects.all()[0]
    Datasource.objects.filter(pk=lost.pk).update(sealed_config=Fernet(Fernet.generate_key()).encrypt(b"{}").decode())
    settings.LIGHTLY_ENCRYPTION_KEYS = (NEW, OLD)
    told = rotate()
    assert f"Datasources: {lost.pk} can't be read with any of the keys" in told
    assert f"Datasources: {len(PROVIDERS) - 1} encrypted anew" in told
    lost.refresh_from_db()
    assert not opens(NEW, lost.sealed_config)


@pytest.mark.django_db
@pytest.mark.usefixtures("furnished")
def test_a_change_that_is_made_meanwhile_is_kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two batches, and by a process that does not know the new key yet."""
    monkeypatch.setattr(rotation, "MOST_AT_ONCE", 2)
    settings.LIGHTLY_ENCRYPTION_KEYS = (NEW, OLD)
    table = next(each for each in rotation.tables() if each.name == "Datasources")
    first, last = Datasource.objects.order_by("pk").first(), Datasource.objects.order_by("pk").last()
    assert first
    assert last
    steps = rotation.rotate(table)
    next(steps)
    settings.LIGHTLY_ENCRYPTION_KEYS = (OLD,)
    for source in (first, last):
        source.set_config(parse_config(example(source.provider, fullPath=first_path(source.provider))))
        source.save()
    settings.LIGHTLY_ENCRYPTION_KEYS = (NEW, OLD)
    *_, count = steps
    assert count.renewed == len(PROVIDERS)
    told = rotate()
    assert "Datasources: 1 encrypted anew" in told
    settings.LIGHTLY_ENCRYPTION_KEYS = (NEW,)
    for source in (first, last):
        source.refresh_from_db()
        assert source.config.path == first_path(source.provider)


def first_path(provider: str) -> str:
    return str(example(provider)["fullPath"]).replace("input/", "moved/")


def test_every_sealed_column_is_registered() -> None:
    """A column that is called sealed belongs to a table that `rotatekeys` knows."""
    sealed = {model for model in apps.get_models() if any(f.name.startswith("sealed_") for f in model._meta.fields)}
    known = {table.rows().model for table in rotation.tables()}
    assert sealed
    assert sealed - known == set()


FILL = """
import django, json
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datasources.models import Datasource
from datasets.models import Dataset
from teams.models import Team, User
from clouds import parse_config
team = Team.objects.create(name="t")
user = User.objects.create_user("a@b.example", "x")
fields = json.loads(%r)
found = Dataset.objects.bulk_create([Dataset(name=f"d{n}", owner=user, team=team) for n in range(%d)])
sources = [Datasource(dataset=each, purpose="INPUT") for each in found]
for source in sources:
    source.set_config(parse_config(fields))
Datasource.objects.bulk_create(sources, batch_size=200)
"""


def test_it_goes_on_after_it_was_killed(tmp_path: Path) -> None:
    """SIGKILL between the first batch and the last, on SQLite in a file of its own."""
    rows, file = 1000, tmp_path / "lightly.sqlite3"

    def start(*arguments: str, keys: str) -> subprocess.Popen[str]:
        variables = {"LIGHTLY_DATA_DIR": str(tmp_path), "LIGHTLY_ENCRYPTION_KEYS": keys}
        environment = environ_with(variables) | {"DJANGO_SETTINGS_MODULE": "lightly_platform.settings"}
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True)

    def opened_by(key: str) -> int:
        with sqlite3.connect(file) as database:
            found = database.execute("SELECT sealed_config FROM datasources_datasource")
            return sum(opens(key, sealed) for (sealed,) in found)

    with start("-c", FILL % (json.dumps(example("S3")), rows), keys=OLD) as filling:
        assert filling.wait(timeout=60) == 0
    with start("manage.py", "rotatekeys", keys=f"{NEW},{OLD}") as rotating:
        assert rotating.stdout
        assert any("100 encrypted anew" in line for line in rotating.stdout)
        rotating.send_signal(signal.SIGKILL)
    done = opened_by(NEW)
    assert 100 <= done < rows
    assert done + opened_by(OLD) == rows
    with start("manage.py", "rotatekeys", keys=f"{NEW},{OLD}") as rotating:
        told, _ = rotating.communicate(timeout=60)
    assert f"Datasources: {rows - done} encrypted anew, {done} were already" in told
    assert (opened_by(NEW), opened_by(OLD)) == (rows, 0)
