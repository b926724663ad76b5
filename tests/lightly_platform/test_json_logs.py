"""What web server and launcher say where LIGHTLY_LOG_FORMAT is json."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from gunicorn.config import Config

from core import logs
from lightly_platform.launcher import serving, telling
from lightly_platform.launcher.access_log import AccessLogger


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIGHTLY_LOG_FORMAT", "json")
    telling._is_json.cache_clear()
    yield
    telling._is_json.cache_clear()


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> Iterator[AccessLogger]:
    """The web server's, as its options make it. Its two loggers are the process's, so they get back what they had."""
    with ExitStack() as stack:
        for name in ("gunicorn.access", "gunicorn.error"):
            logger = logging.getLogger(name)
            stack.callback(setattr, logger, "handlers", list(logger.handlers))
            logger.handlers = []
        config = Config()
        config.set("accesslog", "-")
        config.set("access_log_format", serving.ACCESS_LOG["access-logformat"])
        yield AccessLogger(config)


def stream_of(logger: AccessLogger, log: logging.Logger) -> io.StringIO:
    """Where gunicorn's own handler writes from now on; pytest has one there too."""
    stream = io.StringIO()
    logger._get_gunicorn_handler(log).stream = stream
    return stream


def told(logger: AccessLogger, path: str, headers: list[tuple[str, str]]) -> str:
    stream = stream_of(logger, logger.access_log)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "RAW_URI": f"{path}?token=planted",
        "REMOTE_ADDR": "10.1.2.3",
    }
    environ |= {"SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "token=planted"}
    answer = SimpleNamespace(status="404 Not Found", sent=7, headers=headers)
    logger.access(answer, SimpleNamespace(headers=[]), environ, timedelta(milliseconds=12))
    return stream.getvalue()


def test_a_line_of_the_access_log(as_json: None, access: AccessLogger) -> None:
    line = told(access, '/a"b\n{"forged": 1}\x1b', [("X-Request-ID", "r-1234567")])
    assert line.count("\n") == 1
    assert "planted" not in line
    found: dict[str, Any] = json.loads(line)
    assert found["message"] == 'GET /a"b\n{"forged": 1}\x1b 404'
    wanted = {"request_id": "r-1234567", "method": "GET", "path": '/a"b\n{"forged": 1}\x1b', "status": 404, "bytes": 7}
    wanted |= {"milliseconds": 12, "address": "10.1.2.3", "logger": "gunicorn.access", "level": "INFO"}
    assert wanted.items() <= found.items()


def test_an_answer_of_gunicorns_own_has_no_id(as_json: None, access: AccessLogger) -> None:
    assert "request_id" not in json.loads(told(access, "/", []))


def test_errors_of_the_web_server(as_json: None, access: AccessLogger) -> None:
    stream = stream_of(access, access.error_log)
    access.error("a worker has %s", "ended")
    assert json.loads(stream.getvalue())["message"] == "a worker has ended"


def test_plain_lines_end_with_the_id(access: AccessLogger) -> None:
    line = told(access, "/a", [("X-Request-ID", "r-1234567")])
    assert line.endswith('10.1.2.3 "GET /a" 404 7 bytes 12 ms r-1234567\n')
    assert told(access, "/a", []).endswith(" ms -\n")


class TestTheLauncher:
    def test_it_tells_sentences(self, capsys: pytest.CaptureFixture[str]) -> None:
        telling._is_json.cache_clear()
        telling.tell("Lightly has stopped.")
        assert capsys.readouterr().err == "Lightly has stopped.\n"

    def test_it_tells_objects(self, as_json: None, capsys: pytest.CaptureFixture[str]) -> None:
        telling.tell("Lightly has stopped.")
        with pytest.raises(SystemExit) as end, telling.last_words():
            sys.exit("The web server ended.")
        assert end.value.code == 1
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [(line["level"], line["message"]) for line in lines] == [
            ("INFO", "Lightly has stopped."),
            ("ERROR", "The web server ended."),
        ]

    def test_other_ends_stay_what_they_are(self, as_json: None, capsys: pytest.CaptureFixture[str]) -> None:
        for code in (0, 3, None):
            with pytest.raises(SystemExit) as end, telling.last_words():
                sys.exit(code)
            assert end.value.code == code
        assert capsys.readouterr().err == ""

    def test_wrong_variables_are_told_in_words(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("LIGHTLY_LOG_FORMAT", "xml")
        telling._is_json.cache_clear()
        telling.tell("A sentence.")
        telling._is_json.cache_clear()
        assert capsys.readouterr().err == "A sentence.\n"


def test_what_python_itself_would_print_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logging.config, "dictConfig", lambda settings: None)
    monkeypatch.setattr(logging, "captureWarnings", lambda capture: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logging_settings: dict[str, Any] = django_settings.LOGGING
    logs.configure({**logging_settings, "handlers": {"stderr": {"formatter": "json"}}})
    error = RuntimeError("for a test")
    sys.excepthook(RuntimeError, error, None)

    def fail() -> None:
        raise error

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert [record.getMessage() for record in caplog.records] == [
        "The process ends by an error",
        "A thread ended by an error",
    ]
    assert all(record.exc_info and record.exc_info[1] is error for record in caplog.records)
