"""Storing configurations. They are kept as they came; what they mean is read anew each time."""

import json
from typing import Any

from django.utils.translation import gettext

from runs.configuration import RunSettings, parse
from runs.models import ConfigVersion, RunConfig
from runs.scheduling.errors import UnstorableConfigError
from teams.models import User

MOST_BYTES = 256 * 1024


def store(*, version: ConfigVersion, content: dict[str, Any], by: User | None, creator: str = "UNKNOWN") -> RunConfig:
    """`content` is the object `config` of the request.

    Raises runs.configuration.InvalidConfigError, and UnstorableConfigError for what no database keeps.
    """
    _demand_storable(content)
    parse(version.value, content)
    return RunConfig.objects.create(version=version, content=content, creator=creator, created_by=by)


def settings_of(config: RunConfig) -> RunSettings:
    """What it means. Raises InvalidConfigError: an older release may have accepted what this one does not."""
    return parse(config.version, config.content)


def _demand_storable(content: dict[str, Any]) -> None:
    """PostgreSQL takes no NUL, no half of a character, and JSON has no NaN."""
    try:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
        size = len(text.encode("utf-8"))
    except (ValueError, RecursionError):
        raise UnstorableConfigError(gettext("The configuration holds a number or a text that is none.")) from None
    if "\\u0000" in text:
        raise UnstorableConfigError(gettext("The configuration holds a NUL character. Leave it out."))
    if size > MOST_BYTES:
        raise UnstorableConfigError(
            gettext("The configuration has more than %(size)s kB.") % {"size": MOST_BYTES // 1024}
        )
