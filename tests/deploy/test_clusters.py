"""Manifests for Kubernetes and units of systemd: the fields that matter. Their schemas: see docs/containers.md."""

from __future__ import annotations

import configparser
import re
from typing import Any

import pytest
import yaml

from core.queues import RULES, Queue
from core.version import platform_version
from lightly_platform.env import BASE_DIR
from lightly_platform.launch import COMMANDS
from tests.deploy.test_containers import known

FOLDER = BASE_DIR / "deploy" / "kubernetes"
UNITS = sorted((BASE_DIR / "deploy" / "systemd").glob("*.service"))


def objects() -> list[dict[str, Any]]:
    return [each for path in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    """By the name of the Deployment or Job."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in objects()
        if each["kind"] in {"Deployment", "Job"}
    }


def settings() -> dict[str, str]:
    return dict(line.split("=", 1) for line in (FOLDER / "settings.env").read_text().splitlines())


def test_the_kustomization_names_every_file_and_the_version() -> None:
    (whole,) = (each for each in objects() if each["kind"] == "Kustomization")
    assert set(whole["resources"]) == {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert whole["images"] == [{"name": "lightly-platform", "newTag": platform_version()}]
    assert all(known(name) for name in settings())


@pytest.mark.parametrize("name", list(pods()))
def test_each_pod_is_restricted(name: str) -> None:
    pod = pods()[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    volumes = {each["name"] for each in pod["volumes"]}
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["args"][0] in COMMANDS
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert {each["name"] for each in container["volumeMounts"]} <= volumes
        assert {"/tmp", "/var/lib/lightly"} <= {each["mountPath"] for each in container["volumeMounts"]}
    if name != "lightly-migrate":
        assert [each["args"] for each in pod["initContainers"]] == [["wait"]]
        assert {"startupProbe", "livenessProbe"} <= pod["containers"][0].keys()


def test_each_queue_has_workers_that_may_finish_their_step() -> None:
    found = {}
    for pod in pods().values():
        (container,) = pod["containers"]
        told = {each["name"]: each["value"] for each in container.get("env", [])}
        assert all(known(name) for name in told)
        if container["args"] == ["worker"]:
            found[told["QUEUES"]] = pod["terminationGracePeriodSeconds"]
    assert found.keys() == {queue.value for queue in Queue}
    assert all(found[queue.value] > RULES[queue].longest_seconds for queue in Queue)


def test_the_web_server_is_asked_and_reached() -> None:
    web = pods()["lightly-web"]["containers"][0]
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    by_kind = {each["kind"]: each for each in objects()}
    deployments = {each["metadata"]["name"]: each for each in objects() if each["kind"] == "Deployment"}
    labels = deployments["lightly-web"]["spec"]["template"]["metadata"]["labels"]
    assert by_kind["Service"]["spec"]["selector"].items() <= labels.items()
    assert {"Ingress", "NetworkPolicy", "PodDisruptionBudget", "Job"} <= by_kind.keys()
    (host,) = (rule["host"] for rule in by_kind["Ingress"]["spec"]["rules"])
    assert host == settings()["ALLOWED_HOSTS"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_of_systemd(path: Any) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    unit.read_string(path.read_text())
    service = unit["Service"]
    assert service["User"] == "lightly"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "true"
    if service["Type"] == "oneshot":
        assert path.with_suffix(".timer").is_file()
        assert service["ExecStart"].startswith("/opt/lightly/.venv/bin/python manage.py ")
        return  # tests/lightly_platform/test_backup.py reads the command
    command = re.fullmatch(r"/opt/lightly/\.venv/bin/python -m lightly_platform\.launch (\w+)", service["ExecStart"])
    assert command is not None
    assert command[1] in COMMANDS
    # As the deadline of a check may be long, and what comes after it (serving.py).
    assert int(service["TimeoutStopSec"]) > 120 + 7
    named = re.findall(r"^Environment=(\w+)=", path.read_text(), re.MULTILINE)
    assert named
    assert all(known(name) for name in named)
    credentials = set(re.findall(r"^LoadCredential=(\w+):", path.read_text(), re.MULTILINE))
    assert set(re.findall(r"=%d/(\w+)$", path.read_text(), re.MULTILINE)) == credentials
