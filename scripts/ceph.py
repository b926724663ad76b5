"""Installs Ceph's RADOS gateway, against which the tests of S3-compatible storage run, where apt-get can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
PACKAGES = ("ceph-mon", "ceph-osd", "radosgw", "ceph-common")
MISSING = (
    "The tests of S3-compatible storage need Ceph's RADOS gateway, and {programs} can't be found. Install it, for"
    f" example apt-get install --no-install-recommends {' '.join(PACKAGES)}."
)


def missing() -> list[str]:
    return [program for program in PROGRAMS if not shutil.which(program)]


def require() -> None:
    """Raises RuntimeError with what is missing, and how to get it."""
    if absent := missing():
        raise RuntimeError(MISSING.format(programs=", ".join(absent)))


def install() -> None:
    """Does nothing where it is there. Progress goes to stderr."""
    if not missing():
        return
    if shutil.which("apt-get"):
        sudo = [] if os.getuid() == 0 else ["sudo", "-n"]
        # A service that the package would start is none of ours: the tests start their own.
        quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
        for command, seconds in (
            ([*sudo, "apt-get", "-qq", "update"], 300),
            ([*sudo, *quiet, "apt-get", "-qq", "install", "-y", "--no-install-recommends", *PACKAGES], 900),
        ):
            print(f"Trying: {' '.join(command)}", file=sys.stderr)  # noqa: T201
            try:
                subprocess.run(command, stdout=sys.stderr, timeout=seconds, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                print(f"That did not work: {error}", file=sys.stderr)  # noqa: T201
    try:
        require()
    except RuntimeError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    install()
