"""Lists of recipients, as mail programs, spreadsheets and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.addresses import recipients

BEN, ANN = ("ben@example.com", ""), ("ann@example.com", "")
ROLES = {"admin", "member"}


@pytest.mark.parametrize(
    "line",
    [
        '"Miller, Ben" <ben@example.com>; "Doe, Ann" <ann@example.com>',  # Outlook
        "Miller, Ben <ben@example.com>; Doe, Ann <ann@example.com>",  # Outlook on the web
        "Ben Miller <ben@example.com>, Ann Doe <ann@example.com>",  # Gmail, Thunderbird
        "'ben@example.com' <ben@example.com>; ann@example.com <ann@example.com>;",
        "ben@example.com; ann@example.com",
        "ben@example.com,ann@example.com,",
        "ben@example.com ann@example.com",
        "ben@example.com\tann@example.com",  # cells of a spreadsheet
        "Ben Miller\tben@example.com ; Ann Doe\tann@example.com",
        '"ben@example.com","ann@example.com"',
        "<ben@example.com>,<ann@example.com>",
        "mailto:ben@example.com;MAILTO:ann@example.com",
        '"Miller \\"Big\\" Ben" <ben@example.com>; (ann@example.com)',
        "\ufeffben@example.com; ann@example.com\u200b",
    ],
)
def test_two_people_on_one_line(line: str) -> None:
    assert recipients(line, ROLES) == [BEN, ANN]
    assert recipients(line) == [BEN, ANN]


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("ben@example.com, admin", [("ben@example.com", "admin")]),
        ("Ben <ben@example.com>; Admin", [("ben@example.com", "Admin")]),
        (
            "ben@example.com admin; ann@example.com, member",
            [("ben@example.com", "admin"), ("ann@example.com", "member")],
        ),
        ("ben@example.com, admin; Doe, Ann <ann@example.com>", [("ben@example.com", "admin"), ANN]),
        ("ben@example.com, boss", [("ben@example.com", "boss")]),
        ("nonsense", [("nonsense", "")]),
        ("nonsense; ben@example.com", [("nonsense", ""), BEN]),
        ("ben@example.com; Ann Doe", [("ben@example.com", "Ann Doe")]),
        ("", []),
        (" ,; ", []),
    ],
)
def test_words_behind_an_address_and_what_is_no_address(line: str, people: list[tuple[str, str]]) -> None:
    assert recipients(line, ROLES) == people


@given(st.text(alphabet='ab@.,;<>" \\\t\n', max_size=60))
def test_whatever_it_is_nothing_is_lost_that_looks_like_an_address(line: str) -> None:
    found = [address for address, _ in recipients(line)]
    assert all(isinstance(address, str) for address in found)
    if line.count("@") == 1 and line.replace("@", "").isalpha():
        assert found == [line]
