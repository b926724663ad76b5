from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from lightly_platform import keys
from lightly_platform.env import WrongEnvironment
from tests.lightly_platform.conftest import Run


def test_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    first = keys.secret_key(data_dir), keys.encryption_keys(data_dir)
    assert first == (keys.secret_key(data_dir), keys.encryption_keys(data_dir))
    for path in (data_dir / "keys" / "secret_key", data_dir / "keys" / "encryption_keys"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert len(first[0]) >= 50
    Fernet(first[1][0])


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(keys.secret_key, [tmp_path] * 64))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["secret_key"]


def test_several_encryption_keys_one_per_line(tmp_path: Path) -> None:
    old = keys.encryption_keys(tmp_path)[0]
    new = keys.new_encryption_key()
    (tmp_path / "keys" / "encryption_keys").write_text(f"{new}\n{old}\n")
    assert keys.encryption_keys(tmp_path) == (new, old)


def test_an_empty_key_file_is_never_replaced(tmp_path: Path) -> None:
    keys.encryption_keys(tmp_path)
    (tmp_path / "keys" / "encryption_keys").write_text("")
    with pytest.raises(WrongEnvironment, match="backup"):
        keys.encryption_keys(tmp_path)
    assert (tmp_path / "keys" / "encryption_keys").read_text() == ""


def test_unusable_data_directory_is_one_sentence(tmp_path: Path, python: Run) -> None:
    (tmp_path / "file").touch()
    for command in (("manage.py", "check"), ("-m", "lightly_platform.launch", "run")):
        result = python(*command, LIGHTLY_DATA_DIR=str(tmp_path / "file" / "data"))
        assert result.returncode == 1
        assert result.stderr.startswith("The data directory ")
        assert result.stderr.count("\n") == 1


def test_newkey_prints_a_key_whatever_the_environment(python: Run) -> None:
    result = python("-m", "lightly_platform.launch", "newkey", PORT="wrong")
    assert (result.returncode, result.stderr) == (0, "")
    Fernet(result.stdout.strip())
