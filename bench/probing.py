"""The permission check against simpler ways to do it, on servers behind a proxy that adds latency."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import boto3
from botocore.config import Config as BotoConfig

from bench import indexing, storage, workers
from bench.measuring import Effort, Measured, at_most, in_turns
from clouds import CloudConfig, Endpoints, open_store, parse_config
from clouds.doctor.probe import PROBE_CONTENT, PROBE_KEY, Report, probe
from clouds.doctor.warm import WarmStores
from clouds.permissions import ALL, READ_ONLY, Permission
from clouds.store import CallLimit
from tests.servers import (
    ALL_RIGHTS,
    AzureCloud,
    Cloud,
    Config,
    GCSCloud,
    OBSCloud,
    S3Cloud,
    S3DelegatedCloud,
    Trouble,
    faults,
)

LATENCY_SECONDS = 0.05
LATENCY = LATENCY_SECONDS * 1000
DEADLINE_SECONDS = 15.0
_FAST = "S3, fast server"


@dataclass(frozen=True)
class Place:
    """A bucket with some objects, and how to get there."""

    cloud: Cloud | None
    bucket: str
    config: CloudConfig
    endpoints: Endpoints
    file: str = "street/0.jpg"

    def probe(self, needs: frozenset[Permission], stores: WarmStores | None = None) -> float:
        """Milliseconds until the verdicts. Raises RuntimeError unless all of them are green."""
        told: list[float] = []
        began = time.perf_counter()

        def tell(_: Report) -> None:
            told.append((time.perf_counter() - began) * 1000)

        report = probe(self.config, needs, self.endpoints, DEADLINE_SECONDS, stores, tell)
        if any(report.verdicts[each].failure for each in needs):
            raise RuntimeError(f"{self.config.provider_type()} is not green: {report.verdicts}")
        return told[0]

    def one_by_one(self) -> None:
        """What a straightforward script does: it opens the bucket, then makes call after call."""
        store, key = open_store(self.config, self.endpoints, CallLimit(60)), self.config.prefix + PROBE_KEY
        with contextlib.closing(store):
            store.keys(self.config.prefix, limit=1)
            store.create(key, PROBE_CONTENT)
            store.replace(key, PROBE_CONTENT)
            store.read_range(self.file, 0, 1)
            store.delete(key)


@contextlib.contextmanager
def place(kind: str, latency: float = LATENCY_SECONDS) -> Iterator[Place]:
    cloud: Cloud = S3DelegatedCloud(S3Cloud()) if kind == "S3DelegatedAccess" else _CLOUDS[kind]()
    base = cloud.s3 if isinstance(cloud, S3DelegatedCloud) else cloud
    base.start()
    try:
        bucket = cloud.make_bucket()
        for number in range(10):
            cloud.put(bucket, f"street/{number}.jpg", b"x")
        granted = cloud.grant(bucket, "street/", ALL_RIGHTS)
        with faults.slow(cloud.address, latency) as slow:
            yield _behind(slow.address if latency else cloud.address, cloud, bucket, granted)
    finally:
        base.stop()


@contextlib.contextmanager
def fast_place() -> Iterator[Place]:
    with workers.storage(10, LATENCY) as port:
        config = parse_config(indexing.fields(storage.PREFIX))
        file = storage.name_of(storage.PREFIX, 0)
        yield Place(None, "bench", config, Endpoints(s3=f"http://127.0.0.1:{port}"), file)


_CLOUDS = {"S3": S3Cloud, "AZURE": AzureCloud, "GCS": GCSCloud, "OBS": OBSCloud}


def _behind(address: str, cloud: Cloud, bucket: str, granted: Config) -> Place:
    environment = cloud.environment(address)
    os.environ |= {name: value for name, value in environment.items() if name.startswith("AWS_")}
    endpoints = _endpoints(environment)
    return Place(cloud, bucket, parse_config(cloud.at_address(granted, address), endpoints), endpoints)


def _endpoints(environment: Mapping[str, str]) -> Endpoints:
    return Endpoints(
        s3=environment.get("LIGHTLY_S3_ENDPOINT_URL"),
        sts=environment.get("LIGHTLY_STS_ENDPOINT_URL"),
        azure=environment.get("LIGHTLY_AZURE_ENDPOINT_URL"),
        gcs=environment.get("LIGHTLY_GCS_ENDPOINT_URL"),
        gcs_token=environment.get("LIGHTLY_GCS_TOKEN_URL"),
        allowed_private_hosts=tuple(environment.get("LIGHTLY_ALLOWED_PRIVATE_HOSTS", "").split(",")),
    )


def verdicts(effort: Effort) -> Iterator[Measured]:
    """Of all providers: until the verdicts are known, with the store of the check before; the whole task; a first use.

    A first use may take 80 ms more than the ones after it. The tests' servers take 20 ms for each answer themselves, on
    the same processors, so there is also a stand-in for S3 that takes none.
    """
    with fast_place() as here:
        yield from _verdicts(effort, _FAST, here)
    for kind in ("S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS"):
        with place(kind) as here:
            yield from _verdicts(effort, kind, here)


def _verdicts(effort: Effort, kind: str, here: Place) -> Iterator[Measured]:
    stores = WarmStores()
    for needs in (ALL, READ_ONLY):  # what is loaded once per worker is loaded
        here.probe(needs, stores)
    lightly: list[float] = []
    reading: list[float] = []
    first: list[float] = []

    def whole() -> None:
        lightly.append(here.probe(ALL, stores))

    def both() -> None:
        reading.append(here.probe(READ_ONLY, stores))
        first.append(here.probe(ALL))

    task, naive, _ = in_turns(whole, here.one_by_one, both, times=effort.times)
    stores.close()
    middle, name = statistics.median, "the latency, 50 ms"
    yield Measured(f"{kind}: four verdicts", middle(lightly), LATENCY, name, at_most(2.8), naive=naive)
    yield Measured(f"{kind}: the two of Input", middle(reading), LATENCY, name, at_most(1.5))
    yield Measured(f"{kind}: whole task", task, LATENCY, name, at_most(5), naive=naive)
    late = middle(lightly) + 80
    yield Measured(f"{kind}: four verdicts, first use", middle(first), late, "warm, and 80 ms", at_most(1))


def silent_server(_: Effort) -> Measured:
    """A server that takes connections and never answers. Scaled down: 1 s for us, 1 s per call with 3 attempts."""
    with place("S3", 0) as here:
        assert here.cloud
        here.cloud.trouble(here.bucket, Trouble.SILENT)

        def ours() -> None:
            probe(here.config, ALL, here.endpoints, 1)

        def naive() -> None:
            client = boto3.session.Session().client(
                "s3",
                region_name="eu-central-1",
                endpoint_url=here.endpoints.s3,
                aws_access_key_id="AKIA",
                aws_secret_access_key="x",
                config=BotoConfig(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 3}),
            )
            with contextlib.suppress(Exception):  # it ends with a timeout: how late is what we measure
                client.list_objects_v2(Bucket=here.bucket)

        took, other = in_turns(ours, naive, times=1)
    return Measured("a silent server", took, 1000, "the deadline, 1 s", at_most(1.05), naive=other)
