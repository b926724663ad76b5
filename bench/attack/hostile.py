"""What one guest does to an installation in `bench.attack`: the endpoints they bring, and what they ask for."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.clouds.examples import example, service_account
from tests.clouds.gcs.test_private_key import padded
from tests.servers import Config
from tests.servers.faults import Flood, Peer, drip, drip_tls, silent
from tests.servers.gate import Gate, Request, Response

SHARDS = 64
LISTERS = 16
VERIFIERS = 16
POLLS = 200
# As an open page asks again for a check that waits.
POLL_SECONDS = 2.0
HANGING_CHECKS = 48
HANGING_WEBHOOKS = 40
KEY_SENDERS = 4
KEY_BITS = 16_384  # of which loading takes half a minute
SILENT = 1  # which of the endpoints never answers
_CSRF = "a" * 32

_ENTRY = (
    "<Contents><Key>{name:012}.txt</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified>"
    "<ETag>1</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"
)


class EndlessPages(Gate):
    """Answers at once, with full pages of files that nobody wants, and always says that there are more."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)

    def answer(self, request: Request) -> Response:
        first = next(self._numbers) * 1000
        entries = "".join(_ENTRY.format(name=first + number) for number in range(1000))
        page = f"<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated>{entries}</ListBucketResult>"
        return Response(200, page.encode(), {"Content-Type": "application/xml"})


class HugePages(Gate):
    """Pages of 300,000 names."""

    def __init__(self) -> None:
        super().__init__()
        entries = "".join(f"<Contents><Key>{number:06}</Key></Contents>" for number in range(300_000))
        self._page = f"<ListBucketResult><Name>b</Name>{entries}</ListBucketResult>".encode()

    def answer(self, request: Request) -> Response:
        return Response(200, self._page, {"Content-Type": "application/xml"})


@contextlib.contextmanager
def endpoints() -> Iterator[list[Config]]:
    """Datasources at servers that do their worst, both of the kinds whose addresses people type."""
    with contextlib.ExitStack() as stack:
        servers: list[contextlib.AbstractContextManager[Peer | Gate]] = [
            drip(0.2),
            silent(),
            Flood(),
            Flood(chunked=True),
            EndlessPages(),
            HugePages(),
        ]
        addresses = [f"http://{stack.enter_context(server).address}" for server in servers]
        addresses.append(f"https://{stack.enter_context(drip_tls(0.2)).address}")
        configs = [example("OBS", obsEndpoint=address) for address in addresses]
        configs += [example("S3Compatible", s3Endpoint=address) for address in addresses]
        yield configs


@dataclass
class Guest:
    """One person's scripts and open pages. Everything goes on until the process ends."""

    port: int
    token: str
    session: str
    datasets: list[str]
    hanging: list[str]
    team: str

    def attack(self, configs: list[Config]) -> None:
        for number in range(LISTERS):
            self._for_ever(self._list, number)
        for number in range(SHARDS):
            self._for_ever(self._list_shard, number)
        for number in range(VERIFIERS):
            self._for_ever(self._verify, number)
        for number in range(POLLS):
            self._for_ever(self._poll, number)
        key = example("GCS", gcsCredentials=service_account(private_key=padded(KEY_BITS)))
        for number in range(KEY_SENDERS):
            self._for_ever(lambda number: self._save(number, key), number)
        self._for_ever(lambda number: self._send_webhooks(), 0)
        silent_ones = configs[SILENT::7]
        self._for_ever(lambda number: self._save_all(silent_ones), 0)

    def _for_ever(self, act: Callable[[int], None], number: int) -> None:
        def run() -> None:
            time.sleep(random.random())
            while True:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    act(number)

        threading.Thread(target=run, daemon=True).start()

    def _list(self, number: int) -> None:
        self._get(f"/v1/datasets/{self._dataset(number)}/datasource/list")

    def _list_shard(self, number: int) -> None:
        path = f"/v1/datasets/{self._dataset(number)}/datasource/list"
        parts = self._get(f"{path}/dnc", dncShards=str(SHARDS)).get("cursors", [])
        if parts:
            self._get(path, cursor=parts[number % len(parts)])

    def _verify(self, number: int) -> None:
        self._get(f"/v1/datasets/{self._dataset(number)}/datasource/verify")

    def _dataset(self, number: int) -> str:
        return self.datasets[(number + random.randrange(3)) % len(self.datasets)]

    def _poll(self, number: int) -> None:
        self._get(f"/datasets/{self.hanging[number % len(self.hanging)]}/row/")
        time.sleep(POLL_SECONDS)

    def _save_all(self, configs: list[Config]) -> None:
        for number, config in zip(range(len(self.hanging)), itertools.cycle(configs), strict=False):
            self._save(number, config)
        time.sleep(5)

    def _save(self, number: int, config: Config) -> None:
        body = json.dumps(config | {"purpose": "INPUT"})
        status, _ = self._ask("PUT", f"/v1/datasets/{self.hanging[number]}/datasource?token={self.token}", body)
        if status == 503:
            time.sleep(1)

    def _send_webhooks(self) -> None:
        """To an address that never answers, by the button that sends a test."""
        for _ in range(HANGING_WEBHOOKS):
            self._ask("POST", f"/notifications/settings/{self.team}/webhook/test/", f"csrfmiddlewaretoken={_CSRF}")
        time.sleep(5)

    def _get(self, path: str, **query: str) -> dict[str, list[str]]:
        """The answer of the API, if it is a good one."""
        api = path.startswith("/v1/")
        status, body = self._ask("GET", f"{path}?{urlencode({'token': self.token, **query})}" if api else path)
        if status in {429, 503}:
            time.sleep(1)  # the least that Retry-After says
        return dict(json.loads(body)) if api and status == 200 else {}

    def _ask(self, method: str, target: str, body: str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            form = body is not None and body.startswith("csrf")
            headers = {
                "Cookie": f"lightly_session={self.session}; csrftoken={_CSRF}",
                "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            }
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
