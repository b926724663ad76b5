"""A run's configuration as a script for the official client."""

from __future__ import annotations

import pprint
import re
from typing import Any

from runs.configuration import InvalidConfigError, parse
from runs.models import ConfigVersion, Run
from runs.pages.building import content_of

_WIDTH = 100


def snippet_of(run: Run) -> str:
    """Python for the newest client. Empty for a configuration that nobody accepts any more."""
    content = run.config.content
    if run.config.version != ConfigVersion.V4:
        try:
            content = content_of(parse(run.config.version, content))
        except InvalidConfigError:
            return ""
    return snippet(content, run.dataset_key, _how(run))


def snippet(content: dict[str, Any], dataset_id: str, how: dict[str, Any]) -> str:
    parts = {"worker_config": "docker", "lightly_config": "lightly", "selection_config": "selection"}
    lines = [
        "from lightly.api import ApiWorkflowClient",
        "",
        f'client = ApiWorkflowClient(dataset_id="{dataset_id}")',
        "scheduled_run_id = client.schedule_compute_worker_run(",
    ]
    for name, key in parts.items():
        value = snake_case(content.get(key))
        if value:
            lines += _argument(name, value)
    for name, value in how.items():
        lines += _argument(name, value)
    lines += [
        ")",
        "for info in client.compute_worker_run_info_generator(scheduled_run_id=scheduled_run_id):",
        '    print(f"{info.state}: {info.message}")',
    ]
    return "\n".join(lines) + "\n"


def _how(run: Run) -> dict[str, Any]:
    scheduled = run.scheduled
    if scheduled is None:
        return {}
    found: dict[str, Any] = {"priority": scheduled.priority} if scheduled.priority != "MID" else {}
    return found | ({"runs_on": scheduled.runs_on} if scheduled.runs_on else {})


def _argument(name: str, value: Any) -> list[str]:
    text = pprint.pformat(value, width=_WIDTH, sort_dicts=False)
    first, *others = f"    {name}={text},".splitlines()
    shift = " " * len(f"    {name}=")
    return [first, *(shift + line for line in others)]


def snake_case(value: Any, *, keeps_keys: bool = False) -> Any:
    """With keys as the client's arguments spell them. Classes of a target stay as they are."""
    if isinstance(value, list):
        return [snake_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, each in value.items():
        if each is None or each in ({}, []):
            continue
        name = key if keeps_keys else re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1].lower(), key)
        found[name] = snake_case(each, keeps_keys=key == "target")
    return found
