"""Keys of an installation that brings none: made once, kept in the data directory, never replaced."""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from lightly_platform.env import WrongEnvironment


def new_secret_key() -> str:
    return secrets.token_urlsafe(64)


def new_encryption_key() -> str:
    """As Fernet.generate_key() makes it, without that library: launchers would keep 9 MB of it for this one moment."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def setup_secret(secret_key: str) -> str:
    """What the first visitor has to know unless they sit at the machine: 160 bits, the same on all machines.

    Made of the secret key, so it is stored nowhere. Once somebody has an account it opens nothing any more.
    """
    digest = hmac.digest(secret_key.encode(), b"lightly_platform.setup_secret", "sha256")
    return base64.b32encode(digest[:20]).decode().lower()


def secret_key(data_dir: Path) -> str:
    return _read_or_create(data_dir / "keys" / "secret_key", new_secret_key)


def encryption_keys(data_dir: Path) -> tuple[str, ...]:
    """First encrypts, all decrypt; the file holds one key per line."""
    return tuple(_read_or_create(data_dir / "keys" / "encryption_keys", new_encryption_key).split())


def _read_or_create(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        _create(path, make())
    if value := path.read_text(encoding="ascii").strip():
        return value
    raise WrongEnvironment(f"The key file {path} is empty; put it back from your backup, never make a new one.")


def _create(path: Path, value: str) -> None:
    """Complete or not at all, and the first of two processes wins: link() refuses to replace an existing file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        for directory in (path.parent.parent, path.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise WrongEnvironment(
            f"The data directory {path.parent.parent} can't be written ({error.strerror}); make it writable, or name"
            " another one with LIGHTLY_DATA_DIR, for example LIGHTLY_DATA_DIR=/var/lib/lightly."
        ) from None
    finally:
        with contextlib.suppress(OSError):  # never made, or its directory is none
            draft.unlink()
