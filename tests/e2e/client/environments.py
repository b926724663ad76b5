"""Virtual environments with one version each of the published client, unmodified, pinned with hashes.

Built on first use in `.venv/clients` and kept, until the requirements change. Several test processes may ask at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

from lightly_platform.env import BASE_DIR

VERSIONS = ["1.3.3", "1.4.5", "1.5.26"]
HOME = BASE_DIR / ".venv" / "clients"


def interpreter(version: str) -> Path:
    """A Python that can `import lightly` of this version, and hardly anything else."""
    requirements = Path(__file__).with_name(f"requirements-{version}.txt")
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    directory = HOME / f"{version}-{key}"
    python, done = directory / "bin" / "python", directory / "done"
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{version}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(directory))
            pip = [sys.executable, "-m", "pip", f"--python={python}", "--quiet", "--disable-pip-version-check"]
            _run(*pip, "install", "--no-input", "--require-hashes", "--no-deps", f"--requirement={requirements}")
            done.touch()
    return python


def _run(*command: str) -> None:
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{process.stdout}{process.stderr}")
