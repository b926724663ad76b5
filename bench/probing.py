"""The permission check against simpler ways to do it, on one S3 server behind a proxy that adds latency."""

import contextlib
from collections.abc import Iterator

import boto3
from botocore.config import Config

from bench.measuring import Effort, Measured, at_most, in_turns
from clouds import CloudConfig, Endpoints, parse_config
from clouds.doctor.probe import PROBE_KEY, probe
from clouds.permissions import ALL
from tests.servers import ALL_RIGHTS, S3Cloud, Trouble, faults

LATENCY_SECONDS = 0.05


@contextlib.contextmanager
def place(latency: float) -> Iterator[tuple[S3Cloud, str, CloudConfig, Endpoints]]:
    """A bucket with some objects, and how to get there."""
    cloud = S3Cloud()
    cloud.start()
    try:
        bucket = cloud.make_bucket()
        for number in range(10):
            cloud.put(bucket, f"street/{number}.jpg", b"x")
        config = parse_config(cloud.grant(bucket, "street/", ALL_RIGHTS))
        with faults.slow(cloud.address, latency) as slow:
            address = slow.address if latency else cloud.address
            yield cloud, bucket, config, Endpoints(s3=cloud.environment(address)["LIGHTLY_S3_ENDPOINT_URL"])
    finally:
        cloud.stop()


def one_by_one(config: CloudConfig, endpoints: Endpoints, *, timeout: float = 60, attempts: int = 5) -> None:
    """What a straightforward script does: a session of its own, then call after call, with boto3's usual timeouts."""
    fields = config.revealed()
    client = boto3.session.Session(
        aws_access_key_id=fields["s3AccessKeyId"],
        aws_secret_access_key=fields["s3SecretAccessKey"],
        region_name=fields["s3Region"],
    ).client(
        "s3",
        endpoint_url=endpoints.s3,
        config=Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"total_max_attempts": attempts},
            s3={"addressing_style": "path"},
        ),
    )
    key = config.prefix + PROBE_KEY
    client.list_objects_v2(Bucket=config.bucket, Prefix=config.prefix, MaxKeys=1)
    client.put_object(Bucket=config.bucket, Key=key, Body=b"x")
    client.put_object(Bucket=config.bucket, Key=key, Body=b"x")
    client.get_object(Bucket=config.bucket, Key=key)["Body"].read()
    client.delete_object(Bucket=config.bucket, Key=key)


def against_one_by_one(effort: Effort) -> Measured:
    """The floor: one answer of the cloud."""
    with place(LATENCY_SECONDS) as (_, _, config, endpoints):
        probe(config, ALL, endpoints, 15)  # the shared session is built once per worker
        ways = lambda: probe(config, ALL, endpoints, 15), lambda: one_by_one(config, endpoints)
        ours, naive = in_turns(*ways, times=effort.times)
    latency = LATENCY_SECONDS * 1000
    return Measured("four permissions, whole", ours, latency, "the latency, 50 ms", at_most(5), naive=naive)


def session_reuse(effort: Effort) -> Measured:
    with place(0) as (_, _, config, endpoints):
        probe(config, ALL, endpoints, 15)
        ways = lambda: probe(config, ALL, endpoints, 15), lambda: one_by_one(config, endpoints)
        ours, naive = in_turns(*ways, times=effort.times)
    return Measured("four permissions without latency", ours, naive, "naive: a new session each", naive=naive)


def silent_server(_: Effort) -> Measured:
    """A server that takes connections and never answers. Scaled down: 1 s for us, 1 s per call with 3 attempts."""
    with place(0) as (cloud, bucket, config, endpoints):
        cloud.trouble(bucket, Trouble.SILENT)

        def ours() -> None:
            probe(config, ALL, endpoints, 1)

        def naive() -> None:
            with contextlib.suppress(Exception):  # it ends with a timeout: how late is what we measure
                one_by_one(config, endpoints, timeout=1, attempts=3)

        took, other = in_turns(ours, naive, times=1)
    return Measured("a silent server", took, 1000, "the deadline, 1 s", at_most(1.05), naive=other)
