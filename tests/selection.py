"""Which tests a run takes, and in which order the workers get their files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

# Workers get whole files in this order (with `--dist loadfile --no-loadscope-reorder`). Files that share a started
# installation or a browser follow each other, so that a worker starts it once. The slow ones come first: what is left
# for the end is small, and both workers finish at about the same time.
FIRST = (
    "e2e",
    "jobs/test_workers.py",
    "clouds/doctor",
    "clouds",
    "contents",
    "servers",
    "lightly_platform",
    "api",
)
# What a quick run leaves out: whatever starts a server, a browser or the product itself.
SLOW_FOLDERS = ("e2e", "servers")
SLOW_FIXTURES = frozenset({"clouds", "cloud_environment", "start", "python"})
# The second run, on PostgreSQL, leaves out what asks the database for nothing that the two could answer differently.
SAME_ON_POSTGRES = {
    "doors/test_headers.py": "looks at headers of answers that the other doors ask for too",
    "dashboard/test_api_page.py": "renders examples of code for rows that were just made",
    "dashboard/test_help.py": "renders texts",
    "lightly_platform/test_translation.py": "looks for words that are not marked for translation",
    "api/test_doors.py": "asks sixteen callers what api/test_schema.py asks the database as the one who may do all",
}
# Of these, which ask the same for one person after the other, it takes those who get furthest: all that a page or a
# form asks the database for, it asks for them.
SOME_ON_POSTGRES = {"doors/test_pages.py": ("team's owner", "guest", "superuser")}


# Names of started servers, as `storage` and other parameters give them.
OTHER_CLOUDS = frozenset({"AZURE", "GCS", "OBS", "S3Compatible", "S3DelegatedAccess"})


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """The sort is stable: within a folder the order stays."""
    return sorted(items, key=lambda item: next((at for at, name in enumerate(FIRST) if _is_in(item, name)), len(FIRST)))


def quick(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    return [
        item
        for item in items
        if not any(_is_in(item, folder) for folder in SLOW_FOLDERS)
        and not SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
    ]


def for_postgres(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Everything that touches the database, so that a new test runs on both unless somebody says why not.

    Of tests that are repeated on the server of each cloud, one repetition is enough: clouds know nothing of databases.
    Raises FileNotFoundError if a file on the list has moved.
    """
    for name in (*SAME_ON_POSTGRES, *SOME_ON_POSTGRES):
        (TESTS / name).stat()
    return [
        item
        for item in items
        if item.get_closest_marker("django_db")
        and not any(_is_in(item, name) for name in SAME_ON_POSTGRES)
        and not any(_is_in(item, name) and not _is_about(item, kept) for name, kept in SOME_ON_POSTGRES.items())
        and not _is_of_other_cloud(item)
    ]


def _is_of_other_cloud(item: pytest.Item) -> bool:
    """Whether it is one of several repetitions on started servers, and not that on S3."""
    if "clouds" not in getattr(item, "fixturenames", ()):
        return False
    return any(isinstance(value, str) and value in OTHER_CLOUDS for value in _parameters(item))


def _is_about(item: pytest.Item, values: Collection[str]) -> bool:
    """Whether it has no parameters, or one of these."""
    given = [value for value in _parameters(item) if isinstance(value, str)]
    return not given or any(value in values for value in given)


def _parameters(item: pytest.Item) -> list[object]:
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        return list(item.callspec.params.values())
    return []


def _is_in(item: pytest.Item, name: str) -> bool:
    path = TESTS / name
    return item.path == path or path in item.path.parents
