"""The web server's access log, and its errors: as text, or each line as one JSON object."""

import logging
from typing import Any

from gunicorn.glogging import Logger

from core.logs import FIELDS, JSON, JsonFormatter, printable
from lightly_platform.env import read_environment


class AccessLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    is_json = False

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.is_json = read_environment().log_format == JSON
        if self.is_json:
            for handler in (*self.error_log.handlers, *self.access_log.handlers):
                handler.setFormatter(JsonFormatter())

    def atoms(self, *arguments: Any) -> dict[str, Any]:
        """Paths are decoded, so they may hold a line's end and what terminals obey."""
        found = super().atoms(*arguments)
        return {name: printable(value) if isinstance(value, str) else value for name, value in found.items()}

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        if not self.is_json:
            super().access(resp, req, environ, request_time)
            return
        told = super().atoms(resp, req, environ, request_time)
        fields = {
            "request_id": told.get("{x-request-id}o"),
            "method": told["m"],
            # Without the query string: API clients send their token there.
            "path": told["U"],
            "status": int(told["s"]),
            "bytes": told["B"],
            "milliseconds": told["M"],
            "address": told["h"],
        }
        words = f"{told['m']} {told['U']} {told['s']}"
        # Not of a response without an id: that is one of gunicorn's own, before Django has seen the request.
        extra = {FIELDS: {name: value for name, value in fields.items() if value is not None}}
        self.access_log.log(logging.INFO, "%s", words, extra=extra)
