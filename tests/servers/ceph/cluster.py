"""A Ceph cluster of one monitor, one object store in memory and one RADOS gateway, from the distribution's packages.

Small, and only for tests: nothing survives, nobody signs in between its daemons, and all of it listens on 127.0.0.1.
https://docs.ceph.com/en/pacific/install/manual-deployment/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any

import requests

from scripts import ceph
from tests.servers.process import HOST, ServerProcess

_CONFIG = """
[global]
fsid = {fsid}
mon host = [v2:{host}:{mon_port}/0]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
keyring = {home}/keyring
mon data = {home}/mon
osd data = {home}/osd
run dir = {home}
admin socket =
log to file = false
log to stderr = true
err to stderr = true
mon cluster log to file = false
ms bind msgr1 = false
ms mon client mode = crc
public addr = {host}
cluster addr = {host}
osd objectstore = memstore
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 0
paxos propose interval = 0.05
rgw enable usage log = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw dynamic resharding = false
rgw override bucket index max shards = 8
rgw thread pool size = 32
"""


class Cluster:
    """`address` is the gateway's `host:port`. Starting takes five seconds, and 130 MB of memory."""

    def __init__(self) -> None:
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._home = Path()
        self._fsid = ""
        self._monitor = ServerProcess("ceph-mon", self._make_monitor)
        self._store = ServerProcess("ceph-osd", self._make_store, ready=lambda _: True)  # the gateway waits for it
        self._gateway = ServerProcess("radosgw", self._gateway_command, ready=_serves)

    @property
    def address(self) -> str:
        return self._gateway.address

    def start(self) -> None:
        ceph.require()
        self._directory = tempfile.TemporaryDirectory(prefix="ceph-", ignore_cleanup_errors=True)
        self._home = Path(self._directory.name)
        for server in (self._monitor, self._store, self._gateway):
            server.start()

    def stop(self) -> None:
        for server in (self._gateway, self._store, self._monitor):
            server.stop()
        if self._directory is not None:
            self._directory.cleanup()

    def make_admin(self) -> tuple[str, str]:
        """The keys of a user who may make others, by the gateway's admin API."""
        rights = ("--admin", "--caps=users=*;buckets=*")
        answer = self._run("radosgw-admin", "user", "create", "--uid=operator", "--display-name=operator", *rights)
        [key] = json.loads(answer)["keys"]
        return key["access_key"], key["secret_key"]

    def _make_monitor(self, port: int) -> list[str]:
        shutil.rmtree(self._home / "mon", ignore_errors=True)
        (self._home / "mon").mkdir()
        (self._home / "keyring").touch()
        self._fsid = str(uuid.uuid4())
        text = _CONFIG.format(fsid=self._fsid, host=HOST, mon_port=port, home=self._home)
        self._configuration.write_text(text)
        monitors = str(self._home / "monmap")
        address = f"[v2:{HOST}:{port}]"
        self._run("monmaptool", "--create", "--clobber", "--fsid", self._fsid, "--addv", "a", address, monitors)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monitors)
        return ["ceph-mon", "-i", "a", "-c", str(self._configuration), "-f"]

    def _make_store(self, _: int) -> list[str]:
        shutil.rmtree(self._home / "osd", ignore_errors=True)
        (self._home / "osd").mkdir()
        own = str(uuid.uuid4())
        number = self._run("ceph", "osd", "new", own).strip()
        self._run("ceph-osd", "-i", number, "--mkfs", "--osd-uuid", own)
        return ["ceph-osd", "-i", number, "-c", str(self._configuration), "-f"]

    def _gateway_command(self, port: int) -> list[str]:
        frontend = f"beast endpoint={HOST}:{port}"
        return ["radosgw", "-c", str(self._configuration), "-n", "client.rgw", "--rgw-frontends", frontend, "-f"]

    @property
    def _configuration(self) -> Path:
        return self._home / "ceph.conf"

    def _run(self, program: str, *arguments: str) -> str:
        command = [program, *arguments] + ([] if program == "monmaptool" else ["-c", str(self._configuration)])
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._home)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout


def _serves(port: int) -> bool:
    """The port opens before the gateway has made its pools."""
    try:
        answer: Any = requests.get(f"http://{HOST}:{port}/", timeout=5)
    except requests.RequestException:
        return False
    return bool(answer.status_code == 200)
