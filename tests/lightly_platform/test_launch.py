"""The launcher with everything it starts. Linux only where /proc is read, like the rest of our CI."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
import requests

from lightly_platform.env import WrongEnvironment
from lightly_platform.launcher import embedded_redis
from lightly_platform.launcher.workers import workers
from tests.conftest import PASSWORD
from tests.lightly_platform.conftest import Installation, Run, Start, environ_with, free_port
from tests.servers.process import eventually

# Everything here starts and ends whole installations, which takes long on a busy machine.
pytestmark = pytest.mark.timeout(300)

CREW = {"lightly-web", "lightly-checks", "lightly-patient", "lightly-content", "lightly-beat"}
KINDS = {"redis-server", "launcher.crew", "launch run", *CREW}


def kinds(installation: Installation) -> set[str]:
    return {kind for kind in KINDS for command in installation.processes().values() if kind in command}


def all_there(installation: Installation) -> bool:
    """The web server answers before the workers have been forked."""
    return eventually(lambda: kinds(installation) == KINDS, 60)


def the(installation: Installation, kind: str) -> int:
    """The process of this kind; of the web server the first, its master."""
    assert all_there(installation)
    return min(process for process, command in installation.processes().items() if kind in command)


def test_serves_and_leaves_nothing_behind(start: Start) -> None:
    installation = start(from_nothing=True)
    assert installation.get("/?token=planted-token") == 200
    assert all_there(installation)
    assert f"http://127.0.0.1:{installation.port}/" in installation.output
    assert stat.S_IMODE(installation.data_dir.stat().st_mode) == 0o700
    private = [installation.data_dir / "lightly.sqlite3", *(installation.data_dir / "keys").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert installation.stop() == 0
    assert installation.processes() == {}
    assert "Lightly has stopped." in installation.output
    assert '"GET /"' in installation.output
    assert "planted-token" not in installation.output


def test_starts_again_with_the_same_keys_and_messages(start: Start) -> None:
    first = start()
    socket_path = embedded_redis.socket_path(first.data_dir)
    assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
    with redis.Redis(unix_socket_path=str(socket_path)) as client:
        assert client.config_get("port")["port"] == "0"
        client.set("kept", "yes")
    keys = {path.name: path.read_text() for path in (first.data_dir / "keys").iterdir()}
    assert first.stop(signal.SIGINT) == 0
    assert not embedded_redis.answers(first.data_dir)

    second = start()
    assert second.get("/") == 200
    assert {path.name: path.read_text() for path in (second.data_dir / "keys").iterdir()} == keys
    with redis.Redis(unix_socket_path=str(socket_path)) as client:
        assert client.get("kept") == b"yes"


def test_a_data_directory_with_a_long_path_and_a_space(start: Start, tmp_path: Path) -> None:
    data_dir = tmp_path / ("a long name " * 10) / "data"
    installation = start(data_dir=data_dir)
    assert installation.get("/") == 200
    assert all_there(installation)
    assert installation.stop() == 0
    assert installation.processes() == {}
    embedded_redis.socket_path(data_dir).parent.rmdir()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("redis-server", "Redis ended (signal SIGKILL)"),
        ("lightly-checks", "The worker (checks) ended (signal SIGKILL)"),
        ("lightly-content", "The worker (contents, runs) ended (signal SIGKILL)"),
        ("lightly-beat", "The scheduler (beat) ended (signal SIGKILL)"),
        ("launcher.crew", "The crew of web server and workers ended (signal SIGKILL)"),
        ("lightly-web", "The web server ended (signal SIGKILL)"),
    ],
)
def test_if_one_ends_all_end(start: Start, kind: str, said: str) -> None:
    installation = start()
    os.kill(the(installation, kind), signal.SIGKILL)
    assert installation.wait() == 1
    assert said in installation.output
    assert installation.processes() == {}


def test_killed_outright_leaves_nothing_behind(start: Start) -> None:
    installation = start()
    assert all_there(installation)
    children = [os.pidfd_open(process) for process in installation.processes() if process != installation.process.pid]
    installation.process.kill()
    for child in children:
        wait_for_end(child)
    assert installation.processes() == {}


def wait_for_end(pidfd: int) -> None:
    """Of a process that is not our child."""
    readable, _, _ = select.select([pidfd], [], [], 30)
    os.close(pidfd)
    assert readable


def test_second_start_on_the_same_data(start: Start, python: Run) -> None:
    installation = start()
    port = str(free_port())
    result = python("-m", "lightly_platform.launch", "run", LIGHTLY_DATA_DIR=str(installation.data_dir), PORT=port)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Lightly already runs on the data directory {installation.data_dir} (process ")
    assert str(installation.process.pid) in result.stderr
    assert result.stderr.count("\n") == 1
    assert installation.get("/") == 200


def test_busy_port(python: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = python("-m", "lightly_platform.launch", "run", PORT=str(port))
    assert result.returncode == 1
    assert result.stderr == (
        f"Port {port} on 127.0.0.1 is already in use; stop the other program or choose another port,"
        f" for example PORT={port + 1}.\n"
    )


def test_an_address_that_is_not_ours(python: Run) -> None:
    result = python("-m", "lightly_platform.launch", "run", BIND="192.0.2.1", PORT=str(free_port()))
    assert result.returncode == 1
    assert "192.0.2.1 can't be opened" in result.stderr
    assert result.stderr.count("\n") == 1


def test_one_more_worker_beside_a_running_one(start: Start) -> None:
    installation = start()
    with subprocess.Popen(
        [sys.executable, "-m", "lightly_platform.launch", "worker"],
        env=environ_with({"LIGHTLY_DATA_DIR": str(installation.data_dir)}),
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stderr is not None
        assert any(" ready." in line for line in worker.stderr)
        worker.terminate()
        assert worker.wait(timeout=30) == 0
    assert installation.get("/") == 200


def test_a_worker_for_some_queues(start: Start) -> None:
    """Of one queue it is one process, Celery's own; its slots and its name are as the operator says."""
    installation = start()
    wanted = {"QUEUES": "runs", "CONCURRENCY": "3", "NAME": "gpu-1"}
    with subprocess.Popen(
        [sys.executable, "-m", "lightly_platform.launch", "worker"],
        env=environ_with({"LIGHTLY_DATA_DIR": str(installation.data_dir), **wanted}),
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stderr is not None
        assert any("gpu-1-runs@" in line and " ready." in line for line in worker.stderr)
        command = Path(f"/proc/{worker.pid}/cmdline").read_text().replace("\0", " ")
        assert "--pool prefork --autoscale 3,1 --queues runs " in command
        worker.terminate()
        assert worker.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"QUEUES": "checks,mails"},
            "There is no queue mails; QUEUES takes checks, patient, contents, runs, for",
        ),
        ({"CONCURRENCY": "many"}, "CONCURRENCY must be a number from 1 to 200, for example CONCURRENCY=8."),
        ({"CONCURRENCY": "0"}, "CONCURRENCY must be a number from 1 to 200, for example CONCURRENCY=8."),
        ({"LABELS": "gpu,a b"}, "LABELS takes labels of letters, digits, - and _, at most 40 each, for example"),
        ({"LABELS": "a,b,c,d,e,f,g"}, "LABELS takes at most 6 labels, for example LABELS=gpu,large."),
        ({"LABELS": "gpu", "QUEUES": "checks"}, "LABELS is for workers of the queue runs, for example QUEUES=runs."),
        ({"WORKER_ID": "gpu-1"}, "WORKER_ID takes what register_compute_worker() returned: 24 digits and letters"),
        ({"WORKER_ID": "a" * 24, "QUEUES": "patient"}, "WORKER_ID is for workers of the queue runs, for example"),
        ({"WORKER_ID": "a" * 24, "LABELS": "x"}, "A worker that was registered before has its labels from there: set"),
        ({"NAME": "a b"}, "NAME may hold letters, digits, - and _, at most 40; for example NAME=gpu-1."),
    ],
)
@pytest.mark.parametrize("command", ["run", "worker"])
def test_what_no_worker_can_be(python: Run, command: str, wrong: dict[str, str], said: str) -> None:
    result = python("-m", "lightly_platform.launch", command, PORT=str(free_port()), **wrong)
    assert result.returncode == 1
    assert result.stderr.startswith(said)
    assert result.stderr.count("\n") == 1


