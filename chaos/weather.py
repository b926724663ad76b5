"""Stands between the installation and the storage: lets some buckets' requests fail, or come late."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from tests.servers.gate import Gate, Request, Response
from tests.servers.xml_errors import xml_error


@dataclass(frozen=True)
class Sky:
    """`busy`: the share of requests that are refused, as S3 does it (503 SlowDown) and as others do it (429).

    `seconds`: every answer comes so much later.
    """

    busy: float = 0.0
    seconds: float = 0.0


class Weather(Gate):
    def __init__(self, upstream: str, *, seed: int = 1) -> None:
        super().__init__(upstream)
        self.skies: dict[str, Sky] = {}
        self.refused = 0
        self._chance = random.Random(seed)

    def answer(self, request: Request) -> Response:
        sky = self.skies.get(request.bucket_and_key()[0], Sky())
        time.sleep(sky.seconds)
        if self._chance.random() < sky.busy:
            self.refused += 1
            if self._chance.random() < 0.5:
                return Response(429, b"", {"Retry-After": "1"})
            return xml_error(503, "SlowDown", "Please reduce your request rate.")
        return self.forward(request)
