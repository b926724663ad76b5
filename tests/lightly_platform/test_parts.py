"""Web server, scheduler and workers started each by itself, as containers and clusters do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightly_platform.env import read_environment
from lightly_platform.launcher import embedded_redis, health
from tests import prepared
from tests.lightly_platform.conftest import PREPARING_KEY, Run, Start, environ_with
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Of a migrated installation, whose Redis runs."""
    folder = tmp_path / "data"
    prepared.put_into(folder, environ_with({"SECRET_KEY": PREPARING_KEY}))
    with subprocess.Popen(embedded_redis.prepare(folder)) as server:
        assert eventually(lambda: embedded_redis.answers(folder), 30)
        yield folder
        server.terminate()


def launch(command: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lightly_platform.launch", command], env=environ_with(variables), text=True
    )


def is_well(**variables: str) -> bool:
    return not health.problem(read_environment(variables))


def test_the_web_server_alone(start: Start, python: Run, data_dir: Path) -> None:
    installation = start(command="web", data_dir=data_dir)
    assert installation.get("/healthz") == 200
    assert "Create the owner account: http://127.0.0.1:" in installation.output
    assert not any("crew" in command or "celery" in command for command in installation.processes().values())
    assert is_well(PORT=str(installation.port))
    assert python("-m", "lightly_platform.launcher.health", PORT=str(installation.port)).returncode == 0
    assert installation.stop() == 0
    assert python("-m", "lightly_platform.launcher.health", PORT=str(installation.port)).returncode == 1
    assert "Lightly has stopped." in installation.output
    assert all("redis-server" in command for command in installation.processes().values())


@pytest.mark.parametrize(("command", "more"), [("scheduler", {}), ("worker", {"QUEUES": "checks"})])
def test_what_lives_touches_its_file(data_dir: Path, tmp_path: Path, command: str, more: dict[str, str]) -> None:
    alive = tmp_path / "alive"
    variables = {"LIGHTLY_DATA_DIR": str(data_dir), "LIGHTLY_ALIVE_FILE": str(alive), "PORT": "1", **more}
    assert not is_well(**variables)
    with launch(command, **variables) as process:
        assert eventually(alive.exists, 60)
        assert is_well(**variables)
        process.terminate()
        assert process.wait(timeout=60) == 0
    os.utime(alive, (0, 0))
    assert not is_well(**variables)


@pytest.mark.parametrize("command", ["web", "scheduler"])
def test_without_redis(python: Run, command: str) -> None:
    result = python("-m", "lightly_platform.launch", command)
    assert result.returncode == 1
    assert result.stderr.startswith("No Redis answers in ")
    assert result.stderr.count("\n") == 1


def test_static_files_made_before(python: Run, data_dir: Path, tmp_path: Path) -> None:
    """A start makes none of its own, and says so if there are none."""
    made = tmp_path / "made" / "static"
    variables = {"LIGHTLY_DATA_DIR": str(data_dir), "LIGHTLY_STATIC_DIR": str(made)}
    missing = python("-m", "lightly_platform.launch", "web", **variables)
    assert missing.returncode == 1
    assert f"LIGHTLY_STATIC_DIR names {made}, where no static files are" in missing.stderr
    prepared.put_static_files_into(tmp_path / "made", environ_with({"SECRET_KEY": PREPARING_KEY}))
    assert python("-m", "lightly_platform.launcher.prepare", "static", **variables).returncode == 0


def test_others_wait_for_the_migrations(python: Run, data_dir: Path, tmp_path: Path) -> None:
    assert python("-m", "lightly_platform.launch", "wait", LIGHTLY_DATA_DIR=str(data_dir)).returncode == 0
    waits = "from lightly_platform.launcher import prepare; prepare.set_up(); prepare.wait_until_migrated(0)"
    result = python("-c", waits, LIGHTLY_DATA_DIR=str(tmp_path / "empty"))
    assert result.returncode == 1
    assert result.stderr.startswith("The database has not been migrated for 0 s; start `python -m lightly_platform.")
    away = python("-c", waits, DATABASE_URL="postgresql://nobody@127.0.0.1:1/x", **KEYS)
    assert away.stderr.startswith("The database has not answered for 0 s;")


KEYS = {"SECRET_KEY": "0123456789" * 6, "LIGHTLY_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}


def test_a_file_that_is_touched_is_enough(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    alive.touch()
    environment = read_environment({"LIGHTLY_ALIVE_FILE": str(alive), "PORT": "1"})
    assert health.problem(environment) == ""
    alive.unlink()
    assert health.problem(environment) == "Nothing answers on port 1 (ConnectionRefusedError)."