def test_queues_are_spread_over_processes() -> None:
    def shapes(**environ: str) -> list[tuple[str, str, int]]:
        return [(each.name, ",".join(each.queues), each.concurrency) for each in workers(environ, name="main")]

    processors = os.cpu_count()
    assert shapes() == [
        ("main-checks", "checks", 16),
        ("main-patient", "patient", 16),
        ("main-contents-runs", "contents,runs", processors),
    ]
    assert shapes(QUEUES=" runs , Checks", CONCURRENCY="4", NAME="b") == [
        ("b-checks", "checks", 4),
        ("b-runs", "runs", 4),
    ]


def test_behind_a_tls_proxy(start: Start) -> None:
    installation = start(LIGHTLY_HTTPS="1", ALLOWED_HOSTS=".lightly.example.com,lightly.internal")
    assert "https://lightly.example.com/\n" in installation.output
    assert "Create the owner account: https://lightly.example.com/welcome/?setup=" in installation.output
    host, url = {"Host": "lightly.example.com"}, f"http://127.0.0.1:{installation.port}/welcome/"
    answer = requests.get(url, headers=host, timeout=30, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://lightly.example.com/welcome/")
    answer = requests.get(url, headers=host | {"X-Forwarded-Proto": "https"}, timeout=30)
    assert (answer.status_code, answer.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
    assert all(cookie.secure for cookie in answer.cookies)
    assert len(answer.cookies)
    installation.stop()
    assert "DisallowedHost" not in installation.output


def test_whoever_comes_first_from_elsewhere_needs_the_printed_link(start: Start) -> None:
    """Also behind a TLS proxy: the link is for people's browsers."""
    installation = start(BIND="0.0.0.0", ALLOWED_HOSTS="127.0.0.1,lightly.example.com")  # noqa: S104
    (link,) = re.findall(r"Create the owner account: (http://\S+/welcome/\?setup=\S+)", installation.output)
    session = requests.Session()
    plain = f"http://127.0.0.1:{installation.port}/welcome/"
    typed = {"team_name": "Acme", "email": "ava@example.com", "password": PASSWORD, "password_again": PASSWORD}
    (typed["csrfmiddlewaretoken"],) = re.findall(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', session.get(plain, timeout=30).text
    )
    assert session.post(plain, data=typed, timeout=30).status_code == 422
    form = session.get(f"{plain}?{urlsplit(link).query}", timeout=30).text
    (secret,) = re.findall(r'name="setup_secret" value="([^"]+)"', form)
    made = session.post(plain, data={**typed, "setup_secret": secret}, timeout=30, allow_redirects=False)
    assert (made.status_code, made.headers["Location"]) == (302, "/")
    assert installation.stop() == 0
    assert secret not in installation.output.replace(link, "")
    again = start(BIND="0.0.0.0", ALLOWED_HOSTS="127.0.0.1,lightly.example.com")  # noqa: S104
    assert "Lightly is ready" in again.output
    assert "setup=" not in again.output


def test_worker_without_redis(python: Run) -> None:
    result = python("-m", "lightly_platform.launch", "worker")
    assert result.returncode == 1
    assert result.stderr.startswith("No Redis answers in ")
    assert result.stderr.count("\n") == 1


# --- embedded Redis -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["with space", "ümlaut", "x" * 100])
def test_socket_path_that_every_system_takes(name: str, tmp_path: Path) -> None:
    path = embedded_redis.socket_path(tmp_path / name)
    assert path == embedded_redis.socket_path(tmp_path / name)
    assert len(str(path)) <= 100
    assert str(path).isascii()
    assert " " not in str(path)


def test_a_socket_directory_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "planted").symlink_to(tmp_path / "real")
    monkeypatch.setattr(embedded_redis, "socket_path", lambda data_dir: tmp_path / "planted" / "redis.sock")
    with pytest.raises(WrongEnvironment, match="belongs to someone else"):
        embedded_redis.prepare(tmp_path / "data")
