"""A restore that is killed at any moment: nothing has changed, or the same command completes it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from lightly_platform import keys
from lightly_platform.backup.making import make
from lightly_platform.backup.restoring import Restored, restore
from lightly_platform.embedded_database import demand_whole, restoring_marker
from lightly_platform.env import WrongEnvironment
from tests.lightly_platform.conftest import Run
from tests.lightly_platform.test_backup import DATABASE, contents, mark, marked, new_installation, of


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The data directory of an installation."""
    return new_installation(tmp_path / "old", "old")


@pytest.fixture
def backup(old: Path, tmp_path: Path) -> Path:
    return make(of(old), tmp_path / "backup.tar.gz").path


class Killed(BaseException):
    pass


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From then on, nothing is renamed any more after so many times, as if the process were dead."""
    original = Path.rename
    left = [1000]

    def rename(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return original(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    return lambda count: left.__setitem__(0, count)


@pytest.mark.parametrize("renames", range(9))
def test_killed_at_any_moment(backup: Path, tmp_path: Path, killed_at: Callable[[int], None], renames: int) -> None:
    """Either nothing has changed, or nothing starts until the same command has completed it."""
    new = new_installation(tmp_path / "new", "new")
    (new / "redis").mkdir()
    before = contents(new)
    killed_at(renames)
    with pytest.raises(Killed):
        restore(of(new), backup, replace=True)
    killed_at(1000)
    if renames == 0:
        assert contents(new) == before
        done = restore(of(new), backup, replace=True)
    else:
        for use in (demand_whole, lambda it: make(it, tmp_path / "x")):
            with pytest.raises(WrongEnvironment, match="A restore was interrupted"):
                use(of(new))
        done = restore(of(new), backup)
    demand_whole(of(new))
    assert done.had_been_interrupted == (renames > 0)
    assert_restored(new, done)


def assert_restored(new: Path, done: Restored) -> None:
    assert marked(new) == "old"
    (aside,) = done.aside
    assert marked(aside) == "new"
    assert keys.encryption_keys(new) != keys.encryption_keys(aside)
    assert not restoring_marker(new / DATABASE).exists()
    assert [path for path in new.iterdir() if path.name.startswith(".")] == []


def test_another_file_after_a_kill(backup: Path, old: Path, tmp_path: Path, killed_at: Callable[[int], None]) -> None:
    mark(old, "later")
    later = make(of(old), tmp_path / "later").path
    new = new_installation(tmp_path / "new", "new")
    killed_at(2)
    with pytest.raises(Killed):
        restore(of(new), backup, replace=True)
    killed_at(1000)
    with pytest.raises(WrongEnvironment, match="--replace"):
        restore(of(new), later)
    assert marked(new) == "old"


def test_nothing_starts_half_restored(backup: Path, tmp_path: Path, python: Run) -> None:
    """Killed outright, between the keys and the database."""
    new = tmp_path / "new"
    code = (
        "import os, signal, sys; from pathlib import Path; from lightly_platform.backup import commands;"
        "original, left = Path.rename, [2];\n"
        "def rename(self, target):\n"
        "    left[0] -= 1\n"
        "    if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return original(self, target)\n"
        "Path.rename = rename; commands.run(['restore', sys.argv[1]])"
    )
    assert python("-c", code, str(backup), LIGHTLY_DATA_DIR=str(new)).returncode == -signal.SIGKILL
    before = contents(new)
    for command in (("manage.py", "check"), ("-m", "lightly_platform.launch", "run")):
        refused = python(*command, LIGHTLY_DATA_DIR=str(new))
        assert refused.returncode == 1
        assert refused.stderr.startswith("A restore was interrupted, and ")
        assert refused.stderr.count("\n") == 1
    assert contents(new) == before
    done = python("manage.py", "restore", str(backup), LIGHTLY_DATA_DIR=str(new))
    assert "had been interrupted. It is complete now." in done.stdout
    assert sorted(contents(new)) == ["keys/encryption_keys", "keys/secret_key", DATABASE]
