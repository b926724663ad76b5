"""Log lines: one each, as text or as JSON, with the ids of what they are about."""

from __future__ import annotations

import json
import logging
import threading
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import pytest

from core import log_context
from core.logs import JsonFormatter, LineFormatter, json_line
from core.threads import ContextPool


def record(message: str = "at %s", *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("a.logger", logging.WARNING, "f", 1, message, arguments or ("/a",), None)
    vars(made).update(more)
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = JsonFormatter().format(made)
    assert line.isascii()
    assert line.isprintable()
    found: dict[str, Any] = json.loads(line)
    return found


def test_an_object_has_what_a_line_has() -> None:
    found = as_json(record("at %s", "/a\nERROR forged\x1b[2J\r\x9b\u2028é\ud800", created=1764382200.25))
    assert found["time"] == "2025-11-29T02:10:00.250Z"
    assert (found["level"], found["logger"]) == ("WARNING", "a.logger")
    assert found["message"].startswith("at /a\nERROR forged\x1b")
    assert isinstance(found["process"], int)
    assert "exception" not in found
    assert "request_id" not in found


def test_tracebacks_are_in_the_object() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        found = as_json(record(exc_info=(ValueError, error, error.__traceback__)))
    assert found["exception"].startswith("Traceback (most recent call last):\n")
    assert found["exception"].endswith("ValueError: two\nlines")


def test_fields_of_a_record() -> None:
    assert as_json(record(fields={"status": 404}))["status"] == 404


def test_a_line_of_somebody_without_logging() -> None:
    found = json.loads(json_line(logging.INFO, "launcher", "100% ready"))
    assert (found["message"], found["level"], found["logger"]) == ("100% ready", "INFO", "launcher")


def test_ids_nest_and_end() -> None:
    with log_context.about(request_id="r-1234567", check_id="c"):
        with log_context.about(dataset_id="d", check_id=""):
            inner = as_json(record())
            line = LineFormatter("{levelname} {message}", style="{").format(record())
        outer = as_json(record())
    assert (inner["request_id"], inner["dataset_id"]) == ("r-1234567", "d")
    assert "check_id" not in inner
    assert line == "WARNING at /a [request_id=r-1234567 dataset_id=d]"
    assert outer["check_id"] == "c"
    assert "dataset_id" not in outer
    assert log_context.current() == {}


def test_a_thread_has_them_if_it_was_given_them() -> None:
    found: list[log_context.Ids] = []

    def look() -> None:
        found.append(log_context.current())

    with log_context.about(check_id="c"):
        with_context = threading.Thread(target=copy_context().run, args=(look,))
        without = threading.Thread(target=look)
    for thread in (with_context, without):
        thread.start()
        thread.join()
    assert found == [{"check_id": "c"}, {}]


def test_djangos_own_lines_about_a_request_have_its_id() -> None:
    """They come when the middleware has ended."""
    assert as_json(record(request=SimpleNamespace(request_id="r-1234567")))["request_id"] == "r-1234567"
    for other in (SimpleNamespace(), None, "text", SimpleNamespace(request_id=5)):
        assert "request_id" not in as_json(record(request=other))


@pytest.mark.parametrize("text", ["12345678", "3b241101-e2bb-4255-8caf-4136c566a962", "a.b_c-d12", "0" * 64])
def test_sane_ids(text: str) -> None:
    assert log_context.sane_request_id(text) == text


@pytest.mark.parametrize("text", ["", "short", "-2345678", "0" * 65, "12345678\n", "<b>bold</b>", 'a"b"c"d"e', None, 5])
def test_ids_that_are_not(text: object) -> None:
    assert log_context.sane_request_id(text) == ""


def test_new_ids_are_sane_and_differ() -> None:
    made = {log_context.new_request_id() for _ in range(50)}
    assert len(made) == 50
    assert all(log_context.sane_request_id(each) for each in made)


def test_a_pool_of_threads_has_them_of_whoever_submits() -> None:
    with ContextPool(1) as pool:
        with log_context.about(job_id="j"):
            inside = pool.submit(log_context.current)
            mapped = list(pool.map(lambda number: (number, *log_context.current().values()), [1, 2]))
        outside = pool.submit(log_context.current)
    assert (inside.result(), outside.result()) == ({"job_id": "j"}, {})
    assert mapped == [(1, "j"), (2, "j")]
