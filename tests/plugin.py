"""Loaded before Django's settings (see addopts in pyproject.toml): the environment of the tests' own process.

Nothing of the developer's shell leaks in, keys and files live in a directory of their own, and with --postgres the
database is a throw-away PostgreSQL, started here and stopped when pytest ends.
"""

import atexit
import os
import shutil
import sys
import tempfile

import pytest
from cryptography.fernet import Fernet

from scripts.chromium import use_node_of_the_wheel

OURS = (
    "LIGHTLY_",
    "AWS_",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "EMAIL_",
)
KEPT = ("LIGHTLY_TEST_",)
IS_XDIST_WORKER = "PYTEST_XDIST_WORKER" in os.environ

use_node_of_the_wheel()

if not IS_XDIST_WORKER:  # workers inherit what the first process made
    for name in list(os.environ):
        if name.startswith(OURS) and not name.startswith(KEPT):
            del os.environ[name]
    directory = tempfile.mkdtemp(prefix="lightly-tests-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ |= {
        "LIGHTLY_DATA_DIR": directory,
        "SECRET_KEY": "only-for-tests-" + "x" * 50,
        "LIGHTLY_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    }
    if "--postgres" in sys.argv:
        from tests.servers import Postgres

        postgres = Postgres()
        postgres.__enter__()
        atexit.register(postgres.__exit__, None, None, None)
        os.environ["DATABASE_URL"] = postgres.url


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run the tests that use the database, on PostgreSQL")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--postgres"):
        return
    chosen = [item for item in items if item.get_closest_marker("django_db")]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
