"""Loaded before Django's settings (see addopts in pyproject.toml): the environment of the tests' own process.

Nothing of the developer's shell leaks in, keys and files live in a directory of their own, and with --postgres the
database is a throw-away PostgreSQL, started here and stopped when pytest ends.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Generator

import pytest
from cryptography.fernet import Fernet

from lightly_platform.launcher import loading
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

# The product's modules and pytest's rewritten tests are compiled once and kept, even where the shell says otherwise:
# a run starts some sixty processes, and each would compile them all anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

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
    parser.addoption("--quick", action="store_true", help="run only tests that start no server, browser or product")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    from tests import selection

    chosen = selection.in_order(items)
    if config.getoption("--postgres"):
        chosen = selection.for_postgres(chosen)
    if config.getoption("--quick"):
        chosen = selection.quick(chosen)
    taken = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in taken])
    items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Some ten thousand tests are collected and stay. The collector would look at them again and again."""
    with loading.for_good():
        return (yield)
