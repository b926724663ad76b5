"""One way to write dates, on pages, in the admin panel and in mails."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.template import Context, Template
from django.utils import translation

from core.words import moment_words
from lightly_platform.env import BASE_DIR

MOMENT = datetime(2026, 11, 28, 14, 5, 9, tzinfo=UTC)
TEMPLATES = [file for file in (BASE_DIR / "templates").rglob("*") if file.suffix in (".html", ".txt")]
# ISO 8601 is for programs. A clock alone stands beside the lines of today's log.
NAMED = {"c", "DATE_FORMAT", "DATETIME_FORMAT", "H:i:s"}


@pytest.mark.parametrize(
    ("filter_", "written"),
    [
        ("date", "28 Nov 2026"),
        ("date:'DATETIME_FORMAT'", "28 Nov 2026, 14:05"),
        ("date:'SHORT_DATETIME_FORMAT'", "28 Nov 2026, 14:05"),
        ("time", "14:05"),
    ],
)
def test_templates_write_dates_in_one_way(filter_: str, written: str) -> None:
    assert Template(f"{{{{ moment|{filter_} }}}}").render(Context({"moment": MOMENT})) == written


def test_code_writes_them_in_the_same_way_whatever_the_zone() -> None:
    assert moment_words(MOMENT) == "28 Nov 2026, 14:05 UTC"
    assert moment_words(MOMENT.astimezone(timezone(timedelta(hours=9)))) == "28 Nov 2026, 14:05 UTC"


def test_another_language_has_its_own() -> None:
    with translation.override("de"):
        assert moment_words(MOMENT) == "28. November 2026 14:05 UTC"


def test_no_template_has_a_format_of_its_own() -> None:
    for file in TEMPLATES:
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"""\|date:["']([^"']+)["']""", text)) <= NAMED, file
        assert not re.search(r"\|time:", text), file


def test_every_relative_time_has_the_exact_one_behind_it() -> None:
    """The script keeps it fresh, and shows the exact one on hover, in the reader's zone."""
    for file in TEMPLATES:
        for line in file.read_text(encoding="utf-8").splitlines():
            relative = line.count("|naturaltime")
            assert line.count("date:'DATETIME_FORMAT'") >= relative, f"{file}: {line.strip()}"
