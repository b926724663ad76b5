"""Starts an installation: Redis (unless REDIS_URL names one), the migrations, then web, workers and scheduler."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.api.lanes import WEB_THREADS
from core.logs import JSON
from lightly_platform import keys
from lightly_platform.embedded_database import demand_whole
from lightly_platform.env import Environment, WrongEnvironment, allowed_name, host_in_url, public_url
from lightly_platform.launcher import crew, embedded_redis
from lightly_platform.launcher.supervisor import Supervisor
from lightly_platform.launcher.telling import tell
from lightly_platform.launcher.workers import workers

LOCK_NAME = "lock"
WELCOME = "/welcome/"
# How long requests that are under way may take when the web server stops.
GRACEFUL_SECONDS = 10
# How long an idle connection of a proxy is kept. Load balancers keep theirs for 60 s (AWS) to 90 s (Azure Front Door)
# and answer 502 if it ends on this side first.
PROXIES_KEEP_SECONDS = 100

# Options of the web server.
ACCESS_LOG = {
    "logger-class": "lightly_platform.launcher.access_log.AccessLogger",
    "access-logfile": "-",
    # Without the query string: API clients send their token there.
    "access-logformat": '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s bytes %(M)s ms %({x-request-id}o)s',
}


def serve(
    environment: Environment,
    *,
    banner: str,
    start_more: Callable[[Supervisor], None] = lambda supervisor: None,
    before_web: Callable[[Supervisor], None] = lambda supervisor: None,
) -> None:
    """Runs until stopped. `start_more` comes before everything else, `before_web` finds database and Redis ready."""
    all_workers = workers(os.environ, name="main")  # before anything starts: it may be wrong
    grace_seconds = environment.check_deadline_seconds + 5
    with (
        lock(environment.data_dir),
        listen(environment.bind, environment.port) as listener,
        Supervisor(grace_seconds=grace_seconds + 2) as supervisor,  # as the crew has, and a little,
    ):
        start_more(supervisor)
        demand_whole(environment)
        if not environment.database_url:
            keys.secret_key(environment.data_dir)
            keys.encryption_keys(environment.data_dir)
        if not environment.redis_url:
            supervisor.start("Redis", embedded_redis.prepare(environment.data_dir), needed_by_others=True)
            supervisor.wait_until(lambda: embedded_redis.answers(environment.data_dir), poll=True)
        supervisor.run("preparing the database", _python("lightly_platform.launcher.prepare"))
        before_web(supervisor)
        members = [*map(crew.member, all_workers), crew.SCHEDULER]
        web = crew.Web(web_arguments(environment, listener), listener.fileno())
        everybody = crew.command(members, grace_seconds=grace_seconds, web=web)
        supervisor.start("The crew of web server and workers", everybody, pass_fds=[listener.fileno()])
        _wait_for_pages(supervisor, environment, listener, banner)


def serve_web(environment: Environment, *, banner: str) -> None:
    """The web server alone, until stopped. Redis, workers and scheduler run elsewhere, and the database is migrated."""
    writable(environment.data_dir).close()
    with (
        listen(environment.bind, environment.port) as listener,
        Supervisor(grace_seconds=GRACEFUL_SECONDS + 5) as supervisor,
    ):
        supervisor.run("preparing static files", _python("lightly_platform.launcher.prepare", "static"))
        supervisor.start("The web server", web_command(environment, listener), pass_fds=[listener.fileno()])
        _wait_for_pages(supervisor, environment, listener, banner)


def _wait_for_pages(supervisor: Supervisor, environment: Environment, listener: socket.socket, banner: str) -> None:
    listener.close()  # if the web server ends, nobody may hang on a socket that only we hold
    threading.Thread(target=_announce, args=(environment, banner), daemon=True).start()
    supervisor.wait_until(lambda: False)


def url(environment: Environment) -> str:
    return f"{environment.public_url or public_url(environment)}/"


def lock(data_dir: Path) -> IO[str]:
    """Two installations on one data directory would fight over Redis and SQLite. The kernel frees the lock."""
    file = writable(data_dir)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            holder = file.read().strip() or "unknown"
        raise WrongEnvironment(
            f"Lightly already runs on the data directory {data_dir} (process {holder});"
            " stop it first, or name another directory, for example LIGHTLY_DATA_DIR=/var/lib/lightly."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def writable(data_dir: Path) -> IO[str]:
    """Makes the data directory and opens the file of its lock. Raises WrongEnvironment."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (data_dir / LOCK_NAME).open("a+", encoding="ascii")
    except OSError as error:
        raise WrongEnvironment(
            f"The data directory {data_dir} can't be written ({error.strerror}); make it writable, or name another one,"
            " for example LIGHTLY_DATA_DIR=/var/lib/lightly."
        ) from None


