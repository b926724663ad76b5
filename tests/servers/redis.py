"""The product's own Redis, for tests that look into the queues."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lightly_platform.launcher import embedded_redis
from tests.servers.process import eventually


@contextlib.contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """Its address, for Celery."""
    process = subprocess.Popen(embedded_redis.prepare(directory))
    try:
        assert eventually(lambda: embedded_redis.answers(directory), 30)
        yield embedded_redis.broker_url(directory)
    finally:
        process.terminate()
        process.wait()
