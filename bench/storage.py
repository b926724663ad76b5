"""`python -m bench.storage IMAGES MILLISECONDS`: a stand-in for S3, so far away. Prints its port.

So many images are under `in/`, and some under `warm/`.
Each request is answered after the latency, and so is the question whether a body may be sent. Two objects with one
number modulo `KINDS` show the same, but no two have the same content. What is written is kept in memory. It knows
neither signatures nor rights, and costs little of the processor, which whoever measures needs.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import sys
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

PREFIX, WARM_PREFIX, WARM_IMAGES = "in/", "warm/", 130
KINDS = 200
SIZE = (320, 240)
_STAMP = "2026-11-11T10:00:00.000Z"
_MODIFIED = formatdate(1_794_391_200, usegmt=True)
_REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 404: "Not Found", 412: "Precondition Failed"}

Answer = tuple[int, Mapping[str, str], bytes]


def picture(number: int) -> bytes:
    """A JPEG of some 12 kB: coarse shapes with a little noise."""
    chance = np.random.default_rng(number)
    coarse = chance.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = np.clip(pixels + chance.integers(-6, 7, pixels.shape), 0, 255).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(noisy).save(target, "JPEG", quality=85)
    return target.getvalue()


def name_of(prefix: str, number: int) -> str:
    return f"{prefix}dir{number // 1000:03}/img_{number:07}.jpg"


class Bucket:
    """Objects by their keys."""

    def __init__(self, images: int) -> None:
        kinds = [picture(number) for number in range(KINDS)]
        self.objects = {}
        for number in range(images + WARM_IMAGES):
            prefix = PREFIX if number < images else WARM_PREFIX
            comment = f"number {number:08}".encode()
            content = kinds[number % KINDS]
            marked = content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + content[2:]
            self.objects[name_of(prefix, number)] = marked

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        _, _, key = unquote(url.path).lstrip("/").partition("/")
        if not key:
            return self._list({name: values[0] for name, values in parse_qs(url.query).items()})
        if method == "PUT":
            if key in self.objects and "if-none-match" in headers:
                return _error(412, "PreconditionFailed")
            self.objects[key] = body
            return 200, {"ETag": _etag(body)}, b""
        if method == "DELETE":
            self.objects.pop(key, None)
            return 204, {}, b""
        content = self.objects.get(key)
        return _error(404, "NoSuchKey") if content is None else _read(content, headers.get("range", ""))

    def _list(self, asked: Mapping[str, str]) -> Answer:
        if "list-type" not in asked:
            return _error(404, "NoSuchCORSConfiguration")
        prefix, after, limit = asked.get("prefix", ""), asked.get("start-after", ""), int(asked.get("max-keys", "1000"))
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_STAMP}</LastModified>"
            f"<ETag>{escape(_etag(self.objects[key]))}</ETag><Size>{len(self.objects[key])}</Size></Contents>"
            for key in keys[:limit]
        )
        more = str(len(keys) > limit).lower()
        text = f"<ListBucketResult><Name>bench</Name><IsTruncated>{more}</IsTruncated>{entries}</ListBucketResult>"
        return 200, {"Content-Type": "application/xml"}, text.encode()


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _read(content: bytes, wanted: str) -> Answer:
    headers = {"ETag": _etag(content), "Last-Modified": _MODIFIED, "Content-Type": "image/jpeg"}
    if not wanted:
        return 200, headers, content
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    piece = content[int(first) : int(last) + 1 if last else None]
    end = int(first) + len(piece) - 1
    return 206, headers | {"Content-Range": f"bytes {first}-{end}/{len(content)}"}, piece


def _error(status: int, code: str) -> Answer:
    return status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>".encode()


async def _serve(bucket: Bucket, seconds: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            if "100-continue" in headers.get("expect", ""):
                await asyncio.sleep(seconds)
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            await asyncio.sleep(seconds)
            status, more, content = bucket.answer(method, target, headers, body)
            lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Content-Length: {len(content)}"]
            lines += [f"{name}: {value}" for name, value in more.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if method == "HEAD" else content))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()  # whoever asked has gone


async def _main(images: int, milliseconds: float) -> None:
    bucket = Bucket(images)
    server = await asyncio.start_server(
        lambda reader, writer: _serve(bucket, milliseconds / 1000, reader, writer), "127.0.0.1", 0, limit=2**20
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2])))
