"""Which release of the platform this is."""

import functools
import tomllib
from pathlib import Path


@functools.cache
def platform_version() -> str:
    """As `version` in pyproject.toml, such as `0.2.0`."""
    content = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(content)["project"]["version"])
