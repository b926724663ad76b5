"""Log lines that stay one line each, whatever a request put into them."""

import logging
import re

# Of ASCII and of Latin-1, and what else programs take for the end of a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    r"""The text with control characters spelled out (`\n`, `\x1b`): a terminal obeys them, and a line ends at them."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class LineFormatter(logging.Formatter):
    """What was logged is one line. Tracebacks, which are Python's own, follow on theirs."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        return printable(super().formatMessage(record))


class BriefErrors(logging.Filter):
    """The first line of each error, without its traceback: for what is told again every few seconds until it ends."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        record.exc_info = record.exc_text = None
        return True
