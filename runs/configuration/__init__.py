"""What a run's configuration means: versions v2, v3, vX and the plain one, read into one form. Plain Python."""

from runs.configuration.settings import InvalidConfigError, RunSettings
from runs.configuration.whole import parse

__all__ = ["InvalidConfigError", "RunSettings", "parse"]
