"""Each release is upgraded: no row is lost, what waited is done, and old addresses still lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import requests

from lightly_platform.env import BASE_DIR
from lightly_platform.launcher import embedded_redis
from tests.e2e.conftest import NewStack
from tests.e2e.support.release import RELEASES, Row
from tests.e2e.support.stack import Stack
from tests.servers import Postgres
from tests.servers.process import HOST, eventually, free_port

# Tables whose rows are kept elsewhere now, or whose columns say the same in other words: tests/notifications has a test
# of each of their columns.
MOVED_COLUMNS = {
    "datasources_alertmail": {"alert_id"},
    "datasources_webhookdelivery": {"alert_id"},
    "teams_notificationsettings": {"mail_broken", "mail_recovered", "mail_expiring"},
}
# Django's own notes of which models there are: they follow the models, and their ids stay.
OF_MODELS = {"django_content_type", "auth_permission"}
# Those that need no scheduler and no open check; tests/monitoring has all of them.
METRICS = {
    "lightly_broker_up",
    "lightly_check_duration_last_hour_seconds",
    "lightly_checks_last_hour",
    "lightly_datasources",
    "lightly_datasources_expiring",
    "lightly_open_checks",
    "lightly_queue_length",
    "lightly_undispatched_checks",
    "lightly_worker_heartbeat_age_seconds",
}


def dataset_of(release: Any) -> str:
    return str(next(row["id"] for row in release["tables"]["datasets_dataset"] if row["name"] == "street-scenes"))


def pages(release: Any) -> list[str]:
    tables = release["tables"]
    dataset, team = dataset_of(release), tables["teams_team"][0]["id"]
    return [
        "/",
        f"/datasets/{dataset}/settings/input/",
        f"/datasets/{dataset}/settings/lightly/",
        f"/datasets/{dataset}/settings/dataset/",
        f"/datasets/{dataset}/settings/history/",
        f"/datasets/{dataset}/connect/input/",
        f"/datasets/{dataset}/sharing/",
        "/datasets/new/",
        "/health/",
        "/health/datasources.csv",
        "/inbox/",
        "/notifications/settings/",
        "/api/",
        "/tokens/",
        "/team/",
        f"/teams/{team}/people/",
        f"/teams/{team}/activity/",
        f"/teams/{team}/settings/",
        f"/teams/{team}/service-accounts/",
        "/help/",
        "/help/alerts/",
        "/admin/",
        *(
            f"/admin/{model}/"
            for model in (
                *("teams/user", "teams/team", "teams/membership", "teams/invitation", "teams/apitoken"),
                *("teams/auditentry", "datasets/dataset", "datasources/datasource", "datasources/permissioncheck"),
                "datasources/alert",
            )
        ),
    ]


@pytest.fixture(params=list(RELEASES))
def release(request: pytest.FixtureRequest) -> Any:
    return {"name": request.param, **RELEASES[request.param]}


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, new_stack: NewStack, release: Any) -> Any:
    """The installation before its upgrade, with the release's database and its Redis, nothing running."""
    secrets = {"SECRET_KEY": release["secret_key"], "LIGHTLY_ENCRYPTION_KEYS": release["encryption_key"]}
    nobody = f"http://{HOST}:{free_port()}"  # so that a check ends at once
    more = {
        "EMAIL_URL": f"smtp://{HOST}:{free_port()}",
        "LIGHTLY_S3_ENDPOINT_URL": nobody,
        "LIGHTLY_STS_ENDPOINT_URL": nobody,
        "LIGHTLY_METRICS_TOKEN": "only-for-this-test",
        "LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST,
    }
    if request.param == "sqlite":
        yield new_stack(**secrets, **more)
        return
    with Postgres() as postgres:
        yield new_stack(DATABASE_URL=postgres.url, **secrets, **more)


