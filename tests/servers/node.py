"""Node and what we borrow from npm. Node itself comes with a Python wheel, so nothing has to be on the machine."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
NODE_MODULES = TESTS / "node_modules"


def node() -> str:
    return str(Path(sys.executable).with_name("node"))


def ensure_node_modules() -> Path:
    """Where the packages of `package-lock.json` are; installs them when they are missing or older than the lock."""
    lock, installed = TESTS / "package-lock.json", NODE_MODULES / ".package-lock.json"
    # Two test processes may come here at once; the second waits for the first one's installation.
    with (TESTS / "package.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            npm = str(Path(sys.executable).with_name("npm"))
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
            # --ignore-scripts: neither package needs one, so none shall run on the developer's machine.
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=TESTS, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RuntimeError(f"npm ci failed:\n{done.stderr[-3000:]}")
            installed.touch()
    return NODE_MODULES
