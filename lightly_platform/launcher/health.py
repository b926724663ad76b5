"""`python -m lightly_platform.launcher.health`: ends with 0 if the one process of this container is well, else with 1.

A worker and the scheduler touch LIGHTLY_ALIVE_FILE every ten seconds; whoever hangs, or has lost Redis, no longer
does. Where there is no such file, the web server is asked. It loads no Django: it is called every half minute.
"""

from __future__ import annotations

import http.client
import sys
import time
from pathlib import Path

from lightly_platform.env import Environment, host_in_url, read_environment

# As long as the health page waits (core/pulse.py).
SILENT_AFTER_SECONDS = 45
_ANSWER_SECONDS = 5


def problem(environment: Environment) -> str:
    """What is wrong, in a sentence; "" if nothing is."""
    if environment.alive_file and environment.alive_file.exists():
        return _silent(environment.alive_file)
    return _web_problem(environment)


def _silent(file: Path) -> str:
    seconds = time.time() - file.stat().st_mtime
    return f"No sign of life for {seconds:.0f} s." if seconds > SILENT_AFTER_SECONDS else ""


def _web_problem(environment: Environment) -> str:
    connection = http.client.HTTPConnection(host_in_url(environment), environment.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return "" if answer.status == http.client.OK else f"The web server answers {answer.status}."
    except (OSError, http.client.HTTPException) as error:
        return f"Nothing answers on port {environment.port} ({type(error).__name__})."
    finally:
        connection.close()


def main() -> None:
    found = problem(read_environment())
    print(found or "well")  # noqa: T201
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
