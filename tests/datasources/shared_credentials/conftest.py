"""No check leaves the test."""

from __future__ import annotations

import pytest

from datasources import tasks


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Ids of checks handed to the broker, together where they were handed over together."""
    handed: list[list[str]] = []
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: handed.append([check_id]))
    monkeypatch.setattr(tasks, "dispatch_all", handed.append)
    return handed
