"""Dockerfile and compose file: what can be said of them without a container tool."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from core.queues import RULES, Queue
from core.version import platform_version
from lightly_platform.env import BASE_DIR, read_environment, variable_names
from lightly_platform.launch import COMMANDS

DOCKERFILE = BASE_DIR / "deploy" / "Dockerfile"
COMPOSE = BASE_DIR / "deploy" / "compose" / "compose.yaml"
OURS = {"migrate", "web", "worker-checks", "worker-patient", "worker-contents", "worker-runs", "scheduler"}
# Read by the launcher, not by env/.
OF_WORKERS = {"QUEUES", "CONCURRENCY", "NAME", "LABELS", "WORKER_ID"}


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, in order: keyword and the rest, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(None, 1)[0], " ".join(line.split(None, 1)[1].split())) for line in text.splitlines() if line]


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([sm])", text).groups()  # type: ignore[union-attr]  # else the test fails
    return int(number) * {"s": 1, "m": 60}[unit]


def known(name: str) -> bool:
    names = set(variable_names())
    return name in names or name.removesuffix("_FILE") in names or name in OF_WORKERS


def test_base_images_have_versions_and_no_host() -> None:
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    images += [each["image"] for each in services().values()]
    assert len(images) == 2 + len(services())
    for image in images:
        assert re.fullmatch(r"[a-z-]+:\d+\.\d+[\w.-]*", image), image


def test_dockerfile_rules() -> None:
    found = instructions()
    words = [word for word, _ in found]
    assert "ADD" not in words
    last = words[len(words) - words[::-1].index("FROM") :]
    assert dict(found)["USER"] == "10001:10001"
    assert last.index("USER") > max(at for at, word in enumerate(last) if word in {"RUN", "COPY"})
    for word, rest in found:
        if word in {"CMD", "ENTRYPOINT"}:
            assert isinstance(json.loads(rest), list), rest
        if word == "HEALTHCHECK":
            assert json.loads(rest.partition(" CMD ")[2]) == ["python", "-m", "lightly_platform.launcher.health"]
        if word == "RUN":
            assert "sudo" not in rest
            assert "apt-get install" not in rest or "rm -rf /var/lib/apt/lists" in rest
        if word in {"ENV", "ARG"}:
            assert not re.search(r"SECRET|PASSWORD|TOKEN|ENCRYPTION|DATABASE_URL|REDIS_URL", rest)
    (pip,) = (rest for word, rest in found if word == "RUN" and "pip install" in rest)
    assert "--require-hashes --no-deps" in pip


def test_variables_of_the_image_exist() -> None:
    (env,) = (rest for word, rest in instructions() if word == "ENV")
    values = dict(each.split("=", 1) for each in env.split())
    ours = {name: value for name, value in values.items() if not name.startswith(("PYTHON", "PATH"))}
    assert all(known(name) for name in ours)
    assert read_environment(ours).bind == "0.0.0.0"  # noqa: S104
    assert json.loads(dict(instructions())["CMD"])[0] in COMMANDS


def test_the_image_has_the_version_of_the_product() -> None:
    assert f'image.version="{platform_version()}"' in DOCKERFILE.read_text()
    assert {each["image"] for name, each in services().items() if name in OURS} == {
        f"lightly-platform:{platform_version()}"
    }


def test_the_image_gets_all_of_the_product_and_nothing_else() -> None:
    lines = (BASE_DIR / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    packages = {path.parent.name for path in BASE_DIR.glob("*/__init__.py")} - {"tests", "bench", "chaos", "scripts"}
    assert packages | {"docs", "locale", "static", "templates", "manage.py", "pyproject.toml"} <= allowed
    assert allowed - packages <= {
        "docs", "locale", "static", "templates", "manage.py", "pyproject.toml", "requirements.lock",
        "requirements-*.lock",
    }  # fmt: skip


def test_each_queue_has_a_worker_that_may_finish_its_step() -> None:
    found = {}
    for each in services().values():
        if each.get("command") == ["worker"]:
            found[each["environment"]["QUEUES"]] = seconds(each["stop_grace_period"])
    assert found.keys() == {queue.value for queue in Queue}
    for queue in Queue:
        assert found[queue.value] > RULES[queue].longest_seconds


@pytest.mark.parametrize("name", list(services()))
def test_each_service_is_confined_and_watched(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service["user"].startswith("0")
    assert "privileged" not in service
    assert service["healthcheck"].get("test") or (name == "migrate" and service["healthcheck"] == {"disable": True})
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    open_names = [name for name in service.get("environment", {}) if not name.endswith("_FILE")]
    assert not [name for name in open_names if re.search("PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|REDIS", name)]


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_the_services_are_told_exists(name: str) -> None:
    service = services()[name]
    assert service["command"][0] in COMMANDS
    assert all(known(variable) for variable in service["environment"])
    whole = yaml.safe_load(COMPOSE.read_text())
    for variable, path in service["environment"].items():
        if variable.endswith("_FILE"):
            assert path.removeprefix("/run/secrets/") in set(service["secrets"]) & set(whole["secrets"])
    if name != "migrate":
        assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_secrets_that_are_made_are_good(tmp_path: Path) -> None:
    folder = tmp_path / "compose"
    folder.mkdir()
    script = folder / "make-secrets.sh"
    script.write_bytes((COMPOSE.parent / "make-secrets.sh").read_bytes())
    assert os.access(COMPOSE.parent / "make-secrets.sh", os.X_OK)
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    secrets = folder / "secrets"
    whole = yaml.safe_load(COMPOSE.read_text())
    assert {f"./secrets/{path.name}" for path in secrets.iterdir()} == {
        each["file"] for each in whole["secrets"].values()
    }
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    environment = read_environment(
        {
            "DATABASE_URL_FILE": str(secrets / "database_url"),
            "REDIS_URL_FILE": str(secrets / "redis_url"),
            "SECRET_KEY_FILE": str(secrets / "secret_key"),
            "LIGHTLY_ENCRYPTION_KEYS_FILE": str(secrets / "encryption_keys"),
        }
    )
    assert environment.database_url is not None
    assert environment.redis_url is not None
    assert (secrets / "postgres_password").read_text() in environment.database_url
    Fernet(environment.encryption_keys[0])
    password = re.findall("requirepass (.+)", (secrets / "redis_conf").read_text())[0]
    assert f":{password}@" in environment.redis_url
    again = subprocess.run(["sh", str(script)], check=False, capture_output=True)
    assert again.returncode == 1
    assert (secrets / "postgres_password").read_text() in environment.database_url
