"""The examples of docs/annotations.md are right."""

from __future__ import annotations

import re
from pathlib import Path

from contents.annotations.checking import Check
from contents.annotations.concluding import check_everything
from tests.contents.annotations.trees import Files, png

PAGE = Path(__file__).parents[3] / "docs" / "annotations.md"


def test_the_examples_have_no_findings() -> None:
    found = re.findall(r"^`(\.lightly/\S+)`\n\n```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.M)
    files = {path: text.encode() for path, text in found}
    assert len(files) == len(found) == 7
    report = check_everything(Check(Files(files), Files({"street/1.jpg": png(640, 480)})))
    # One image is too little for all classes.
    assert {finding.rule for finding in report.findings()} == {"category-never-predicted"}
    assert report.files == 7
