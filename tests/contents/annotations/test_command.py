"""`manage.py checkannotations`, on folders of this machine."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contents.annotations.sources import LocalDirectory, SourceError
from lightly_platform.env import BASE_DIR
from tests.contents.annotations.cases import BOXES, CASES
from tests.contents.annotations.trees import Tree, good


def written(tree: Tree, root: Path) -> tuple[Path, Path]:
    """The folders of the Lightly and of the Input datasource."""
    for folder, files in (("lightly", {path: tree.bytes(path) for path in tree.files}), ("input", tree.samples)):
        for path, content in files.items():
            file = root / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return root / "lightly", root / "input"


def run(*arguments: Any) -> tuple[int, str]:
    """The exit status, and what was written."""
    out = io.StringIO()
    try:
        call_command("checkannotations", *map(str, arguments), stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_a_good_folder(tmp_path: Path) -> None:
    lightly, images = written(good(), tmp_path)
    status, text = run(lightly, "--images", images)
    assert status == 0
    assert "19 files checked, 19 of them read." in text
    assert "0 errors, 0 warnings, 0 hints." in text
    assert "Task boxes (object-detection)" in text
    assert "1  dog (0)" in text
    assert "scene.weather (CATEGORICAL_STRING): rain 2; missing in 0" in text
    assert "speed (NUMERIC_FLOAT): 13.5 to 13.5 in 2 files" in text
    assert "--images" not in text


def test_without_images_it_says_so(tmp_path: Path) -> None:
    lightly, _ = written(good(), tmp_path)
    status, text = run(lightly)
    assert status == 0
    assert "Names and sizes were not compared with images: name their folder with --images." in text


def test_errors_end_it_with_1(tmp_path: Path) -> None:
    tree = good()
    CASES["score"].bad(tree)
    CASES["box-outside"].bad(tree)
    lightly, images = written(tree, tmp_path)
    status, text = run(lightly, "--images", images)
    assert status == 1
    assert f"{BOXES}:10:13  /predictions/0/score" in text
    assert "found 1.01; expected a number from 0 to 1" in text
    assert "WARNING A box reaches beyond the image. (1 x, box-outside)" in text
    assert "1 error, 1 warning, 0 hints." in text


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    tree = good()
    CASES["box-outside"].bad(tree)
    lightly, images = written(tree, tmp_path)
    assert run(lightly, "--images", images)[0] == 0


def test_json_and_csv_are_the_same_report(tmp_path: Path) -> None:
    tree = good()
    for rule in ("score", "box-outside", "metadata-value"):
        CASES[rule].bad(tree)
    lightly, images = written(tree, tmp_path)
    status, text = run(lightly, "--images", images, "--json")
    report = json.loads(text)
    assert status == 1
    assert (report["errors"], report["warnings"]) == (2, 1)
    assert {rule["rule"] for rule in report["rules"]} == {"score", "box-outside", "metadata-value"}
    status, text = run(lightly, "--images", images, "--csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows == [{key: str(value) for key, value in finding.items()} for finding in report["findings"]]


def test_a_sample(tmp_path: Path) -> None:
    lightly, images = written(good(), tmp_path)
    status, text = run(lightly, "--images", images, "--sample", 1, "--json")
    assert status == 0
    assert json.loads(text)["read"] == 7 + 5 + 1


@pytest.mark.parametrize("arguments", [["nowhere"], [".", "--images", "nowhere"], ["."], [".", "--sample", "-1"]])
def test_wrong_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError):
        call_command("checkannotations", *arguments)


def test_it_needs_no_database(tmp_path: Path) -> None:
    """As somebody runs it who only wants to check a folder: no tables, no Redis."""
    lightly, images = written(good(), tmp_path)
    command = [sys.executable, str(BASE_DIR / "manage.py"), "checkannotations", str(lightly), "--images", str(images)]
    environment = os.environ | {"LIGHTLY_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "0 errors" in ran.stdout


class TestLocalDirectory:
    def test_names_that_lead_elsewhere_are_no_files(self, tmp_path: Path) -> None:
        (tmp_path / "secret.png").write_bytes(b"")
        (tmp_path / "images").mkdir()
        source = LocalDirectory(tmp_path / "images")
        odd = ["../secret.png", "/etc/passwd", "./a.png", "a//b.png", "", "\0.png", "\ud800.png", "x" * 5000]
        assert source.having(odd) == set()
        assert source.named(["../secret", "\0"], frozenset({"png"})) == {}
        assert list(source.names("nowhere/")) == source.folders("nowhere/") == []
        assert source.size("none.png") is None

    def test_reading(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_bytes(b"12345")
        source = LocalDirectory(tmp_path)
        assert source.read("a.json", 3) == b"123"
        with pytest.raises(SourceError, match="No such file"):
            source.read("b.json", 3)
        found = dict(source.contents(["a.json", "b.json"], 9))
        assert found["a.json"] == b"12345"
        assert isinstance(found["b.json"], SourceError)

    def test_names_in_upper_case_count(self, tmp_path: Path) -> None:
        for name in ("a.PNG", "a.jpg", "b.png"):
            (tmp_path / name).write_bytes(b"")
        found = LocalDirectory(tmp_path).named(["a", "b", "c"], frozenset({"png", "jpg"}))
        assert found == {"a": ["a.PNG", "a.jpg"], "b": ["b.png"]}
