"""A whole installation that logs JSON: every line of every process is an object, and a check leads to its request."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import requests

from tests.e2e.conftest import NewStack, filled_bucket, reader
from tests.e2e.support.stack import Stack
from tests.servers import Cloud
from tests.servers.process import eventually, free_port

OF_PROXY = "0a1b2c3d4e5f-of-a-proxy"


def lines(stack: Stack) -> list[dict[str, Any]]:
    return parsed(stack.log("run"))


def whole_lines(stack: Stack) -> list[dict[str, Any]]:
    """The last one may be under way."""
    return parsed(stack.log("run").rpartition("\n")[0])


def parsed(log: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.splitlines()]
    assert all({"time", "level", "logger", "message", "process"} <= set(each) for each in found)
    return found


def test_a_check_is_found_by_the_request_that_saved_it(new_stack: NewStack, cloud: Cloud) -> None:
    stack = new_stack(LIGHTLY_LOG_FORMAT="json", LIGHTLY_TRUSTED_PROXIES="1").run()
    owner = stack.backstage.person("owner")
    dataset, token = stack.backstage.dataset("street", owner), stack.backstage.token(owner)
    body = {**reader(cloud, filled_bucket(cloud)), "purpose": "INPUT"}
    answer = requests.put(
        f"{stack.url}/v1/datasets/{dataset}/datasource",
        params={"token": token},
        json=body,
        headers={"X-Request-ID": OF_PROXY},
        timeout=60,
    )
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (204, OF_PROXY)
    assert eventually(lambda: stack.backstage.checks(dataset)[0]["outcome"] != "", 60)
    check = stack.backstage.checks(dataset)[0]["id"]
    assert eventually(lambda: f"The check {check} ended: green" in stack.log("run"))
    missing = requests.get(f"{stack.url}/v1/no-such", headers={"X-Request-ID": "of-what-is-not"}, timeout=60)
    assert missing.status_code == 404
    run = stack._processes[0]
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=60) == 0

    found = lines(stack)
    about = [each for each in found if each.get("request_id") == OF_PROXY]
    (asked,) = (each for each in about if each["logger"] == "gunicorn.access")
    assert (asked["method"], asked["path"], asked["status"]) == ("PUT", f"/v1/datasets/{dataset}/datasource", 204)
    queued, ended = (each for each in about if each["message"].startswith(f"The check {check} "))
    assert queued["message"] == f"The check {check} is queued: api"
    assert ended["message"].startswith(f"The check {check} ended: green after ")
    assert ended["task"] == "datasources.tasks.run_check"
    assert queued["check_id"] == ended["check_id"] == check
    assert queued["dataset_id"] == ended["dataset_id"] == dataset
    assert queued["process"] != ended["process"]
    # A check was green for the first time, so an index began: it is of this request too.
    assert any(re.fullmatch(r"The job \w+ \(contents\.index\) is queued", each["message"]) for each in about)
    of_django = [each for each in found if each["logger"] == "django.request"]
    assert [(each["message"], each["request_id"]) for each in of_django] == [
        ("Not Found: /v1/no-such", "of-what-is-not")
    ]
    told = {each["logger"] for each in found}
    assert {"lightly_platform.launcher", "gunicorn.access", "celery.apps.worker"} <= told
    messages = [each["message"] for each in found if each["logger"] == "lightly_platform.launcher"]
    assert messages[0].startswith(f"Lightly is ready: {stack.url}/")
    assert messages[-1] == "Lightly has stopped."
    assert token not in stack.log("run")


def test_a_start_that_fails_is_told_in_json_too(new_stack: NewStack) -> None:
    first = new_stack(LIGHTLY_LOG_FORMAT="json").run()
    second = new_stack(LIGHTLY_LOG_FORMAT="json", LIGHTLY_DATA_DIR=str(first.data_dir))
    process = second.start("run", ["-m", "lightly_platform.launch", "run"])
    assert process.wait(timeout=60) == 1
    (line,) = lines(second)
    assert line["level"] == "ERROR"
    assert line["message"].startswith("Lightly already runs on the data directory")
    assert os.linesep not in line["message"]


def test_the_scheduler_tells_in_json_that_redis_is_away(new_stack: NewStack) -> None:
    stack = new_stack(LIGHTLY_LOG_FORMAT="json", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    stack.start("run", ["-m", "lightly_platform.launch", "scheduler"])
    assert eventually(lambda: any(each["logger"] == "celery.beat" for each in whole_lines(stack)), 60)
    assert all(each["level"] in {"WARNING", "ERROR"} for each in whole_lines(stack))
