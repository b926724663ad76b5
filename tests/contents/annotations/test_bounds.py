"""What keeps reports small and checks short, whatever stands in the files."""

from __future__ import annotations

from contents.annotations.checking import Check
from contents.annotations.concluding import conclude
from contents.annotations.findings import MOST_SHOWN, pointer
from contents.annotations.layout import Layout
from contents.annotations.packing import packed_layout, unpacked_layout
from contents.annotations.report import merged
from tests.contents.annotations.trees import P, good


def test_pointers_of_very_long_keys() -> None:
    assert pointer(("a/b", 3, "c~d")) == "/a~1b/3/c~0d"
    told = pointer(("x" * 100_000, "y"))
    assert told.startswith("/xxx")
    assert told.endswith("…/y")
    assert len(told) <= MOST_SHOWN + 3


def test_layouts_as_json() -> None:
    layout, _ = Check(good().lightly()).layout()
    assert unpacked_layout(packed_layout(layout)) == layout
    assert unpacked_layout(packed_layout(Layout())) == Layout()


def test_so_many_tasks_and_no_more() -> None:
    layout, report = Check(good().lightly(), most_tasks=2).layout()
    assert [task.name for task in layout.tasks] == list(report.tasks) == ["labels", "boxes"]


def test_names_are_looked_for_only_as_long_as_there_is_time() -> None:
    tree = good()
    tree.rename(f"{P}boxes/street/2.json", f"{P}boxes/strete/2.json")
    fixes = []
    for seconds in (60.0, 0.0):
        check = Check(tree.lightly(), tree.input())
        layout, report = check.layout()
        schema = layout.tasks[1]
        report = merged([report, check.prediction_files(schema, list(check.prediction_names(schema, layout)))])
        conclude(report, layout, check.samples, seconds=seconds)
        fixes.append(report.tallies["prediction-no-sample"].listed[0].fix)
    assert fixes[0].startswith('Is "street/2.json" meant?')
    assert "meant" not in fixes[1]
