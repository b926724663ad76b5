"""A minute is a minute: it begins with the first try, and further ones don't make it longer."""

import time

import pytest

from core.web import throttle

pytestmark = pytest.mark.django_db


def test_the_count_ends_with_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.time()
    counts = []
    for second in (0, 1, 59, 61, 62, 122):
        monkeypatch.setattr(time, "time", lambda now=start + second: now)
        counts.append(throttle.count("x"))
    assert counts == [1, 2, 3, 1, 2, 1]
    assert throttle.counted("x") == 1
    assert throttle.counted("y") == 0
