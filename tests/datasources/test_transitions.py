"""When a check's outcome is news, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from datasources.transitions import PATIENCE, AlertKind, Step, expiry_warning, step

B, R, U = AlertKind.BROKEN, AlertKind.RECOVERED, AlertKind.UNCHECKABLE


@pytest.mark.parametrize(
    ("known", "outcome", "unknowns", "then"),
    [
        ("", "GREEN", 0, Step("GREEN")),
        ("", "RED", 0, Step("")),  # somebody is still setting it up
        ("", "UNKNOWN", 0, Step("")),
        ("", "UNKNOWN", 9, Step("")),
        ("GREEN", "GREEN", 0, Step("GREEN")),
        ("GREEN", "RED", 0, Step("RED", B)),
        ("GREEN", "UNKNOWN", 0, Step("GREEN")),
        ("GREEN", "UNKNOWN", PATIENCE - 1, Step("GREEN")),
        ("GREEN", "UNKNOWN", PATIENCE, Step("UNKNOWN", U)),
        ("GREEN", "UNKNOWN", PATIENCE + 1, Step("UNKNOWN", U)),
        ("RED", "RED", 0, Step("RED")),
        ("RED", "UNKNOWN", 9, Step("RED")),
        ("RED", "GREEN", 0, Step("GREEN", R)),
        ("UNKNOWN", "UNKNOWN", 9, Step("UNKNOWN")),
        ("UNKNOWN", "RED", 0, Step("RED", B)),
        ("UNKNOWN", "GREEN", 0, Step("GREEN", R)),
        ("GREEN", "", 0, Step("GREEN")),
    ],
)
def test_every_step(known: str, outcome: str, unknowns: int, then: Step) -> None:
    assert step(known, outcome, unknowns) == then


@pytest.mark.parametrize(
    ("outcomes", "alerts"),
    [
        ("R R G R", [B]),
        ("G R R R G G", [B, R]),
        ("G U R", [B]),
        ("G U U G U U G", []),
        ("G U U U U U G", [U, R]),
        ("G U U U R R G", [U, B, R]),
        ("G R U U U U G", [B, R]),
        ("U U U U G", []),
    ],
)
def test_a_story_has_one_alert_for_each_turn(outcomes: str, alerts: list[AlertKind]) -> None:
    words = {"G": "GREEN", "R": "RED", "U": "UNKNOWN"}
    known, unknowns, told = "", 0, []
    for letter in outcomes.split():
        unknowns = unknowns + 1 if letter == "U" else 0
        then = step(known, words[letter], unknowns)
        known = then.known
        told += [then.alert] if then.alert else []
    assert told == alerts


END = datetime(2030, 6, 15, 12, tzinfo=UTC)
LONG_AGO = END - timedelta(days=300)


@pytest.mark.parametrize(
    ("before", "saved_before", "warned", "days"),
    [
        (timedelta(days=8), timedelta(days=300), 0, 0),
        (timedelta(days=7), timedelta(days=300), 0, 7),
        (timedelta(days=6), timedelta(days=300), 7, 0),
        (timedelta(days=1), timedelta(days=300), 7, 1),
        (timedelta(hours=2), timedelta(days=300), 1, 0),
        (timedelta(hours=2), timedelta(days=300), 0, 1),  # nothing ran for a week: one warning, not two
        (timedelta(days=5), timedelta(days=6), 0, 0),  # who saved it saw that it ends within the week
        (timedelta(hours=23), timedelta(days=6), 0, 1),
        (timedelta(hours=2), timedelta(hours=3), 0, 0),
        (timedelta(0), timedelta(days=300), 7, 0),
        (-timedelta(days=1), timedelta(days=300), 0, 0),
    ],
)
def test_warnings_of_an_expiry(before: timedelta, saved_before: timedelta, warned: int, days: int) -> None:
    assert expiry_warning(END - before, END, saved_at=END - saved_before, warned_days=warned) == days
