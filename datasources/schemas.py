"""Shapes that leave this app: stored verdicts, and what is wrong with a config, field by field."""

from typing import Any, NotRequired, TypedDict

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from clouds import CloudConfig
from clouds.permissions import State


class StoredVerdict(TypedDict):
    """One permission in PermissionCheck.verdicts. `state` is a probe.State; `milliseconds` None if it didn't finish.

    What is NotRequired came later: rows of older checks lack it.
    """

    state: State
    milliseconds: int | None
    cause: str
    code: str
    summary: str
    tried: str
    answered: str
    likely_cause: str
    fix: str
    how_to_be_sure: NotRequired[str]
    command: NotRequired[str]  # shell text that shows the cause
    field: NotRequired[str]  # the config's field at fault
    place: NotRequired[dict[str, str]]  # a policies.Place, where something is wrong: what a grant is written for


class StoredDocument(TypedDict):
    """Something to paste into a cloud: what it is, where it goes, and the text."""

    title: str
    where: str
    text: str


class StoredCors(TypedDict):
    """PermissionCheck.cors. `state` is a cors.CorsState, `origin` this site's at the time.

    `key_made_at` is the other thing a check learns on the side: the key's age (ISO 8601), empty where unknown.
    """

    state: str
    origin: str
    summary: str
    documents: list[StoredDocument]
    key_made_at: str


def field_problems(error: ValidationError, config_class: type[CloudConfig]) -> dict[str, str]:
    """What is wrong, in one sentence per field name, each with an example of a right value."""
    names = {info.alias or name: name for name, info in config_class.fields().items()}
    problems: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        alias = next((str(part) for part in problem["loc"] if part in names), "")
        name = names.get(alias, "")
        if name and name not in problems:
            problems[name] = _sentence(problem, config_class.fields()[name])
    return problems


def _sentence(problem: Any, info: FieldInfo) -> str:
    example = f" For example: {info.examples[0]}" if info.examples else ""
    if problem["type"] == "value_error":  # our own validators speak in whole sentences
        text = str(problem["ctx"]["error"])
        return text if "For example" in text else f"{text}{example}"
    if problem["type"] in {"missing", "too_short", "string_too_short"}:
        least = problem.get("ctx", {}).get("min_length", 1)
        return f"At least {least} characters are needed.{example}" if least > 1 else f"This is missing.{example}"
    return f"This is not a valid value for “{info.title}”.{example}"
