"""From the selection configuration of a client to `config.Selection`, or to all that is wrong with it."""

from runs.selection.parsing.problems import Problem
from runs.selection.parsing.whole import parse

__all__ = ["Problem", "parse"]
