"""Prints how large the installed packages are, in MB: those of the platform itself, and what each extra adds to them.

Of this environment, which has all extras: `.venv/bin/python -m scripts.sizes`.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MEGA = 1_000_000
OWN = "lightly-platform"
EXTRAS = ("worker", "traces", "demo", "dev")


def main() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    counted: set[str] = set()
    for title, wanted in [("the platform", project["dependencies"]), *((name, extras[name]) for name in EXTRAS)]:
        new = closure([text for text in wanted if Requirement(text).name != OWN]) - counted
        counted |= new
        sizes = {name: size(name) for name in new}
        largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
        named = ", ".join(f"{name} {sizes[name] / MEGA:.0f}" for name in largest)
        sys.stdout.write(f"{title:<14}{len(new):>4} packages{sum(sizes.values()) / MEGA:>8.0f} MB   {named}\n")


def closure(wanted: list[str]) -> set[str]:
    """What is installed of these requirements and of all that they require."""
    found: set[str] = set()
    left = [(Requirement(text), "") for text in wanted]
    while left:
        requirement, extra = left.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of another system
        if name in found and not requirement.extras:
            continue
        found.add(name)
        left += [(Requirement(text), each) for text in required for each in ("", *requirement.extras)]
    return found


def size(name: str) -> int:
    """In bytes, of all files that were installed with it."""
    files = (Path(str(file.locate())) for file in metadata.files(name) or [])
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    main()
