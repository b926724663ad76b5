"""Listings with signed URLs through the official client, against a bare loop that lists the same bucket.

A real web server of two processes, and bench/bucket.py as the cloud, whose pages take the same time however far into
the bucket they are. The client, as published, has its own Python.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench import indexing
from bench.measuring import Effort, Measured, at_least, at_most, milliseconds
from tests.e2e.client.environments import interpreter
from tests.e2e.support.stack import Stack

CLIENT, SHARDS, WEB_PROCESSES = "1.5.26", 4, 2
MOST_MEGABYTES = 200.0
# The naive loop takes the same time for each page, so a few are enough.
NAIVE_NAMES = 10_000
WARM = 10
_CLIENT = """
import json, sys, time
from lightly.api import ApiWorkflowClient
dataset, shards = json.loads(sys.argv[1])
client = ApiWorkflowClient(dataset_id=dataset)
began = time.perf_counter()
files = client.download_raw_samples(divide_and_conquer_shards=shards, progress_bar=None)
seconds = time.perf_counter() - began
print(json.dumps([seconds, len(files), len({name for name, url in files if "Signature" in url})]))
"""
_BARE = """
import json, sys, time
import boto3
from clouds.s3.quick_pages import read_quickly
port, count, quickly, times = json.loads(sys.argv[1])
s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="eu-central-1",
                  aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="x" * 40)
if quickly:
    read_quickly(s3)
def page(after):
    return s3.list_objects_v2(Bucket="bench", Prefix="in/", StartAfter=after)["Contents"]
def sign(rows):
    for row in rows if not quickly else []:
        s3.generate_presigned_url("get_object", Params={"Bucket": "bench", "Key": row["Key"]}, ExpiresIn=604800)
page("")
first = []
for _ in range(times):
    began = time.perf_counter()
    sign(page(""))
    first.append((time.perf_counter() - began) * 1000)
listed, after, began = 0, "", time.perf_counter()
while listed < count:
    rows = page(after)
    sign(rows)
    listed, after = listed + len(rows), rows[-1]["Key"]
print(json.dumps([listed / (time.perf_counter() - began), sorted(first)[times // 2]]))
"""


def through_the_client(effort: Effort) -> Iterator[Measured]:
    count = effort.names
    with indexing.bucket(count) as port:
        bare, bare_page = _loop(port, count, quickly=True, times=effort.times)
        naive, naive_page = _loop(port, min(NAIVE_NAMES, count), quickly=False, times=effort.times)
        with _installation(port) as installed:
            page = installed.first_page(effort.times)
            one, four = (count / installed.seconds(shards, count) for shards in (1, SHARDS))
            megabytes = installed.peak_megabytes()
    listed = f"{count:,} names and URLs, client"
    note = f"{WEB_PROCESSES} web processes"
    yield Measured(f"{listed}, 1 shard", one, bare, "bare list loop", at_least(0.8), unit="/s", naive=naive)
    yield Measured(f"{listed}, {SHARDS} shards", four, one, "1 shard", at_least(1.7), unit="/s", note=note)
    yield Measured("first page of a listing", page, bare_page, "bare first page", at_most(1.5), naive=naive_page)
    what = f"peak of a web process, {count:,} names"
    yield Measured(what, megabytes, MOST_MEGABYTES, "what is promised", at_most(1), unit="MB")


@dataclass(frozen=True)
class _Installed:
    stack: Stack
    web: subprocess.Popen[bytes]
    dataset: str
    token: str

    def seconds(self, shards: int, count: int) -> float:
        """Of the client's whole call. Every name has to come exactly once, with a URL straight to the cloud."""
        environ = {"LIGHTLY_SERVER_LOCATION": self.stack.url, "LIGHTLY_TOKEN": self.token, "HOME": self.stack.directory}
        said = _last_line(interpreter(CLIENT), _CLIENT, [self.dataset, shards], environ)
        seconds, listed, distinct = json.loads(said)
        assert listed == distinct == count, (listed, distinct)
        return float(seconds)

    def first_page(self, times: int) -> float:
        """The median in milliseconds, on an open connection."""
        url = f"{self.stack.url}/v1/datasets/{self.dataset}/datasource/list?token={self.token}"
        with requests.Session() as session:

            def page() -> None:
                session.get(url, timeout=30).raise_for_status()

            # Each process and each of its threads opens a store once.
            for _ in range(WARM):
                page()
            return statistics.median(milliseconds(page) for _ in range(times))

    def peak_megabytes(self) -> float:
        """The largest of the web server's processes."""
        return max(_peak_kilobytes(process) for process in _family(self.web.pid)) / 1024


@contextmanager
def _installation(port: int) -> Iterator[_Installed]:
    environ = indexing.environment(port) | {"WEB_CONCURRENCY": str(WEB_PROCESSES)}
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "stack", environ) as stack:
        stack.start_redis()
        stack.prepare()
        web = stack.start("web", ["-m", "lightly_platform.launch", "web"])
        began = time.monotonic()
        while not _answers(stack.url):
            assert web.poll() is None, stack.log("web")
            assert time.monotonic() < began + 60, stack.log("web")
        person = stack.backstage.person("listing")
        dataset = stack.backstage.dataset("listing", person, input=indexing.fields("in/"))
        yield _Installed(stack, web, dataset, stack.backstage.token(person))


def _loop(port: int, count: int, *, quickly: bool, times: int) -> tuple[float, float]:
    """Names in a second of a loop that keeps nothing, and milliseconds of its first page.

    Quickly: by botocore with our own parser, without URLs. Else as a script does it, by boto3, with a URL each.
    """
    names, page = json.loads(_last_line(sys.executable, _BARE, [port, count, quickly, times]))
    return names, page


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=30).ok
    except requests.ConnectionError:
        time.sleep(0.1)
        return False


def _last_line(python: Path | str, code: str, given: object, environ: dict[str, object] | None = None) -> str:
    """What a script prints last."""
    command = [str(python), "-c", code, json.dumps(given)]
    variables = None if environ is None else {name: str(value) for name, value in environ.items()}
    finished = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout.splitlines()[-1]


def _family(process: int) -> Iterator[int]:
    """It and its descendants."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def _peak_kilobytes(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
