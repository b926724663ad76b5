"""`python -m bench.attack`: what others notice of an installation while one guest does the worst they can.

A real installation as `make run` starts it, a guest in a process of their own (see bench/attack/hostile.py), and a
bystander in another team: how long /healthz and their home page take, and how long their checks wait for a worker.
`--seconds` says for how long.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from bench.attack import hostile
from bench.attack.hostile import Guest
from tests.e2e.support.stack import Stack
from tests.servers import ALL_RIGHTS, Config, S3Cloud
from tests.servers.process import HOST

# What the platform promises: seconds, and MB for each web process.
PROMISED = {"/healthz": 1.0, "home page": 1.0, "start of a check": 3.0, "web process": 300.0}

Times = dict[str, list[float]]


class Bystander:
    """A person in another team, with a storage that works."""

    def __init__(self, stack: Stack, cloud: S3Cloud) -> None:
        self.stack = stack
        person = stack.backstage.person("bystander")
        bucket = cloud.make_bucket()
        cloud.put(bucket, "street/a.jpg", b"x")
        self.config = cloud.grant(bucket, "street/", ALL_RIGHTS)
        self.dataset = stack.backstage.dataset("mine", person, input=self.config)
        self.token = stack.backstage.token(person)
        self.cookies = {"lightly_session": person["session"]}
        self.took: Times = {"/healthz": [], "home page": [], "start of a check": []}

    def look(self, ends_at: float) -> None:
        while time.monotonic() < ends_at:
            for what, path in [("/healthz", "/healthz"), ("home page", "/")]:
                self.took[what].append(self._seconds(path))
            time.sleep(0.2)

    def check(self, ends_at: float) -> None:
        url = f"{self.stack.url}/v1/datasets/{self.dataset}/datasource"
        while time.monotonic() < ends_at:
            requests.put(url, params={"token": self.token}, json=self.config | {"purpose": "INPUT"}, timeout=60)
            began_at = time.monotonic()
            while self.stack.backstage.checks(self.dataset)[0]["state"] == "QUEUED":
                time.sleep(0.02)
            self.took["start of a check"].append(time.monotonic() - began_at)
            time.sleep(1)

    def _seconds(self, path: str) -> float:
        began_at = time.monotonic()
        answer = requests.get(self.stack.url + path, cookies=self.cookies, timeout=60)
        if answer.status_code != 200:
            raise RuntimeError(f"GET {path} answered {answer.status_code}")
        return time.monotonic() - began_at


def attack(guest: Guest, configs: list[Config]) -> None:
    """In a process of its own, so that it takes nothing from who measures but the processor."""
    guest.attack(configs)
    threading.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.attack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    cloud = S3Cloud()
    cloud.start()
    try:
        environment = cloud.environment() | {"LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST, "WEB_CONCURRENCY": "2"}
        with (
            tempfile.TemporaryDirectory() as directory,
            hostile.endpoints() as configs,
            Stack(Path(directory) / "stack", environment) as stack,
        ):
            stack.run()
            bystander = Bystander(stack, cloud)
            _measure(bystander, 10)
            quiet, bystander.took = bystander.took, {name: [] for name in bystander.took}
            guest = _begin(stack, configs)
            time.sleep(5)
            _measure(bystander, seconds)
            guest.kill()
            _print(quiet, bystander.took, list(_peaks(os.getpid())))
    finally:
        cloud.stop()


def _begin(stack: Stack, configs: list[Config]) -> multiprocessing.process.BaseProcess:
    person = stack.backstage.person("guest")
    datasets = [stack.backstage.dataset(f"bad {number}", person) for number in range(len(configs))]
    hanging = [stack.backstage.dataset(f"hangs {number}", person) for number in range(hostile.HANGING_CHECKS)]
    token = stack.backstage.token(person)
    for dataset, config in zip(datasets, configs, strict=True):
        url = f"{stack.url}/v1/datasets/{dataset}/datasource"
        body = config | {"purpose": "INPUT_OUTPUT"}
        requests.put(url, params={"token": token}, json=body, timeout=60).raise_for_status()
    stack.backstage.webhook(person, f"{configs[hostile.SILENT]['obsEndpoint']}/hook")
    guest = Guest(stack.port, token, person["session"], datasets, hanging, person["team"])
    process = multiprocessing.get_context("spawn").Process(target=attack, args=(guest, configs), daemon=True)
    process.start()
    return process


def _measure(bystander: Bystander, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    threads = [threading.Thread(target=act, args=(ends_at,)) for act in (bystander.look, bystander.check)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _peaks(parent: int) -> Iterator[float]:
    """The most memory, in MB, that each web process has taken so far, of those below this process."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    below = [parent]
    for each in below:
        below += children.get(each, [])
    servers = [pid for pid in below if b"lightly-web" in _read(pid, "comm")]
    for pid in (pid for pid in servers if not children.get(pid)):
        status = _read(pid, "status").decode()
        yield next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _print(before: Times, under_attack: Times, peaks: list[float]) -> None:
    print(f"{'what':<20}{'promised':>10}{'before':>10}{'median':>10}{'95 %':>10}{'worst':>10}{'times':>8}")
    for what, times in under_attack.items():
        ordered = sorted(times)
        medians = [statistics.median(before[what]), statistics.median(times)]
        figures = [PROMISED[what], *medians, ordered[len(times) * 95 // 100], ordered[-1]]
        print(f"{what:<20}" + "".join(f"{figure:>8.2f} s" for figure in figures) + f"{len(times):>8}")
    most = ", ".join(f"{peak:.0f} MB" for peak in peaks)
    print(f"{'web process':<20}{PROMISED['web process']:>7.0f} MB   most of each: {most}")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
