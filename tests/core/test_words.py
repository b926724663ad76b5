"""Durations are told in one unit, the same everywhere."""

from datetime import timedelta

import pytest

from core.words import duration_words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=-1), "0 seconds"),
        (timedelta(), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=20), "20 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=3, seconds=-1), "3 days"),
        (timedelta(days=89), "89 days"),
        (timedelta(days=90), "3 months"),
        (timedelta(days=729), "24 months"),
        (timedelta(days=730), "2 years"),
    ],
)
def test_durations_are_told_in_one_unit(length: timedelta, words: str) -> None:
    assert duration_words(length) == words
