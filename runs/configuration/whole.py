"""The whole configuration."""

from dataclasses import replace
from typing import Any

from contents.annotations.findings import pointer
from runs.configuration.choosing import read_choosing
from runs.configuration.docker import docker_keys, read_docker
from runs.configuration.keys import Keys, Version, camel_case
from runs.configuration.settings import Ignored, InvalidConfigError, RunSettings
from runs.configuration.training import DEFAULT_SEED, read_training
from runs.selection.config import Selection
from runs.selection.parsing import parse as parse_selection
from runs.selection.parsing.problems import Notes, Problem

KEYS = ("workerType", "docker", "lightly", "selection")
WORKER_TYPE = "FULL"


def parse(version: str, content: Any) -> RunSettings:
    """The settings of a configuration as it arrived: `content` is its object `config`, with keys in camel case.

    `version` is "V2", "V3", "V4" (config/vX) or "PLAIN" (config), else ValueError. Raises InvalidConfigError with
    everything that is wrong. No key is ignored silently: see RunSettings.notes.
    """
    known, notes, ignored = Version(version), Notes(), list[Ignored]()
    keys = Keys(content, (), notes, "the configuration", KEYS, ignored)
    if not keys.usable:
        raise InvalidConfigError(notes.problems)
    _worker_type(keys)
    parts = {name: keys.take(name) for name in ("docker", "lightly")}
    if known is Version.PLAIN:
        parts = {name: camel_case(part, (name,), notes) for name, part in parts.items()}
    raw = keys.take("selection")
    found, old = _docker(parts["docker"], known, notes, ignored, has_selection=raw is not None)
    if parts["lightly"] is not None:
        found["seed"] = read_training(parts["lightly"], known, notes, ignored)
    selection = old
    if raw is not None:
        selection = _selection(raw, notes, unit_length=found.get("normalize_embeddings", True))
    keys.finish()
    if notes.problems:
        raise InvalidConfigError(notes.problems)
    return RunSettings(selection=selection, notes=tuple(ignored), **({"seed": DEFAULT_SEED} | found))


def _worker_type(keys: Keys) -> None:
    kind = keys.take("workerType")
    if kind is not None and kind != WORKER_TYPE:
        keys.notes.add(keys.at("workerType"), kind, WORKER_TYPE, f"Write {WORKER_TYPE}, the only type of workers.")


def _docker(
    value: Any, version: Version, notes: Notes, ignored: list[Ignored], *, has_selection: bool
) -> tuple[dict[str, Any], Selection | None]:
    if value is None:
        return {}, None
    keys = docker_keys(value, version, notes, ignored)
    if not keys.usable:
        return {}, None
    found = read_docker(keys, version)
    old = read_choosing(keys, has_selection=has_selection, unit_length=found["normalize_embeddings"])
    keys.finish()
    return found, old


def _selection(raw: Any, notes: Notes, *, unit_length: bool) -> Selection | None:
    parsed = parse_selection(raw, unit_length=unit_length)
    if isinstance(parsed, Selection):
        return parsed
    notes.problems.extend(_below_selection(problem) for problem in parsed)
    return None


def _below_selection(problem: Problem) -> Problem:
    return replace(problem, pointer=pointer(("selection",)) + problem.pointer)