@pytest.mark.timeout(240)  # all migrations there are, one by one
def test_nothing_is_lost(old: Stack, release: Any) -> None:
    old.data_dir.mkdir(mode=0o700)
    before = rows_of(old, "fill", release["name"])
    assert {table for table, rows in before.items() if not rows} <= {
        *("account_emailconfirmation", "socialaccount_socialapp", "socialaccount_socialtoken")
    }
    old.start_redis()
    queue_as_the_old_release_did(old, release["waiting_check"])
    old.prepare()
    after = rows_of(old, "dump", release["name"])
    for table in before.keys() - OF_MODELS:
        assert kept(release, table, after[table] or []) == kept(release, table, before[table] or []), table
    assert ids(after["django_content_type"]) >= ids(before["django_content_type"])
    assert ids(after["auth_permission"]) >= ids(before["auth_permission"])

    old.start_worker()
    assert eventually(lambda: state_of(old, release["waiting_check"]) == "DONE", 60), old.log("worker-2")

    old.start_web()
    session = signed_in(old, release)
    for path in pages(release):
        answer = session.get(old.url + path, timeout=60)
        assert answer.status_code == 200, (path, answer.status_code)
        assert "/accounts/login/" not in answer.url, path
    home = session.get(old.url, timeout=60).text
    assert all(row["name"] in home for row in release["tables"]["datasets_dataset"])
    inbox = session.get(f"{old.url}/inbox/", timeout=60).text
    assert all(notice["title"].partition(":")[0] in inbox for notice in release["tables"].get("teams_notice", ()))

    scripts = {"Authorization": f"Bearer {release['token']}"}
    datasets = requests.get(f"{old.url}/v1/datasets", headers=scripts, timeout=60).json()
    assert [found["name"] for found in datasets] == ["street-scenes"]  # those of one's own
    config = requests.get(f"{old.url}/v1/datasets/{dataset_of(release)}/datasource", headers=scripts, timeout=60).json()
    assert (config["type"], config["fullPath"]) == ("S3", "s3://acme-raw/street/")

    metrics = requests.get(f"{old.url}/metrics", headers={"Authorization": "Bearer only-for-this-test"}, timeout=60)
    assert set(re.findall(r"^# TYPE (\w+)", metrics.text, re.MULTILINE)) >= METRICS


def signed_in(stack: Stack, release: Any) -> requests.Session:
    """Still, or with the password of old: 0.1.0 named its ways to sign in differently, so its sessions end."""
    session = requests.Session()
    if release["name"] == "0.1.0":
        page = session.get(f"{stack.url}/accounts/login/", timeout=60).text
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[:1]
        form = {"login": "ava@example.com", "password": "a-long-enough-secret", "csrfmiddlewaretoken": token}
        assert session.post(f"{stack.url}/accounts/login/", form, timeout=60).url == f"{stack.url}/"
    else:
        session.cookies.set("lightly_session", release["session"])
    return session


def rows_of(stack: Stack, what: str, release: str) -> dict[str, list[Row] | None]:
    command = [sys.executable, "-m", "tests.e2e.support.release", what, release]
    done = subprocess.run(command, cwd=BASE_DIR, env=stack.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[Row] | None] = json.loads(done.stdout)
    return found


def kept(release: Any, table: str, rows: list[Row]) -> dict[str, Row]:
    """By id, without the columns that have moved, and without those that are new."""
    old_columns = set(release["tables"][table][0]) if release["tables"][table] else set()
    wanted = old_columns - MOVED_COLUMNS.get(table, set())
    key = "session_key" if table == "django_session" else "id"
    return {str(row[key]): {name: value for name, value in row.items() if name in wanted} for row in rows}


def ids(rows: list[Row] | None) -> set[int]:
    return {row["id"] for row in rows or []}


def queue_as_the_old_release_did(stack: Stack, check_id: str) -> None:
    """It had one queue; what people waited for was at the front."""
    code = (
        "from lightly_platform.celery import app\n"
        f"app.send_task('datasources.tasks.run_check', ('{check_id}',), queue='celery', priority=0)"
    )
    assert embedded_redis.answers(stack.data_dir)
    subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, env=stack.environ, check=True)


def state_of(stack: Stack, check_id: str) -> str:
    code = (
        "import sys, django; django.setup()\n"
        "from datasources.models import PermissionCheck\n"
        "print(PermissionCheck.objects.get(pk=sys.argv[1]).state)"
    )
    environ = stack.environ | {"DJANGO_SETTINGS_MODULE": "lightly_platform.settings"}
    command = [sys.executable, "-c", code, check_id]
    return subprocess.run(command, cwd=BASE_DIR, env=environ, capture_output=True, text=True, check=True).stdout.strip()
