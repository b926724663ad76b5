"""Open home pages, many of them: each asks for its open rows as static/js/rows.js does, and keeps what it shows."""

from __future__ import annotations

import asyncio
import math
import re
import time
from dataclasses import dataclass, field

from tests.e2e.support.backstage import Person

# As in static/js/rows.js: once in 700 ms for checks that were just begun, or ten times as long as the last answer took.
PACE, PATIENCE, LONGEST = 0.7, 10, 1.0
_ROW = re.compile(r'<article class="dataset" id="dataset-([a-f0-9]{24})"[^>]*>.*?</article>', re.DOTALL)
_BULB = re.compile(r'class="bulb bulb--(\w+)"')
UNCHANGED, OK, BUSY = 304, 200, 429


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Page:
    """`rows`: the ids of its datasets, all of which have an open check at first."""

    port: int
    person: Person
    rows: list[str]
    etag: str = ""
    open: set[str] = field(default_factory=set)
    bulbs: dict[str, set[str]] = field(default_factory=dict)
    """By dataset, the looks of those bulbs that have one: granted, denied, unknown, checking."""
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Of each answer."""

    async def watch(self, until: float) -> None:
        """Asks until no row has an open check. Raises TimeoutError if it is later than `until` (monotonic) then."""
        self.open = set(self.rows)
        while self.open:
            if time.monotonic() > until:
                raise TimeoutError(f"open: {self.open}, {self.statuses[-5:]}")
            began = time.monotonic()
            answer = await self._ask()
            took = time.monotonic() - began
            self.statuses.append(answer.status)
            self.seconds.append(took)
            pause = max(PACE, PATIENCE * min(took, LONGEST))
            if answer.status == BUSY:
                pause = max(pause, float(answer.headers["retry-after"]))
            elif answer.status == OK:
                self._show(answer)
            elif answer.status != UNCHANGED:
                raise RuntimeError(f"{answer.status}: {answer.body[:500]}")
            await asyncio.sleep(pause)

    def _show(self, answer: Answer) -> None:
        self.etag = answer.headers["etag"]
        for found in _ROW.finditer(answer.body):
            row, markup = found[1], found[0]
            self.bulbs[row] = set(_BULB.findall(markup))
            if "data-open=" not in markup.partition(">")[0]:
                self.open.discard(row)

    async def _ask(self) -> Answer:
        path = f"/datasets/rows/?rows={'-'.join(sorted(self.open))}"
        known = {"If-None-Match": self.etag} if self.etag else {}
        return await get(
            self.port, path, {"Cookie": f"lightly_session={self.person['session']}", "HX-Request": "true", **known}
        )


async def get(port: int, path: str, headers: dict[str, str]) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head, _, body = (await reader.read()).decode(errors="replace").partition("\r\n\r\n")
    finally:
        writer.close()
    first, *rest = head.split("\r\n")
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Answer(int(first.split(" ", 2)[1]), found, body)


async def watch_all(pages: list[Page], seconds: float) -> None:
    """All of them at once, until each has come to rest. They are opened within two seconds."""

    async def watch(number: int, page: Page) -> None:
        await asyncio.sleep(2 * number / len(pages))
        await page.watch(until)

    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number, page in enumerate(pages):
            group.create_task(watch(number, page))


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(len(values) * share) - 1]
