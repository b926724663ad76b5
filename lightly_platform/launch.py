"""`python -m lightly_platform.launch run | demo | worker | newkey`: everything `make` starts.

The name of this module is in people's systemd units, so it stays. What the commands do is in `launcher` and `demo`.
"""

from __future__ import annotations

import argparse
import os
import sys

from lightly_platform import keys
from lightly_platform.env import BASE_DIR, WrongEnvironment, read_environment
from lightly_platform.launcher import crew, embedded_redis
from lightly_platform.launcher.serving import serve, url
from lightly_platform.launcher.supervisor import StopRequested
from lightly_platform.launcher.workers import workers


def run() -> None:
    environment = read_environment()
    serve(environment, banner=f"Lightly is ready: {url(environment)}")


def demo() -> None:
    # Imported here: its storage brings libraries that would stay in the memory of every launcher.
    from lightly_platform.demo import demo as the_demo

    the_demo.run()


def worker() -> None:
    """More Celery workers, for the same environment or beside a running `make run`."""
    environment = read_environment()
    wanted = workers(os.environ, name=f"worker-{os.getpid()}")
    if not environment.redis_url and not embedded_redis.answers(environment.data_dir):
        raise WrongEnvironment(
            f"No Redis answers in {environment.data_dir}; start `make run` first, or name a server with REDIS_URL,"
            " for example REDIS_URL=redis://:PASSWORD@redis.example.com:6379/0."
        )
    command = wanted[0].command
    if len(wanted) > 1:
        command = crew.command([*map(crew.member, wanted)], grace_seconds=environment.check_deadline_seconds + 5)
    os.chdir(BASE_DIR)
    os.execv(command[0], command)  # noqa: S606 - signals then reach the worker itself, or the one who has them all


def newkey() -> None:
    """Prints a fresh key for LIGHTLY_ENCRYPTION_KEYS."""
    print(keys.new_encryption_key())  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lightly_platform.launch", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["run", "demo", "worker", "newkey"])
    command = parser.parse_args().command
    os.umask(0o077)  # the data directory holds keys, messages and the database
    try:
        {"run": run, "demo": demo, "worker": worker, "newkey": newkey}[command]()
    except StopRequested:
        print("Lightly has stopped.", file=sys.stderr)  # noqa: T201
        raise


if __name__ == "__main__":
    main()
