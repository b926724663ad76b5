"""A bucket of files that are meant to do harm, opened by a real worker: nobody is called, memory stays, all is told."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.queues import Queue
from tests.contents.media.making import encoded, jpeg, png_of
from tests.contents.support import READING
from tests.jobs.installation import Installation
from tests.servers import Cloud
from tests.servers.process import eventually

pytestmark = pytest.mark.timeout(600)

# What a process of the queue may have, see LIGHTLY_PROCESS_LIMITS. An image of the largest size we open takes half.
MOST_MEGABYTES = 1200
_CONNECT = """
import json, sys
from tests.jobs.worker_app import app
from clouds import parse_config
from contents.index.services import choose_depth, start
from contents.models import Depth
from datasets.services import create_dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose
from teams.services import create_user
dataset = create_dataset(name="hostile", owner=create_user(email="hostile@example.com"))
choose_depth(team=dataset.team, depth=Depth.SAMPLE, sample=1000)
source = Datasource(dataset=dataset, purpose=Purpose.INPUT)
source.set_config(parse_config(json.loads(sys.argv[1]), configured_endpoints()))
source.save()
print(start(source, by=None)[0].pk)
"""


class Trap:
    """A server that nobody has any reason to call. Counts who does."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                self.calls += 1
                connection.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


def hostile_files(port: int) -> dict[str, bytes]:
    url = f"http://127.0.0.1:{port}/x"
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}.ts\n#EXT-X-ENDLIST\n".encode()
    return {
        "svg.jpg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'.encode(),
        "page.png": f'<!doctype html><img src="{url}"><script src="{url}"></script>'.encode(),
        "eps.jpg": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({url}) run\nshowpage\n".encode(),
        "pdf.tiff": f"%PDF-1.7\n1 0 obj<</URI({url})>>endobj".encode(),
        "hls.mp4": playlist,
        "hls.webm": playlist,
        "list.mov": f"ffconcat version 1.0\nfile '{url}.mp4'\n".encode(),
        "sdp.mp4": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n".encode(),
        "dash.mp4": f'<?xml version="1.0"?><MPD><BaseURL>{url}</BaseURL></MPD>'.encode(),
        "900-megapixels.png": png_of(30_000, 30_000, data=b"\0" * 1_000_000),
        "144-megapixels.png": png_of(12_000, 12_000, data=b"\0" * 1_000_000),
        "wide.png": png_of(2**31 - 1, 1),
        "bomb.gif": b"GIF89a" + (65535).to_bytes(2, "little") * 2 + b"\x80\0\0" + b"\0" * 6 + b"\x2c" + b"\0" * 8,
        "breaks-off.jpg": jpeg((2000, 1500))[:3000],
        "noise.mp4": b"\0\0\0\x18ftypisom" + b"\xff" * 5000,
        "noise.avi": b"RIFF\xff\xff\xff\xffAVI LIST" + b"\xff" * 5000,
    }


# As large as an image may be: it is opened, and no harm done.
LARGE = {"large.png": encoded(Image.new("L", (12_000, 9_900)), "PNG")}
ODD_NAMES = ["..%2F..%2Fetc%2Fpasswd.jpg", "a/../../b.jpg", "\u202egpj.exe.jpg", "-rf.jpg", "'; drop table x;.jpg"]


def megabytes(pid: int) -> float:
    """The largest peak of resident memory of a process or any below it."""
    peaks = [0.0]
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                peaks.append(int(line.split()[1]) / 1024)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            peaks.append(megabytes(int(child)))
    return max(peaks)


def test_nobody_is_called_and_all_is_told(clouds: dict[str, Cloud], tmp_path: Path, trap: Trap) -> None:
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    hostile = hostile_files(trap.port)
    names = {name: jpeg() for name in ODD_NAMES}
    for name, data in {**hostile, **names, **LARGE}.items():
        cloud.put(bucket, f"in/{name}", data)
    config = cloud.grant(bucket, "in/", READING)
    installation = Installation(tmp_path / "stack")
    try:
        installation.stack.environ |= cloud.environment()
        installation.start()
        worker = installation.start_worker(Queue.CONTENTS)
        installation._run(_CONNECT, json.dumps(config))
        peak = 0.0

        def is_over() -> bool:
            nonlocal peak
            peak = max(peak, megabytes(worker.pid))
            states = installation.query("SELECT kind, state FROM jobs_job ORDER BY kind")
            return len(states) == 2 and all(state in {"DONE", "FAILED"} for _, state in states)

        assert eventually(is_over, 300), installation.logs()
        states = dict(installation.query("SELECT kind, state FROM jobs_job"))
        assert states == {"contents.index": "DONE", "contents.reading": "DONE"}, installation.logs()
        told: dict[str, list[int]] = {}
        for key, what in installation.query("SELECT key, what FROM contents_inside ORDER BY key, what"):
            told.setdefault(key, []).append(what)
        opened = {key for (key,) in installation.query("SELECT key FROM contents_facts WHERE state = 1")}
        deaths = installation.query("SELECT SUM(deaths) FROM jobs_jobshard")
    finally:
        installation.stack.stop()
    assert trap.calls == 0
    assert set(hostile) | set(LARGE) <= opened
    assert set(hostile) <= set(told)
    assert not set(LARGE) & set(told)
    assert len(opened) == len(hostile) + len(LARGE) + len(ODD_NAMES)
    assert peak < MOST_MEGABYTES
    assert deaths == [(0,)]
