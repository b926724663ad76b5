"""`manage.py backup` and `manage.py restore`: what is in the file, what is refused, and what a kill leaves."""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lightly_platform import keys
from lightly_platform.backup import archive, commands
from lightly_platform.backup.making import make
from lightly_platform.backup.restoring import restore
from lightly_platform.env import BASE_DIR, Environment, WrongEnvironment, read_environment
from lightly_platform.launcher import embedded_redis
from lightly_platform.launcher.serving import lock
from tests import prepared
from tests.lightly_platform.conftest import PREPARING_KEY, Run, environ_with
from tests.servers.process import eventually

OWN_KEYS = {"SECRET_KEY": "0123456789" * 6, "LIGHTLY_ENCRYPTION_KEYS": keys.new_encryption_key()}
DATABASE = "lightly.sqlite3"


def of(data_dir: Path, **variables: str) -> Environment:
    return read_environment({"LIGHTLY_DATA_DIR": str(data_dir), **variables})


def mark(data_dir: Path, text: str) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / DATABASE)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS mark (text)")
        database.execute("DELETE FROM mark")
        database.execute("INSERT INTO mark VALUES (?)", [text])
        database.commit()


def marked(data_dir: Path) -> str:
    with contextlib.closing(sqlite3.connect(data_dir / DATABASE)) as database:
        return str(database.execute("SELECT text FROM mark").fetchone()[0])


