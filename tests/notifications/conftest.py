import pytest

from core import broker


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tasks that were handed to the broker, which is not there."""
    tasks: list[str] = []

    def send(task: str, *ids: str, priority: int = 0) -> bool:
        tasks.append(task)
        return True

    monkeypatch.setattr(broker, "send", send)
    return tasks
