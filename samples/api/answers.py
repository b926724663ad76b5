"""Long answers, sent while they are made: a million names take no more memory than a thousand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from django.http import StreamingHttpResponse

_AT_ONCE = 1_000
_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def json_list(items: Iterable[object]) -> StreamingHttpResponse:
    """A JSON list of these."""
    return _answer(_joined((_dumps(item) for item in items), "[", ",", "]"), "application/json")


def json_lines(lines: Iterable[str]) -> StreamingHttpResponse:
    """One JSON string with a line for each: what the client's text exports are."""
    return _answer(_joined((_dumps(line)[1:-1] for line in lines), '"', "\\n", '"'), "application/json")


def plain_lines(lines: Iterable[str], *, content_type: str = "text/plain; charset=utf-8") -> StreamingHttpResponse:
    return _answer(_joined(lines, "", "\n", ""), content_type)


def json_text(pieces: Iterable[str]) -> StreamingHttpResponse:
    """What these are together."""
    return _answer(_joined(pieces, "", "", ""), "application/json")


def _answer(chunks: Iterator[bytes], content_type: str) -> StreamingHttpResponse:
    """The first piece is made at once, so that what goes wrong can still become another answer."""
    answer = StreamingHttpResponse(chain([next(chunks)], chunks), content_type=content_type)
    answer["Cache-Control"] = "no-store"
    return answer


def _joined(texts: Iterable[str], before: str, between: str, behind: str) -> Iterator[bytes]:
    remaining = iter(texts)
    start = before
    while some := list(islice(remaining, _AT_ONCE)):
        yield f"{start}{between.join(some)}".encode()
        start = between
    yield f"{before if start == before else ''}{behind}".encode()
