"""Static files are made anew exactly when they would come out differently."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from lightly_platform.launcher import prepare


@pytest.fixture
def source(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.css").write_text("body {}")
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "data" / "static"
    return folder


def collected(settings: Settings) -> dict[str, str]:
    """By name."""
    root = Path(settings.STATIC_ROOT)
    return {path.name: path.read_text() for path in sorted(root.iterdir())}


def test_only_when_something_has_changed(source: Path, settings: Settings) -> None:
    prepare.collect_static_files()
    root = Path(settings.STATIC_ROOT)
    assert collected(settings) == {"a.css": "body {}"}
    (root / "a.css").write_text("marked")
    prepare.collect_static_files()
    assert collected(settings) == {"a.css": "marked"}

    (source / "b.css").write_text("p {}")
    prepare.collect_static_files()
    assert set(collected(settings)) == {"a.css", "b.css"}

    (source / "b.css").write_text("i {}")  # of the same length
    os.utime(source / "b.css", (4e9, 4e9))
    prepare.collect_static_files()
    assert collected(settings)["b.css"] == "i {}"

    (root.with_name(prepare.STAMP_NAME)).unlink()
    (root / "b.css").write_text("old")
    os.utime(root / "b.css", (0, 0))
    prepare.collect_static_files()
    assert collected(settings)["b.css"] == "i {}"


def test_a_directory_that_somebody_removed(source: Path, settings: Settings) -> None:
    prepare.collect_static_files()
    (Path(settings.STATIC_ROOT) / "a.css").unlink()
    Path(settings.STATIC_ROOT).rmdir()
    prepare.collect_static_files()
    assert collected(settings) == {"a.css": "body {}"}
