"""Whether a value fits a type of the metadata's schema."""

import re
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from contents.annotations.metadata import rules
from contents.annotations.rules import Rule

# docs.lightly.ai: YYYY-MM-DDTHH:mm:ss.sssZ
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
# Seconds up to the year 5138; as milliseconds, this is in March 1973.
_MOST_SECONDS = 100_000_000_000
_TRUE_OR_FALSE = frozenset({"true", "false", "yes", "no"})


@dataclass(frozen=True, slots=True)
class Misfit:
    rule: Rule
    expected: str
    fix: str = ""


def misfit(value: Any, type_name: str) -> Misfit | None:
    """Why the value does not fit the type, which is spelled as in ValueType. None: it fits."""
    if type_name in {"NUMERIC_INT", "CATEGORICAL_INT"}:
        return _whole_number(value)
    if type_name == "NUMERIC_FLOAT":
        return _number(value)
    if type_name == "CATEGORICAL_BOOLEAN":
        if isinstance(value, bool):
            return None
        quoted = isinstance(value, str) and value.lower() in _TRUE_OR_FALSE
        return Misfit(rules.VALUE, "true or false", "Write true or false, without quotes." if quoted else "")
    if type_name == "CATEGORICAL_DATETIME":
        return None if isinstance(value, str) and _is_datetime(value) else Misfit(rules.DATETIME, "a date in UTC")
    if type_name == "CATEGORICAL_TIMESTAMP":
        wrong = _number(value)
        if wrong is None and abs(value) >= _MOST_SECONDS:
            return Misfit(rules.TIMESTAMP, "seconds since 1970")
        return wrong
    return None if isinstance(value, str) else Misfit(rules.VALUE, "a text", _in_quotes(value))


def _whole_number(value: Any) -> Misfit | None:
    if type(value) is int and -(2**63) <= value < 2**63:
        return None
    fix = ""
    if type(value) is float and isfinite(value):
        fix = f"Write {int(value)}, without a point." if value == int(value) and abs(value) < 2**53 else ""
    elif isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        fix = f"Write {value}, without quotes."
    return Misfit(rules.VALUE, "a whole number", fix)


def _number(value: Any) -> Misfit | None:
    if (type(value) is int and -(2**63) <= value < 2**63) or (type(value) is float and isfinite(value)):
        return None
    quoted = isinstance(value, str) and re.fullmatch(r"-?\d{1,18}(?:\.\d{1,18})?", value, re.ASCII)
    return Misfit(rules.VALUE, "a number", f"Write {value}, without quotes." if quoted else "")


def _is_datetime(value: str) -> bool:
    if not _DATETIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def _in_quotes(value: Any) -> str:
    return f'Write "{value}", in quotes.' if type(value) in {int, float} and abs(value) < 2**63 else ""
