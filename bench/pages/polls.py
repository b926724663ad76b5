"""What an open page asks for again and again while checks are open: the answer that nothing has changed."""

import asyncio
import contextlib
import math
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
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
PAGES, PEOPLE, PACE_SECONDS, PATIENCE = 500, 50, 2, 10
GOAL_MS = 300
_START_SECONDS = 60
_OPENED_WITHIN = 5

# A path, a cookie, and the ETag of what the page shows.
Asked = tuple[str, str, str]


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
    seconds = 2 if effort.is_quick else 12  # longer than the longest pause of a page
    with _server() as port:
        asyncio.run(_warm(port, asked))
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
    """Its port. Two processes, as `make run` starts them on two processors."""
    from lightly_platform.env import read_environment
    from lightly_platform.launcher.serving import listen, web_command

    with listen("127.0.0.1", free_port()) as listener:
        port: int = listener.getsockname()[1]
        command = web_command(replace(read_environment(), web_concurrency=2), listener)
        with subprocess.Popen(command, pass_fds=[listener.fileno()], stdout=subprocess.DEVNULL) as process:
            listener.close()  # if the server ends, nobody may hang on a socket that only we hold
            try:
                yield port
            finally:
                process.terminate()


async def _warm(port: int, asked: list[Asked]) -> None:
    """The first answers of a process load its modules. Raises TimeoutError if there is none."""
    async with asyncio.timeout(_START_SECONDS):
        for _ in range(2):
            await asyncio.gather(*(_ask(port, one) for one in asked[:20]))


async def _ask(port: int, asked: Asked) -> float:
    """The milliseconds of the answer. Raises RuntimeError if it is another one."""
    path, cookie, known = asked
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nIf-None-Match: {known}\r\n"
            "HX-Request: true\r\nConnection: close\r\n\r\n".encode()
        )
        status = (await reader.read()).split(b" ", 2)[1]
    finally:
        writer.close()
    if int(status) != _UNCHANGED:
        raise RuntimeError(f"GET {path} answered {status!r}")
    return (time.monotonic() - started) * 1000


async def _ask_all(port: int, asked: list[Asked], seconds: float) -> list[float]:
    """The milliseconds of each answer once all pages are open. They begin one after the other, as people open them."""
    took: list[float] = []

    async def page(number: int) -> None:
        await asyncio.sleep(_OPENED_WITHIN * number / PAGES)
        while time.monotonic() < ends:
            began = time.monotonic()
            milliseconds = await _ask(port, asked[number % len(asked)])
            if began > all_open:
                took.append(milliseconds)
            await asyncio.sleep(max(PACE_SECONDS, PATIENCE * min(milliseconds / 1000, 1)))

    all_open = time.monotonic() + _OPENED_WITHIN
    ends = all_open + seconds
    async with asyncio.TaskGroup() as pages:
        for number in range(PAGES):
            pages.create_task(page(number))
    return took
