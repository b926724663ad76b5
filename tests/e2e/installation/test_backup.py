"""A backup is taken while people, scripts and workers write, and brought back elsewhere, as docs/backup.md has it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lightly_platform import keys
from lightly_platform.env import BASE_DIR
from tests import prepared
from tests.e2e.conftest import NewStack, filled_bucket, reader, writer
from tests.e2e.support.stack import Stack
from tests.servers import Cloud, Config, Postgres
from tests.servers.postgres import programs
from tests.servers.process import HOST, eventually

PASSWORD = "a-long-enough-secret"
PAGE = (BASE_DIR / "docs" / "backup.md").read_text(encoding="utf-8")


@pytest.fixture
def silent() -> Iterator[Config]:
    """A config whose server takes connections and says nothing, so that a check of it is under way for long."""
    with socket.create_server((HOST, 0)) as server:
        yield {
            "type": "S3Compatible",
            "fullPath": "s3://bucket/lightly/",
            "s3Endpoint": f"http://{HOST}:{server.getsockname()[1]}",
            "s3AccessKeyId": "only-for-tests",
            "s3SecretAccessKey": "only-for-tests-only-for-tests",
        }


def manage(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=stack.environ,
        capture_output=True,
        text=True,
        check=False,
    )


class Script(threading.Thread):
    """Makes datasets without pause. `acknowledged`: the names of those that the server has confirmed."""

    def __init__(self, stack: Stack, token: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self.enough = threading.Event()
        self._url, self._token = f"{stack.url}/v1/datasets", token

    def run(self) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self._token}"
            while not self.enough.is_set():
                name = f"made-{len(self.acknowledged):04}"
                status = session.post(self._url, json={"name": name}, timeout=60).status_code
                (self.acknowledged if status == 201 else self.refused).append(name if status == 201 else status)  # type: ignore[arg-type]


def names(stack: Stack, token: str) -> set[str]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{stack.url}/v1/datasets", headers=headers, timeout=60)
    return {found["name"] for found in answer.json()}


def sign_in(stack: Stack, email: str) -> str:
    """The home page."""
    with requests.Session() as session:
        page = session.get(f"{stack.url}/accounts/login/", timeout=60).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = session.post(f"{stack.url}/accounts/login/", form, timeout=60)
        assert answer.url == f"{stack.url}/"
        return answer.text


@pytest.mark.timeout(400)  # two installations, one after the other, and a check that has to be given up
def test_taken_at_work_and_restored_elsewhere(
    new_stack: NewStack, cloud: Cloud, silent: Config, tmp_path: Path
) -> None:
    old = new_stack().run()
    ava = old.backstage.person("ava", password=PASSWORD)
    token = old.backstage.token(ava)
    bucket = filled_bucket(cloud)
    dataset = old.backstage.dataset("streets", ava, input=reader(cloud, bucket), lightly=writer(cloud, bucket))
    assert eventually(lambda: old.backstage.shown(dataset) == ["GREEN", "GREEN"], 60)
    hanging = old.backstage.dataset("hanging", ava, lightly=silent)
    assert eventually(lambda: old.backstage.checks(hanging)[0]["state"] == "RUNNING", 60)

    script = Script(old, token)
    script.start()
    assert eventually(lambda: len(script.acknowledged) >= 3, 60)
    before = list(script.acknowledged)
    taken = manage(old, "backup", "--to", str(tmp_path / "backup.tar.gz"))
    assert taken.returncode == 0, taken.stderr
    after = len(script.acknowledged)
    assert eventually(lambda: len(script.acknowledged) > after, 60)  # and goes on
    script.enough.set()
    script.join()
    assert script.refused == []
    refused = manage(old, "restore", "--replace", str(tmp_path / "backup.tar.gz"))
    assert refused.stderr.startswith("Lightly already runs on the data directory ")
    assert names(old, token) == {"streets", "hanging", *script.acknowledged}
    old.stop()

    new = new_stack(LIGHTLY_CHECK_DEADLINE_SECONDS="5")  # so long it waits twice for the one that hangs
    restored = manage(new, "restore", str(tmp_path / "backup.tar.gz"))
    assert restored.returncode == 0, restored.stderr
    assert keys.encryption_keys(new.data_dir) == keys.encryption_keys(old.data_dir)
    prepared.put_static_files_into(new.data_dir, new.environ)
    new.run()
    assert "made-" in sign_in(new, ava["email"])  # the newest are on the first page
    assert names(new, token) >= {"streets", "hanging", *before}
    # With the credentials that were in the backup.
    done = len(new.backstage.checks(dataset))
    new.backstage.make_due(dataset)
    new.backstage.run_task("queue_due_checks")  # as the scheduler does each minute
    assert eventually(lambda: len(new.backstage.checks(dataset)) >= done + 2, 90)
    assert eventually(lambda: {row["state"] for row in new.backstage.checks(dataset)} == {"DONE"}, 90)
    assert new.backstage.shown(dataset) == ["GREEN", "GREEN"]
    # It was under way when the backup was taken, and no Redis knows of it.
    assert eventually(lambda: new.backstage.checks(hanging)[0]["state"] == "DONE", 120)


@pytest.mark.timeout(300)
def test_pg_dump_and_pg_restore_as_written(new_stack: NewStack, cloud: Cloud, tmp_path: Path) -> None:
    """The commands of the page, with the address of a server of ours and a directory of ours in them."""
    secrets = {"SECRET_KEY": keys.new_secret_key(), "LIGHTLY_ENCRYPTION_KEYS": keys.new_encryption_key()}
    with Postgres() as postgres:
        shell = {**os.environ, "PATH": f"{programs()}:{os.environ['PATH']}"}
        subprocess.run(["createdb", f"--maintenance-db={postgres.url}", "lightly"], env=shell, check=True)
        old = new_stack(DATABASE_URL=postgres.url_of("lightly"), **secrets)
        old.start_redis()
        old.prepare()
        ava = old.backstage.person("ava", password=PASSWORD)
        token = old.backstage.token(ava)
        dataset = old.backstage.dataset("streets", ava, input=reader(cloud, filled_bucket(cloud)))
        (folder := tmp_path / "backups").mkdir()
        for word in ("pg_dump", "pg_restore"):
            (block,) = (text for text in re.findall(r"```sh\n(export .*?)```", PAGE, re.DOTALL) if word in text)
            for ours, theirs in (
                ("db.example.com", HOST),
                ("PGPORT=5432", f"PGPORT={postgres.server.port}"),
                ("PGUSER=lightly", "PGUSER=postgres"),
                ("/var/backups/lightly", str(folder)),
            ):
                assert ours in block
                block = block.replace(ours, theirs)
            subprocess.run(["sh", "-ec", block], env=shell, check=True)
        assert (folder / "lightly.dump").stat().st_mode & 0o777 == 0o600
        old.stop()

        new = new_stack(DATABASE_URL=postgres.url_of("lightly_restored"), **secrets)
        new.start_redis()
        new.prepare()
        new.start_worker()
        new.start_web()
        assert "streets" in sign_in(new, ava["email"])
        assert names(new, token) == {"streets"}
        # With the credentials of the dump. Nobody waits for the sweep that sends what the old Redis had.
        new.backstage.run_task("run_check", new.backstage.checks(dataset)[0]["id"])
        assert eventually(lambda: new.backstage.shown(dataset) == ["GREEN"], 60)
        new.stop()