def new_installation(data_dir: Path, text: str) -> Path:
    prepared.put_into(data_dir, environ_with({"SECRET_KEY": PREPARING_KEY}))
    keys.secret_key(data_dir)
    keys.encryption_keys(data_dir)
    mark(data_dir, text)
    return data_dir


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The data directory of an installation."""
    return new_installation(tmp_path / "old", "old")


@pytest.fixture
def backup(old: Path, tmp_path: Path) -> Path:
    return make(of(old), tmp_path / "backup.tar.gz").path


def contents(data_dir: Path) -> dict[str, bytes]:
    """What tells whether anything was changed."""
    found = {str(path.relative_to(data_dir)): path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    return {name: value for name, value in found.items() if name != "lock" and not name.startswith("static")}


def test_a_backup_is_one_private_file(old: Path, backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup) as opened:
        assert opened.getnames() == ["manifest.json", DATABASE, "keys/secret_key", "keys/encryption_keys"]
        manifest = json.loads(opened.extractfile("manifest.json").read())  # type: ignore[union-attr]
    assert ["teams", "0001_initial"] in manifest["migrations"]
    assert not any(key in json.dumps(manifest) for key in (keys.secret_key(old), *keys.encryption_keys(old)))
    assert [path.name for path in backup.parent.iterdir() if path.name.startswith(".")] == []


def test_restored_into_nothing(backup: Path, old: Path, tmp_path: Path, python: Run) -> None:
    """No key is made on the way: those of the backup are the only ones there ever were."""
    new = tmp_path / "new"
    done = python("manage.py", "restore", str(backup), LIGHTLY_DATA_DIR=str(new))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Start Lightly as usual" in done.stdout
    assert marked(new) == "old"
    assert sorted(contents(new)) == ["keys/encryption_keys", "keys/secret_key", DATABASE]
    assert keys.encryption_keys(new) == keys.encryption_keys(old)
    assert {stat.S_IMODE(path.stat().st_mode) for path in new.rglob("*") if path.is_file()} == {0o600}
    for name in ("backup", "restore"):
        assert f"    {name}\n" in python("manage.py", "help").stdout


def test_a_refusal_makes_no_keys(tmp_path: Path, python: Run) -> None:
    new = tmp_path / "new"
    refused = python("manage.py", "restore", str(tmp_path / "nothing"), LIGHTLY_DATA_DIR=str(new))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert contents(new) == {}
    refused = python("manage.py", "backup", "--to", str(tmp_path), LIGHTLY_DATA_DIR=str(new))
    assert refused.stderr.startswith("There is no database at ")
    assert contents(new) == {}


def test_the_newest_are_kept(old: Path, tmp_path: Path, python: Run) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / ".lightly-draft-killed").mkdir()
    (folder / ".lightly-draft-killed" / "lock").touch()
    others = [
        folder / "mine.tar.gz",
        folder / "lightly-20200101-000000Z.tar.gz",
        folder / "lightly-20210101-000000Z.tar.gz",
    ]
    others.append(folder / "lightly-29990101-000000Z.tar.gz")  # the clock was wrong
    for path in others:
        path.touch()
    done = python("manage.py", "backup", "--to", str(folder), "--keep", "2", LIGHTLY_DATA_DIR=str(old))
    assert done.returncode == 0, done.stderr
    left = sorted(path.name for path in folder.iterdir())
    assert [name for name in left if name in {path.name for path in others}] == [others[3].name, others[0].name]
    assert len(left) == 3
    assert done.stdout.count("Removed, as only 2 are kept") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "{tmp}/backup.tar.gz"], "backup.tar.gz is there already;"),
        (["--to", "{tmp}/none/x", "--keep", "2"], "--keep counts the backups in a directory, and "),
        (["--to", "{tmp}/none/x"], "No backup was made: "),
        (["--to", "{tmp}", "--keep", "0"], "argument --keep: at least 1"),
    ],
)
def test_what_backup_refuses(
    old: Path, backup: Path, tmp_path: Path, python: Run, arguments: list[str], message: str
) -> None:
    before = sorted(tmp_path.iterdir())
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    done = python("manage.py", "backup", *arguments, LIGHTLY_DATA_DIR=str(old))
    assert done.returncode
    assert message in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_with_a_database_server(tmp_path: Path) -> None:
    environment = of(tmp_path / "new", DATABASE_URL="postgresql://nobody@127.0.0.1:1/x", **OWN_KEYS)
    with pytest.raises(WrongEnvironment, match=r"pg_dump in docs/backup\.md"):
        make(environment, tmp_path)
    with pytest.raises(WrongEnvironment, match=r"pg_restore.* in docs/backup\.md"):
        restore(environment, tmp_path / "x")


def test_commands_that_are_written_down() -> None:
    places = [*(BASE_DIR / "docs").glob("*.md"), *(BASE_DIR / "deploy" / "systemd").iterdir()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in places)
    written = re.findall(r"python manage\.py (backup|restore) ([^\n`>]+)", text)
    assert {name for name, _ in written} == {"backup", "restore"}
    assert len(written) >= 5
    for name, rest in written:
        parser = argparse.ArgumentParser()
        commands.COMMANDS[name][1](parser)
        parser.parse_args(rest.split())


# ---- keys ----


def test_keys_of_the_environment_are_not_in_it(old: Path, tmp_path: Path, python: Run) -> None:
    done = python("manage.py", "backup", "--to", str(tmp_path / "b"), LIGHTLY_DATA_DIR=str(old), **OWN_KEYS)
    assert "because it comes from outside: SECRET_KEY and LIGHTLY_ENCRYPTION_KEYS" in done.stdout
    with tarfile.open(tmp_path / "b") as opened:
        assert opened.getnames() == ["manifest.json", DATABASE]
    new = tmp_path / "new"
    with pytest.raises(WrongEnvironment, match="neither in it nor in"):
        restore(of(new), tmp_path / "b")
    others = {**OWN_KEYS, "LIGHTLY_ENCRYPTION_KEYS": keys.new_encryption_key()}
    with pytest.raises(WrongEnvironment, match="LIGHTLY_ENCRYPTION_KEYS has other keys"):
        restore(of(new, **others), tmp_path / "b")
    assert contents(new) == {}
    assert not restore(of(new, **OWN_KEYS), tmp_path / "b").new_secret_key
    assert sorted(contents(new)) == [DATABASE]


def test_keys_kept_elsewhere(old: Path, tmp_path: Path) -> None:
    made = make(of(old), tmp_path / "b", with_keys=False)
    assert made.keys == []
    new = tmp_path / "new"
    with pytest.raises(WrongEnvironment, match="put the files secret_key and encryption_keys there"):
        restore(of(new), made.path)
    shutil.copytree(old / "keys", new / "keys")
    restored = restore(of(new), made.path)
    assert (restored.aside, restored.new_secret_key) == ([], False)
    assert marked(new) == "old"
    assert (keys.secret_key(new), keys.encryption_keys(new)) == (keys.secret_key(old), keys.encryption_keys(old))


def test_lost_keys(old: Path, tmp_path: Path) -> None:
    made = make(of(old), tmp_path / "b", with_keys=False)
    assert restore(of(tmp_path / "new"), made.path, lost_keys=True).new_secret_key
    assert marked(tmp_path / "new") == "old"


def test_keys_that_nothing_was_encrypted_with_are_put_aside(backup: Path, old: Path, tmp_path: Path) -> None:
    """Any other command of manage.py makes some."""
    new = tmp_path / "new"
    unused = keys.secret_key(new)
    (aside,) = restore(of(new), backup).aside
    assert keys.secret_key(new) == keys.secret_key(old)
    assert (aside / "keys" / "secret_key").read_text().strip() == unused


def test_a_key_is_missing(old: Path, tmp_path: Path) -> None:
    (old / "keys" / "encryption_keys").unlink()
    with pytest.raises(WrongEnvironment, match="a backup without it would be useless"):
        make(of(old), tmp_path / "b")
    assert not (tmp_path / "b").exists()


# ---- what is refused ----


def test_an_installation_is_replaced_only_if_told(backup: Path, tmp_path: Path) -> None:
    new = new_installation(tmp_path / "new", "new")
    for name in ("redis", "runs"):
        (new / name).mkdir()
        (new / name / "of-new").touch()
    before = contents(new)
    with pytest.raises(WrongEnvironment, match="--replace"):
        restore(of(new), backup)
    assert contents(new) == before
    (aside,) = restore(of(new), backup, replace=True).aside
    assert marked(new) == "old"
    assert marked(aside) == "new"
    assert contents(aside).keys() == before.keys() - {"static.stamp"}
    assert not (new / "redis").exists()


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_what_is_left_of_another_database(backup: Path, tmp_path: Path, end: str) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / f"{DATABASE}{end}").write_text("left")
    with pytest.raises(WrongEnvironment, match="is left of another database"):
        restore(of(new), backup)
    (aside,) = restore(of(new), backup, replace=True).aside
    assert (aside / f"{DATABASE}{end}").read_text() == "left"
    assert marked(new) == "old"


def test_a_running_installation(backup: Path, tmp_path: Path) -> None:
    """tests/e2e/installation tries it with a whole one."""
    new = new_installation(tmp_path / "new", "new")
    with lock(new), pytest.raises(WrongEnvironment, match="Lightly already runs on the data directory"):
        restore(of(new), backup, replace=True)
    assert marked(new) == "new"


def test_a_part_that_has_no_lock(backup: Path, tmp_path: Path) -> None:
    """Such as `make worker`: it has the database open, or its Redis runs."""
    new = new_installation(tmp_path / "new", "new")
    held = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode=WAL');"
    held += "c.execute('SELECT * FROM mark').fetchall(); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", held, new / DATABASE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(WrongEnvironment, match="still runs; stop the web server"):
            restore(of(new), backup, replace=True)
        process.communicate()
    with subprocess.Popen(embedded_redis.prepare(new)) as redis:
        assert eventually(lambda: embedded_redis.answers(new), 30)
        with pytest.raises(WrongEnvironment, match="still runs; stop the web server"):
            restore(of(new), backup, replace=True)
        redis.terminate()
    assert marked(new) == "new"
    restore(of(new), backup, replace=True)


def repacked(backup: Path, change: Callable[[dict[str, bytes]], Any]) -> Path:
    """The same backup with other contents."""
    with tarfile.open(backup) as opened:
        files = {member.name: opened.extractfile(member).read() for member in opened}  # type: ignore[union-attr]
    change(files)
    path = backup.with_name("changed.tar.gz")
    with tarfile.open(path, "w:gz") as archive_:
        for name, value in files.items():
            told = tarfile.TarInfo(name)
            told.size = len(value)
            archive_.addfile(told, io.BytesIO(value))
    return path


def manifest_with(**values: Any) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | values).encode()

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (manifest_with(format=2), "made by a newer release"),
        (manifest_with(version="99.0.0"), "made by release 99.0.0, which is newer"),
        (manifest_with(migrations=[["teams", "9999_later"]]), "which is newer than this one"),
        (manifest_with(migrations=[["annotate", "0001_initial"]]), "which is newer than this one"),
        (manifest_with(product="other"), "names what no backup has"),
        (manifest_with(files={"../lock": {"bytes": 1, "sha256": ""}}), "names what no backup has"),
        (manifest_with(files=[]), "its manifest can't be read"),
        (lambda files: files.update({"manifest.json": b"{"}), "its manifest can't be read"),
        (lambda files: files.update({"../outside": b"x"}), "is not what the manifest says"),
        (lambda files: files.update({"keys/secret_key": b"x" * len(files["keys/secret_key"])}), "is damaged"),
        (lambda files: files.pop("manifest.json"), "does not begin with a manifest"),
        (lambda files: files.pop("keys/secret_key"), "keys/secret_key is missing"),
    ],
)
def test_archives_that_are_refused(
    backup: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], Any], message: str
) -> None:
    with pytest.raises(WrongEnvironment, match=message):
        restore(of(tmp_path / "new"), repacked(backup, change))
    assert contents(tmp_path / "new") == {}
    assert not (tmp_path / "outside").exists()


def test_a_database_that_is_damaged_inside(backup: Path, tmp_path: Path) -> None:
    """Its checksum is right, so it was damaged before."""

    def change(files: dict[str, bytes]) -> None:
        files[DATABASE] = files[DATABASE][:8192] + b"\xff" * 8192 + files[DATABASE][16384:]
        told = json.loads(files["manifest.json"])
        (tmp_path / "damaged").write_bytes(files[DATABASE])
        told["files"][DATABASE] = archive.content_of(tmp_path / "damaged").model_dump()
        files["manifest.json"] = json.dumps(told).encode()

    with pytest.raises(WrongEnvironment, match="can't be used"):
        restore(of(tmp_path / "new"), repacked(backup, change))
    assert contents(tmp_path / "new") == {}


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.99])
def test_a_file_that_ends_early(backup: Path, tmp_path: Path, part: float) -> None:
    content = backup.read_bytes()
    (tmp_path / "short").write_bytes(content[: int(len(content) * part)])
    with pytest.raises(WrongEnvironment, match="is not a complete backup of Lightly"):
        restore(of(tmp_path / "new"), tmp_path / "short")
    assert contents(tmp_path / "new") == {}


@pytest.mark.parametrize("content", [b"no archive", gzip.compress(b"no archive", mtime=0)], ids=["text", "gzip"])
def test_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(WrongEnvironment, match="is not a complete backup of Lightly"):
        restore(of(tmp_path / "new"), tmp_path / "x")


def test_writers_are_neither_stopped_nor_torn(old: Path, tmp_path: Path) -> None:
    """Two rows are written in each transaction: a backup has both or none, and writers go on meanwhile."""
    code = (
        "import itertools, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None); c.execute('PRAGMA journal_mode=WAL')\n"
        "c.execute('CREATE TABLE pair (number, half)'); print(flush=True)\n"
        "for n in itertools.count():\n"
        "    c.execute('BEGIN IMMEDIATE')\n"
        "    c.execute('INSERT INTO pair VALUES (?, 1)', [n]); c.execute('INSERT INTO pair VALUES (?, 2)', [n])\n"
        "    c.execute('COMMIT')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, old / DATABASE], cwd=BASE_DIR, env=dict(os.environ), stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        counts = []
        for number in range(3):
            made = make(of(old), tmp_path / f"backup-{number}")
            restored = tmp_path / f"new-{number}"
            restore(of(restored), made.path)
            with contextlib.closing(sqlite3.connect(restored / DATABASE)) as database:
                halves = database.execute("SELECT half, count(*) FROM pair GROUP BY half").fetchall()
            assert len({count for _, count in halves}) <= 1
            with contextlib.closing(sqlite3.connect(old / DATABASE)) as database:
                written = "SELECT count(*) FROM pair"
                counts.append(database.execute(written).fetchone()[0])
        assert writer.poll() is None
        writer.kill()
    assert counts == sorted(set(counts))