def listen(address: str, port: int) -> socket.socket:
    """Bound here and handed to the web server, so a busy port is known before anything starts."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise WrongEnvironment(
                f"Port {port} on {address} is already in use; stop the other program or choose another port,"
                f" for example PORT={port + 1 if port < 65535 else 8000}."
            ) from None
        raise WrongEnvironment(
            f"Port {port} on {address} can't be opened ({error.strerror}); choose another PORT or BIND,"
            " for example PORT=8000 BIND=127.0.0.1."
        ) from None
    return listener


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def web_command(environment: Environment, listener: socket.socket) -> list[str]:
    """What starts the web server alone at this socket, which it inherits."""
    return [*_python("gunicorn"), *web_arguments(environment, listener)]


def web_arguments(environment: Environment, listener: socket.socket) -> list[str]:
    """For gunicorn's command line."""
    options = {
        "bind": f"fd://{listener.fileno()}",
        "worker-class": "lightly_platform.launcher.web_worker.PunctualWorker",
        "worker-connections": "500",  # far below the files that a process may usually open
        "workers": str(environment.web_concurrency),
        "threads": str(WEB_THREADS),
        "timeout": "60",
        "graceful-timeout": str(GRACEFUL_SECONDS),
        "keep-alive": str(PROXIES_KEEP_SECONDS if environment.trusted_proxies else 2),
        "log-level": "error",  # warnings quote malformed requests, with the token in them
        "limit-request-line": "8190",  # names of a thousand bytes stand in the cursors of listings
        **ACCESS_LOG,
    }
    switches = ["lightly_platform.wsgi:application", "--preload", "--no-control-socket"]
    return [*switches, *(f"--{name}={value}" for name, value in options.items())]


def _announce(environment: Environment, banner: str) -> None:
    """Prints the banner once the web server answers; the connection waits in the queue until then.

    As long as nobody has an account, a link to create the owner's is part of it. It is good once.
    """
    connection = http.client.HTTPConnection(host_in_url(environment), environment.port, timeout=120)
    try:
        name = allowed_name(environment)
        headers = {"X-Forwarded-Proto": "https"} if environment.https else {}  # else it leads to HTTPS, and no further
        connection.request("GET", "/", headers={**headers, "Host": name} if name else headers)
        leads_to = connection.getresponse().getheader("Location") or ""
    except OSError:
        return  # the supervisor reports what went wrong
    finally:
        connection.close()
    if leads_to.endswith(WELCOME):
        secret = keys.setup_secret(environment.secret_key or keys.secret_key(environment.data_dir))
        banner += f"\nCreate the owner account: {url(environment)}{WELCOME.removeprefix('/')}?setup={secret}"
    if environment.log_format == JSON:
        tell(". ".join(banner.splitlines()), to=sys.stdout)
        return
    width = max(map(len, banner.splitlines()))
    lines = ["", "─" * width, banner, "─" * width, "Ctrl-C stops everything.", ""]
    print("\n".join(lines), flush=True)  # noqa: T201
