"""Messages that offer to take back what was just done: a form that sends the opposite."""

import json
from typing import TypedDict

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


class Undo(TypedDict):
    url: str
    fields: dict[str, str]


def success_with_undo(request: HttpRequest, text: str, *, url: str, fields: dict[str, str]) -> None:
    """Say that something succeeded, with a button that posts `fields` to `url`. No secrets: cookies may carry it."""
    messages.success(request, text, extra_tags=json.dumps(Undo(url=url, fields=fields)))


def undo_of(message: Message | str) -> Undo | None:
    """How to take back what the message tells of, if that is offered."""
    tags = str(getattr(message, "extra_tags", "") or "")
    return json.loads(tags) if tags.startswith("{") else None
