"""`make demo`: every sample state, found by a real check through the real worker."""

from __future__ import annotations

import http.cookiejar
import re
import sqlite3
import time
import urllib.parse
import urllib.request
from contextlib import closing

import pytest

from tests.lightly_platform.conftest import Installation, Run, Start, free_port

EXPECTED = {
    ("street-scenes-2026", "INPUT"): ("GREEN", False),
    ("street-scenes-2026", "LIGHTLY"): ("GREEN", False),
    ("forklift-cams", "INPUT"): ("GREEN", False),
    ("forklift-cams", "LIGHTLY"): ("RED", False),
    ("loading-dock", "INPUT"): ("GREEN", False),
    ("loading-dock", "LIGHTLY"): ("GREEN", False),
    ("leaf-disease", "INPUT"): ("RED", False),
    ("leaf-disease", "LIGHTLY"): ("RED", False),
    ("dash-cam-night", "INPUT"): ("GREEN", True),
    ("dash-cam-night", "LIGHTLY"): ("GREEN", True),
    ("warehouse-shelves", None): (None, None),
}
FOUND = """
    SELECT dataset.name, source.purpose, latest.outcome, latest.empty, latest.state
    FROM datasets_dataset AS dataset
    LEFT JOIN datasources_datasource AS source ON source.dataset_id = dataset.id
    LEFT JOIN datasources_permissioncheck AS latest ON latest.id = source.latest_check_id
"""


def finished_checks(installation: Installation) -> dict[tuple[str, str | None], tuple[str | None, bool | None]]:
    """The newest check of every datasource, once none is open any more."""
    deadline = time.monotonic() + 60
    while True:
        with closing(sqlite3.connect(installation.data_dir / "lightly.sqlite3", timeout=20)) as database:
            rows = database.execute(FOUND).fetchall()
        if all(state in {None, "DONE"} for *_, state in rows):
            return {
                (name, purpose): (outcome, None if empty is None else bool(empty))
                for name, purpose, outcome, empty, _ in rows
            }
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)


STORY = """
    SELECT
        (SELECT count(*) FROM teams_membership),
        (SELECT count(*) FROM teams_invitation WHERE accepted_at IS NULL),
        (SELECT count(*) FROM datasources_permissioncheck WHERE trigger = 'SCHEDULE' AND state = 'DONE')
"""
NEWS = "SELECT kind FROM datasources_alert ORDER BY kind"


def story(installation: Installation) -> tuple[tuple[int, int, int], list[str]]:
    """How many people, open invitations and finished scheduled checks there are, and what was in the news."""
    with closing(sqlite3.connect(installation.data_dir / "lightly.sqlite3", timeout=20)) as database:
        return database.execute(STORY).fetchone(), [kind for (kind,) in database.execute(NEWS)]


def sign_in(installation: Installation) -> str:
    """The home page, reached with what the banner prints."""
    email, password = re.findall(r"^  (?:E-mail|Password)\s+(\S+)$", installation.output, re.MULTILINE)
    address = f"http://127.0.0.1:{installation.port}/accounts/login/"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with opener.open(address, timeout=30) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert token
    form = {"login": email, "password": password, "csrfmiddlewaretoken": token[1]}
    with opener.open(address, urllib.parse.urlencode(form).encode(), timeout=30) as page:
        assert page.url == f"http://127.0.0.1:{installation.port}/"
        return str(page.read().decode())


def test_every_sample_state(start: Start) -> None:
    # What this shell is set up for must not matter to a demo.
    demo = start(command="demo", DATABASE_URL="postgresql://nobody@127.0.0.1:1/production", REDIS_URL="redis://no:1")
    assert finished_checks(demo) == EXPECTED
    home = sign_in(demo)
    assert [name for name, _ in EXPECTED if name not in home] == []
    # A colleague, one who is invited, two rounds of four scheduled checks: two datasources broke, one works again.
    assert story(demo) == ((2, 1, 8), ["BROKEN", "BROKEN", "RECOVERED"])
    assert '<span class="badge">3<span class="visually-hidden"> unread' in home
    assert demo.stop() == 0
    assert demo.processes() == {}
    assert "Traceback" not in demo.output


@pytest.mark.timeout(300)  # it makes the sample data twice
def test_starts_fresh_but_never_under_a_running_demo(start: Start, python: Run) -> None:
    first = start(command="demo")
    finished_checks(first)
    result = python("-m", "lightly_platform.launch", "demo", PORT=str(free_port()))
    assert result.returncode == 1
    assert result.stderr.startswith(f"Lightly already runs on the data directory {first.data_dir} ")
    sign_in(first)
    first.stop()

    second = start(command="demo")
    assert finished_checks(second) == EXPECTED
    sign_in(second)
