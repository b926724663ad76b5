"""make and the scripts behind it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lightly_platform.env import BASE_DIR

MAKEFILE = (BASE_DIR / "Makefile").read_text(encoding="utf-8")


def make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("arguments", [[], ["help"]], ids=["make", "make help"])
def test_help_lists_every_target(arguments: list[str]) -> None:
    phony = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^  make (\S+)\s+\S", make(*arguments), re.MULTILINE) == phony
    assert set(phony) >= {"help", "demo", "run", "worker", "test", "lint", "format", "migrations", "bench"}


def install(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the installer in an empty directory where it finds no virtual environment."""
    return subprocess.run(
        ["sh", str(BASE_DIR / "scripts" / "install.sh"), "requirements.lock"],
        cwd=tmp_path,
        env={**{name: value for name, value in os.environ.items() if name != "PYTHON"}, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def fake_python(directory: Path, script: str) -> Path:
    path = directory / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_python_named_too_old(tmp_path: Path) -> None:
    old = fake_python(tmp_path, "exit 1")
    result = install(tmp_path, PYTHON=str(old))
    assert result.returncode == 1
    assert result.stderr == (
        f"PYTHON={old} is not Python 3.11 or newer; name one that is, for example make run PYTHON=python3.12.\n"
    )


def test_python_found_too_old(tmp_path: Path) -> None:
    fake_python(tmp_path, '[ "$1" = -V ] && echo Python 3.9.2 && exit; exit 1')
    (tmp_path / "sh").symlink_to("/bin/sh")
    result = install(tmp_path, PATH=str(tmp_path))
    assert result.returncode == 1
    assert re.fullmatch(r"Python 3\.11 or newer is needed, but \S+ is Python 3\.9\.2; install .*\.\n", result.stderr)


def test_no_python(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    result = install(tmp_path, PATH=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.11 or newer is needed, but there is no python3;")


def test_python_without_venv(tmp_path: Path) -> None:
    # Passes the question for its version, fails the import of ensurepip; there is no apt-get on the PATH.
    fake_python(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac; exit 0')
    (tmp_path / "sh").symlink_to("/bin/sh")
    result = install(tmp_path, PATH=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr == (
        "python3 can't make virtual environments; install its venv package, for example apt-get install python3-venv.\n"
    )
