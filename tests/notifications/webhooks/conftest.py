"""A team with a webhook that leads to a real web server."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from notifications.webhooks.services import save_webhook
from teams.models import Team, User
from tests.receivers import HookReceiver

DOCUMENT = Path(__file__).parents[3] / "docs" / "alerts.md"
Verify = Callable[..., Any]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[HookReceiver]:
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ("127.0.0.1",)
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    with HookReceiver() as receiver:
        yield receiver


@pytest.fixture
def secret(receiver: HookReceiver, team: Team, alice: User) -> str:
    """Of the team's webhook."""
    secret = save_webhook(team=team, url=f"{receiver.url}/hook?for=lightly", by=alice)
    assert secret
    return secret


def documented(number: int) -> Verify:
    """The receiver's side, as docs/alerts.md tells people to write it."""
    code = re.findall(r"```python\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[number]
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - that is the test
    verify: Verify = namespace["verify"]
    return verify


@pytest.fixture
def verify() -> Verify:
    """By the library for Standard Webhooks: verify(secret, headers, body)."""
    return documented(0)


@pytest.fixture
def verify_old() -> Verify:
    """By the header of older releases: verify(secret, header, body)."""
    return documented(1)
