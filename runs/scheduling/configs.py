"""Storing configurations. They are kept as they came; what they mean is read anew each time."""

from typing import Any

from runs.configuration import RunSettings, parse
from runs.models import ConfigVersion, RunConfig
from teams.models import User


def store(*, version: ConfigVersion, content: dict[str, Any], by: User | None, creator: str = "UNKNOWN") -> RunConfig:
    """`content` is the object `config` of the request. Raises runs.configuration.InvalidConfigError."""
    parse(version.value, content)
    return RunConfig.objects.create(version=version, content=content, creator=creator, created_by=by)


def settings_of(config: RunConfig) -> RunSettings:
    """What it means. Raises InvalidConfigError: an older release may have accepted what this one does not."""
    return parse(config.version, config.content)
