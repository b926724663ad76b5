"""`python -m lightly_platform.launch run | demo | worker | web | scheduler | migrate | wait | static | newkey`

`run`, `demo` and `worker` are what `make` starts. Containers and clusters start each part by itself: `web`, `worker`
and `scheduler`, after `migrate` has brought the database up to date. `wait` ends once it has, `static` makes the static
files.

The name of this module is in people's systemd units, so it stays. What the commands do is in `launcher` and `demo`.
"""

from __future__ import annotations

import argparse
import os
from types import ModuleType

from lightly_platform import keys
from lightly_platform.env import BASE_DIR, Environment, WrongEnvironment, read_environment
from lightly_platform.launcher import crew, embedded_redis
from lightly_platform.launcher.serving import serve, serve_web, url, writable
from lightly_platform.launcher.supervisor import StopRequested
from lightly_platform.launcher.telling import last_words, tell
from lightly_platform.launcher.workers import celery, workers


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
    _demand_redis(environment)
    command = wanted[0].command
    if len(wanted) > 1:
        command = crew.command([*map(crew.member, wanted)], grace_seconds=environment.check_deadline_seconds + 5)
    _become(command)


def web() -> None:
    """The web server alone. Static files are made first, unless LIGHTLY_STATIC_DIR has them."""
    environment = read_environment()
    _demand_redis(environment)
    serve_web(environment, banner=f"Lightly is ready: {url(environment)}")


def scheduler() -> None:
    """The scheduler alone. One is enough for an installation, and more do no harm."""
    environment = read_environment()
    _demand_redis(environment)
    writable(environment.data_dir).close()
    _become(celery(*crew.SCHEDULER.arguments))


def migrate() -> None:
    """Brings the database up to date and ends. Once after each upgrade, before the other parts start."""
    _prepare().migrate()


def wait() -> None:
    """Ends once `migrate` has brought the database up to date, elsewhere."""
    _prepare().wait_until_migrated()


def static() -> None:
    """Makes the static files, in LIGHTLY_STATIC_DIR if that is set, and ends."""
    prepare = _prepare()
    os.umask(0o022)  # the user who serves them, to everybody, may be another one
    prepare.collect_static_files()


def _prepare() -> ModuleType:
    """Imported here: it brings Django, which the launcher itself does without."""
    from lightly_platform.launcher import prepare

    writable(read_environment().data_dir).close()
    prepare.set_up()
    return prepare


def _demand_redis(environment: Environment) -> None:
    if not environment.redis_url and not embedded_redis.answers(environment.data_dir):
        raise WrongEnvironment(
            f"No Redis answers in {environment.data_dir}; start `make run` first, or name a server with REDIS_URL,"
            " for example REDIS_URL=redis://:PASSWORD@redis.example.com:6379/0."
        )


def _become(command: list[str]) -> None:
    """Signals then reach the process itself, or the one who has them all."""
    os.chdir(BASE_DIR)
    os.execv(command[0], command)  # noqa: S606


def newkey() -> None:
    """Prints a fresh key for LIGHTLY_ENCRYPTION_KEYS."""
    print(keys.new_encryption_key())  # noqa: T201


COMMANDS = {
    "run": run,
    "demo": demo,
    "worker": worker,
    "web": web,
    "scheduler": scheduler,
    "migrate": migrate,
    "wait": wait,
    "static": static,
    "newkey": newkey,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lightly_platform.launch", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=list(COMMANDS))
    command = parser.parse_args().command
    os.umask(0o077)  # the data directory holds keys, messages and the database
    with last_words():
        try:
            COMMANDS[command]()
        except StopRequested:
            tell("Lightly has stopped.")
            raise


if __name__ == "__main__":
    main()
