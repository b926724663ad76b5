"""What comes from files and scripts, as both databases can store it in a JSON column. Plain Python."""

from __future__ import annotations

import json
import math
from typing import Any

_encode = json.JSONEncoder(allow_nan=False).encode
_SUSPICIOUS = ("\\u0000", "\\ud8", "\\ud9", "\\uda", "\\udb", "\\udc", "\\udd", "\\ude", "\\udf")


def dumped(value: Any) -> str:
    """As JSON. NaN and infinity become null; characters that PostgreSQL refuses are replaced.

    Raises TypeError for what is no JSON.
    """
    try:
        text = _encode(value)
    except ValueError:
        text = _encode(cleaned(value))
    return _encode(cleaned(value)) if any(mark in text for mark in _SUSPICIOUS) else text


def cleaned(value: Any) -> Any:
    """The same content without what no database takes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return (
            value.replace("\0", "\N{REPLACEMENT CHARACTER}")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
    if isinstance(value, dict):
        return {cleaned(str(key)): cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value
