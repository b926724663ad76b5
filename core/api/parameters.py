"""Query parameters as the official clients write them."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict


def _flag(value: Any) -> Any:
    """All clients send `True` and `False`; an empty value counts as absent."""
    words = {"true": True, "1": True, "false": False, "0": False, "": None}
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


Flag = Annotated[bool | None, BeforeValidator(_flag)]


class Parameters(Schema):
    """Unknown parameters are ignored: clients of every age send their own."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")
