"""500 open pages and 200 checks at once, a quarter of these at a storage that never answers; and a person who asks for
more than their share.
"""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from chaos.figures import Figure, note
from chaos.house import DEADLINE, GRACE, SLACK, House
from chaos.pages import BUSY, Page, percentile, watch_all
from chaos.places import READING, Places, places
from chaos.weather import Sky, Weather
from tests.servers import S3Cloud
from tests.servers.faults import silent

pytestmark = pytest.mark.timeout(400, func_only=True)

PAGES, PEOPLE, EACH, HANGING = 500, 50, 3, 50
# Of one person's requests, all at once.
PUSHY = 120
# Each dataset's bulbs in the end: a green Input, a red one, one whose storage said nothing. The rest of them is unset.
LOOKS = {"GREEN": "granted", "RED": "denied", "UNKNOWN": "unknown"}


def test_pages_poll_while_checks_are_under_way(house: House, cloud: S3Cloud, weather: Weather) -> None:
    """Every page comes to show what the database says, and no answer is one of failure."""
    bucket = cloud.make_bucket()
    cloud.put(bucket, "input/image.jpg", b"not really an image")
    weather.skies[bucket] = Sky(seconds=0.05)
    pages: list[Page] = []
    outcomes: dict[str, str] = {}
    good, bad = cloud.grant(bucket, "input/", READING), None
    with silent() as peer:
        hanging = good | {"type": "S3Compatible", "s3Endpoint": f"http://{peer.address}"}
        for number in range(PEOPLE):
            person = house.owner(f"load-{number}")
            here = Places(house, cloud, bucket, person, good, bad or cloud.grant(bucket, "input/", set()), {})
            bad = here.bad
            here.add(EACH, bad=3)
            more = house.hands.connect({f"hangs-{number}": hanging}, person["email"])
            outcomes |= here.outcomes | dict.fromkeys(more.values(), "UNKNOWN")
            rows = [*here.outcomes, *more.values()]
            pages += [Page(house.stack.port, person, rows) for _ in range(PAGES // PEOPLE)]
        under_way = house.open_checks()
        slots = 8
        asyncio.run(watch_all(pages, HANGING / slots * (DEADLINE + 3) + 2 * GRACE + 2 * SLACK))
    house.await_checks(DEADLINE + GRACE + SLACK)
    assert house.lost_checks(outcomes) == []
    for page in pages:
        assert {row: LOOKS[outcomes[row]] in looks for row, looks in page.bulbs.items()} == dict.fromkeys(
            page.rows, True
        )
        assert not any("checking" in looks for looks in page.bulbs.values())
    answers = list(itertools.chain.from_iterable(page.statuses for page in pages))
    seconds = list(itertools.chain.from_iterable(page.seconds for page in pages))
    said = (
        f"{under_way} checks open at once, {len(answers):,} polls, {answers.count(BUSY)} told to wait, 95 % within"
        f" {percentile(seconds, 0.95):.1f} s; {_waits(house, outcomes)}"
    )
    note(Figure(f"{PAGES} pages poll, a storage hangs", faults=HANGING, checks=len(outcomes), said=said))


def _waits(house: House, outcomes: dict[str, str]) -> str:
    """How long the good ones waited for their worker beside those that hang."""
    rows = house.query(
        "SELECT d.dataset_id, (julianday(c.finished_at) - julianday(c.queued_at)) * 86400"
        " FROM datasources_permissioncheck c JOIN datasources_datasource d ON d.latest_check_id = c.id"
    )
    took = {dataset: seconds for dataset, seconds in rows if dataset in outcomes}
    good = [seconds for dataset, seconds in took.items() if outcomes[dataset] != "UNKNOWN"]
    rest = [seconds for dataset, seconds in took.items() if outcomes[dataset] == "UNKNOWN"]
    assert max(good) < max(rest), "those that work don't wait for all of those that hang"
    halves = [f"{percentile(each, 0.5):.0f} s" for each in (good, rest)]
    return f"half of the good ones ended after {halves[0]}, of the hanging ones {halves[1]}"


def test_who_asks_for_too_much_is_told_to_wait(house: House, cloud: S3Cloud) -> None:
    """Listings of a storage that hangs, all at once: refused with when to come back. Others see their pages."""
    here, other = places(house, cloud, "pushy"), house.owner("patient")
    (dataset,) = here.add(1)
    house.await_checks(DEADLINE + GRACE + SLACK)
    with silent() as peer:
        hanging = here.good | {"type": "S3Compatible", "s3Endpoint": f"http://{peer.address}"}
        (dataset,) = house.hands.connect({"pushy-hangs": hanging}, here.owner["email"]).values()
        url = f"{house.stack.url}/v1/datasets/{dataset}/datasource/list"
        headers = {"Authorization": f"Bearer {house.hands.token(here.owner)}"}

        def ask(_: int) -> tuple[int, str]:
            answer = requests.get(url, headers=headers, timeout=120)
            return answer.status_code, answer.headers.get("Retry-After", "")

        def look(_: int) -> int:
            cookies = {"lightly_session": other["session"]}
            return requests.get(house.stack.url, cookies=cookies, timeout=120).status_code

        with ThreadPoolExecutor(PUSHY + 4) as crowd:
            asked = [crowd.submit(ask, number) for number in range(PUSHY)]
            looked = [crowd.submit(look, number).result() for number in range(20)]
            answers = [each.result() for each in asked]
        house.await_checks(2 * (DEADLINE + GRACE) + SLACK)
    assert set(looked) == {200}
    refused = [after for status, after in answers if status in {429, 503} and after]
    assert len(refused) > PUSHY / 2, answers
    assert all(after.isdigit() for after in refused)
    assert {status for status, _ in answers} <= {400, 429, 502, 503, 504}, answers
    note(
        Figure(
            "One person asks too much of a hanging storage", faults=PUSHY, checks=2, said=f"{len(refused)} told to wait"
        )
    )
