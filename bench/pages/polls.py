"""What an open page asks for again and again while checks are open: the answer that nothing has changed."""

import asyncio
import contextlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from bench.measuring import Effort, Measured, at_most, in_turns
from bench.pages import home, installation
from tests.servers.process import free_port

if TYPE_CHECKING:
    from teams.models import User

PATH = "/datasets/rows/?rows="
_UNCHANGED = 304
# The pace of a page whose checks have been open for longer than 20 s (static/js/rows.js).
PAGES, PEOPLE, PACE_SECONDS = 500, 50, 2
GOAL_MS = 300
START_SECONDS = 60


def unchanged(effort: Effort) -> Measured:
    """With all rows of a page open."""
    client = home.prepared(home.ROWS)
    from teams.models import User

    path, known = _poll_of(User.objects.get())

    def poll() -> None:
        answer = client.get(path, headers={"If-None-Match": known, "HX-Request": "true"})
        if answer.status_code != _UNCHANGED:
            raise RuntimeError(f"GET {path} answered {answer.status_code}")

    empty = partial(installation.get, client, home.EMPTY)
    poll()
    empty()
    ours, floor = in_turns(poll, empty, times=3 * effort.times)
    return Measured(f"{home.ROWS} open rows, nothing new", ours, floor, "an empty inbox", at_most(1))


def crowd(effort: Effort) -> Measured:
    """500 open pages of 50 people, each with one open row. Whoever asks shares the processors with the server."""
    installation.prepare()
    from django.conf import settings
    from django.db import connection

    from teams.services import create_user
    from tests.dashboard.test_queries import make_datasets

    asked = []
    for number in range(PEOPLE):
        user = create_user(email=f"bench{number}@example.com")
        make_datasets(user, 1, start=number)
        path, known = _poll_of(user)
        session = installation.signed_in(user.email).cookies[settings.SESSION_COOKIE_NAME].value
        asked.append((path, f"{settings.SESSION_COOKIE_NAME}={session}", known))
    connection.close()
    seconds = 2 if effort.is_quick else 4 * PACE_SECONDS
    with _server() as port:
        took = sorted(asyncio.run(_ask_all(port, asked, seconds)))
    p95 = took[math.ceil(len(took) * 0.95) - 1]
    what = f"{PAGES} pages ask every {PACE_SECONDS} s, 95 % within"
    note = f"{len(took):,} answers, half of them within {took[len(took) // 2]:.0f} ms"
    return Measured(what, p95, GOAL_MS, "what people don't notice", at_most(1), note=note)


def _poll_of(user: "User") -> tuple[str, str]:
    """Opens all checks of the person's datasets. The address, and the ETag of what the page shows."""
    from dashboard.rows import stamps_of
    from datasets.models import Dataset
    from datasources.models import CheckState, PermissionCheck

    ids = list(Dataset.objects.filter(owner=user).values_list("pk", flat=True))
    PermissionCheck.objects.filter(datasource__dataset__in=ids).update(state=CheckState.RUNNING, outcome="")
    stamps = stamps_of(user, ids)
    return PATH + "-".join(ids), f'"{"-".join(f"{pk}.{stamp}" for pk, stamp in stamps.items())}"'


@contextlib.contextmanager
def _server() -> Iterator[int]:
    """Its port, once it answers."""
    port = free_port()
    # Polls need no Redis, so its address leads nowhere.
    own = {"PORT": str(port), "BIND": "127.0.0.1", "WEB_CONCURRENCY": "2", "REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "-m", "lightly_platform.launch", "web"]
    with subprocess.Popen(command, env=os.environ | own, stdout=subprocess.DEVNULL) as process:
        try:
            asyncio.run(_until_ready(port))
            yield port
        finally:
            process.terminate()


async def _until_ready(port: int) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            with contextlib.suppress(OSError, IndexError):
                if (
                    await _status(port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                    == b"200"
                ):
                    return
            await asyncio.sleep(0.2)


async def _status(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        answer = await reader.read()
    finally:
        writer.close()
    return answer.split(b" ", 2)[1]


async def _ask_all(port: int, asked: list[tuple[str, str, str]], seconds: float) -> list[float]:
    """The milliseconds of each answer. Pages begin one after the other, as people open them."""
    took: list[float] = []

    async def page(number: int) -> None:
        path, cookie, known = asked[number % len(asked)]
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nIf-None-Match: {known}\r\n"
            "HX-Request: true\r\nConnection: close\r\n\r\n"
        ).encode()
        await asyncio.sleep(PACE_SECONDS * number / PAGES)
        while time.monotonic() < ends:
            started = time.monotonic()
            status = await _status(port, request)
            if status != str(_UNCHANGED).encode():
                raise RuntimeError(f"GET {path} answered {status!r}")
            took.append((time.monotonic() - started) * 1000)
            await asyncio.sleep(max(0, started + PACE_SECONDS - time.monotonic()))

    ends = time.monotonic() + seconds
    async with asyncio.TaskGroup() as pages:
        for number in range(PAGES):
            pages.create_task(page(number))
    return took
