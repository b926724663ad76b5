"""The web server's access log."""

from typing import Any

from gunicorn.glogging import Logger

from core.logs import printable


class AccessLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    def atoms(self, *arguments: Any) -> dict[str, Any]:
        """Paths are decoded, so they may hold a line's end and what terminals obey."""
        found = super().atoms(*arguments)
        return {name: printable(value) if isinstance(value, str) else value for name, value in found.items()}
