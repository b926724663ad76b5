"""Throttles count every request, and a minute begins with the first of them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import RequestFactory
from pytest_django import Settings

from core.web import throttle
from core.web.counting import CountingCache

PROCESSES, THREADS = 2, 25


def count_in_all_threads() -> None:
    """What each process of the race does: every thread counts once, all at the same moment."""
    import threading

    import django

    django.setup()
    start = threading.Barrier(THREADS)
    counts: list[int] = []

    def count() -> None:
        start.wait()
        counts.append(throttle.count("race"))

    threads = [threading.Thread(target=count) for _ in range(THREADS)]
    print("ready", flush=True)  # noqa: T201 - to the process of the tests
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*counts, flush=True)  # noqa: T201


def database_url(directory: Path) -> str:
    """A database that other processes can open: that of the tests, unless it lives in this process's memory."""
    if connection.vendor == "postgresql":
        server = connection.settings_dict
        host = {"host": server["HOST"], **server["OPTIONS"]}["host"]
        return f"postgresql://{server['USER']}:{server['PASSWORD']}@{host}:{server['PORT']}/{server['NAME']}"
    return f"sqlite:///{directory / 'counts.sqlite3'}"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_when_threads_and_processes_count_at_once(tmp_path: Path) -> None:
    environ = {**os.environ, "DATABASE_URL": database_url(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "manage.py", "createcachetable"], env=environ, check=True, timeout=60)
    program = "from tests.core.web.test_throttle import count_in_all_threads; count_in_all_threads()"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program], env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [int(number) for process in processes for number in process.communicate(timeout=60)[0].split()]
    assert sorted(counts) == list(range(1, PROCESSES * THREADS + 1))


@pytest.mark.django_db
def test_what_has_ended_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.time()
    for number in range(5):
        throttle.count(f"early-{number}")
    monkeypatch.setattr(time, "time", lambda: start + 61)
    throttle.count("late")
    counts = caches["throttle"]
    assert isinstance(counts, CountingCache)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT cache_key FROM {counts.table}")  # noqa: S608 - our own name
        assert cursor.fetchall() == [(counts.make_key("late"),)]


@pytest.mark.django_db
def test_a_visitor_and_a_subject_have_their_shares() -> None:
    request = RequestFactory().get("/")
    subjects = [throttle.allow(request, "join", "Eve@example.com") for _ in range(throttle.MOST_PER_SUBJECT + 1)]
    assert subjects == [True] * throttle.MOST_PER_SUBJECT + [False]
    rest = throttle.MOST_PER_VISITOR - len(subjects)
    visits = [throttle.allow(request, "join", f"eve{number}@example.com") for number in range(rest + 1)]
    assert visits == [True] * rest + [False]


@pytest.mark.django_db
def test_the_count_ends_with_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.time()
    counts = []
    for second in (0, 1, 59, 61, 62, 122):
        monkeypatch.setattr(time, "time", lambda now=start + second: now)
        counts.append(throttle.count("x"))
    assert counts == [1, 2, 3, 1, 2, 1]
    assert throttle.count("y") == 1


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:40001", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7:40001", "203.0.113.7"),
        ("2001:db8::9", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[2001:db8::9]:40001", "2001:db8::9"),
        ("2001:DB8:0:0::9", "2001:db8::9"),
        ("unknown", "unknown"),
        ("_hidden:80", "unknown"),
        ("[x]:1", "unknown"),
    ],
)
def test_a_visitor_is_known_by_the_address_alone(settings: Settings, forwarded: str, address: str) -> None:
    """Some proxies write the port of each connection behind it."""
    from allauth.account.adapter import get_adapter  # not above: the racing processes import this module first

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    assert throttle.address_of(request) == address
    assert get_adapter().get_client_ip(request) == address
