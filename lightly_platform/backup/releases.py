"""Whether this release knows the database of a backup."""

from __future__ import annotations

import os
import tempfile

from core.version import platform_version
from lightly_platform.backup.archive import BackupFailed, Manifest


def demand_known(manifest: Manifest) -> None:
    """Raises BackupFailed if a newer release made it: its tables have no way back."""
    unknown = set(manifest.migrations) - _known_migrations()
    if unknown or _numbers(manifest.version) > _numbers(platform_version()):
        raise BackupFailed(
            f"The backup was made by release {manifest.version}, which is newer than this one ({platform_version()});"
            " install that release or a later one, and restore with it."
        )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def _known_migrations() -> set[tuple[str, str]]:
    """Of this release and its libraries. No migration was ever taken out; who does it leaves its name here."""
    import django
    from django.apps import apps

    if apps.ready:
        return _on_disk()
    # Settings make keys where there are none: not where those of the backup go.
    with tempfile.TemporaryDirectory(prefix="lightly-restore-") as nowhere:
        os.environ.pop("LIGHTLY_DATA_DIR_FILE", None)
        os.environ |= {"LIGHTLY_DATA_DIR": nowhere, "DJANGO_SETTINGS_MODULE": "lightly_platform.settings"}
        django.setup()
        return _on_disk()


def _on_disk() -> set[tuple[str, str]]:
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    replaced = {each for migration in loader.disk_migrations.values() for each in migration.replaces}
    return {*loader.disk_migrations, *replaced}
