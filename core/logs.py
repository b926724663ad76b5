"""Log lines that stay one line each, whatever a request put into them: as text, or as one JSON object each."""

import json
import logging
import logging.config
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from core import log_context

# Of ASCII and of Latin-1, and what else programs take for the end of a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
JSON = "json"
# What a record may say in JSON only: `logger.info(..., extra={"fields": {...}})`. Never what is secret.
FIELDS = "fields"


def printable(text: str) -> str:
    r"""The text with control characters spelled out (`\n`, `\x1b`): a terminal obeys them, and a line ends at them."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class LineFormatter(logging.Formatter):
    """What was logged is one line, with its ids in brackets. Tracebacks, which are Python's own, follow on theirs."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        ids = " ".join(f"{name}={value}" for name, value in _ids(record).items())
        return printable(super().formatMessage(record) + (f" [{ids}]" if ids else ""))


class JsonFormatter(logging.Formatter):
    """One object, in ASCII and on one line: `time` (UTC), `level`, `logger`, `process`, `message`, the ids, and
    `exception` (a traceback) where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **_ids(record),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        elif record.exc_text:
            told["exception"] = record.exc_text
        if record.stack_info:
            told["stack"] = record.stack_info
        return json.dumps(told, default=str)


class BriefErrors(logging.Filter):
    """The first line of each error, without its traceback: for what is told again every few seconds until it ends."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        record.exc_info = record.exc_text = None
        return True


def configure(settings: dict[str, Any]) -> None:
    """As settings.LOGGING says. In JSON, what Python itself would print is a line like all others."""
    logging.config.dictConfig(settings)
    if settings["handlers"]["stderr"]["formatter"] != JSON:
        return
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_of_thread


def json_line(level: int, logger: str, message: str) -> str:
    """A line of whoever has no logging set up, such as the launcher."""
    return JsonFormatter().format(logging.LogRecord(logger, level, "", 0, message, None, None))


def _ids(record: logging.LogRecord) -> log_context.Ids:
    ids = log_context.current()
    if log_context.REQUEST_ID not in ids:
        # Django tells of bad answers when the middleware has ended, with the request beside the words.
        request_id = getattr(getattr(record, "request", None), log_context.REQUEST_ID, "")
        if request_id and isinstance(request_id, str):
            return {log_context.REQUEST_ID: request_id, **ids}
    return ids


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger(__name__).critical("The process ends by an error", exc_info=(kind, error, trace))


def _log_uncaught_of_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        error = (told.exc_type, told.exc_value, told.exc_traceback)
        logging.getLogger(__name__).error("A thread ended by an error", exc_info=error)
