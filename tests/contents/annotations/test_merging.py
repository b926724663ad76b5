"""Reports of parts make the same report as the whole, in whatever order and grouping they are merged."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contents.annotations.checking import Check, sampled
from contents.annotations.concluding import conclude
from contents.annotations.exporting import as_json, csv_lines, text_lines
from contents.annotations.findings import Finding, Notes
from contents.annotations.layout import Layout
from contents.annotations.packing import packed, unpacked
from contents.annotations.predictions import rules
from contents.annotations.report import MOST_LISTED, Report, merged
from contents.annotations.summaries import MOST_BINS, MOST_COUNTED, Categories, NumberHistogram
from tests.contents.annotations.cases import CASES
from tests.contents.annotations.trees import Tree, good


def spoiled(names: list[str]) -> Tree:
    tree = good()
    for name in names:
        try:
            CASES[name].bad(tree)
        except (KeyError, IndexError, AttributeError, TypeError):
            continue  # another case took away what this one wants to spoil
    return tree


def parts(check: Check, layout: Layout, size: int) -> list[Report]:
    def pieces(names: list[str]) -> list[list[str]]:
        return [names[at : at + size] for at in range(0, len(names), size)]

    reports = []
    for schema in layout.tasks:
        names = list(check.prediction_names(schema, layout))
        reports += [check.prediction_files(schema, piece) for piece in pieces(names)]
    if layout.metadata is not None:
        reports += [check.metadata_files(layout.metadata, piece) for piece in pieces(list(check.metadata_names()))]
    return [*reports, *(check.sample_files(layout, piece) for piece in pieces(list(check.sample_names())))]


CHEAP = sorted(CASES.keys() - {"json-too-large", "metadata-many-categories"})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(CHEAP), max_size=12), st.integers(1, 4), st.randoms(use_true_random=False))
def test_parts_make_the_whole(names: list[str], size: int, chance: random.Random) -> None:
    tree = spoiled(names)
    check = Check(tree.lightly(), tree.input())
    layout, first = check.layout()
    reports = [first, *parts(check, layout, size)]
    chance.shuffle(reports)
    middle = chance.randint(0, len(reports))
    # By way of JSON, as a job keeps them between its slices.
    halves = [unpacked(json.loads(json.dumps(packed(merged(half))))) for half in (reports[:middle], reports[middle:])]
    whole = merged(halves)
    conclude(whole, layout, check.samples)
    assert as_json(whole) == as_json(tree.report())


def noted(count: int, start: int = 0) -> Report:
    report = Report()
    for number in range(start, start + count):
        notes = Notes(f"{number:06}.json")
        notes.add(rules.SCORE, found=str(number))
        report.add_findings(notes)
    return report


def test_the_first_thousand_are_listed_and_all_are_counted() -> None:
    one, other = noted(3000, start=2500), noted(2600)
    whole = merged([one, other])
    tally = whole.tallies[rules.SCORE.id]
    assert tally.count == 5600
    paths = [finding.path for finding in tally.listed]
    assert len(paths) == MOST_LISTED
    assert paths == sorted(paths)
    assert paths[-1] == "000999.json"
    assert as_json(merged([other, one])) == as_json(whole)


def test_of_one_file_not_everything_is_listed() -> None:
    tree = good()
    file = tree.files[".lightly/predictions/boxes/street/1.json"]
    file["predictions"] = [{"category_id": 9} for _ in range(5000)]
    tally = tree.report().tallies["category-unknown"]
    assert (tally.count, len(tally.listed)) == (5000, 100)


@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1))))
def test_histograms_add_up(groups: list[list[float]]) -> None:
    whole, summed = NumberHistogram(), NumberHistogram()
    for group in groups:
        part = NumberHistogram()
        for number in group:
            part.add(number)
            whole.add(number)
        summed.merge(part)
    assert summed == whole
    assert len(whole.bins) <= MOST_BINS
    numbers = [number for group in groups for number in group]
    assert sum(whole.bins.values()) == whole.count == len(numbers)
    if numbers:
        assert (whole.least, whole.greatest) == (min(numbers), max(numbers))
        rows = whole.rows()
        # Edges are floats, so beyond 2 ** 53 they are the nearest ones.
        assert rows[0][0] <= float(min(numbers))
        assert float(max(numbers)) <= rows[-1][1]
        json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize("different", [10, MOST_COUNTED, 3500])
def test_categories_add_up(different: int) -> None:
    chance = random.Random(5)
    texts = [str(min(number, chance.randrange(different))) for number in range(different)] * 2
    whole = Categories()
    for text in texts:
        whole.add(text)
    whole.settle()
    chance.shuffle(texts)
    summed = Categories()
    for at in range(0, len(texts), 700):
        part = Categories()
        for text in texts[at : at + 700]:
            part.add(text)
        summed.merge(part)
    assert summed == whole
    assert len(whole.counts) <= MOST_COUNTED
    assert sum(whole.counts.values()) + whole.others == len(texts)
    assert all(texts.count(text) == count for text, count in whole.top(20))


def test_samples_are_the_same_in_any_order() -> None:
    names = [f"{number}.json" for number in range(500)]
    chosen = sampled(names, 40)
    assert len(chosen) == 40
    assert sampled(reversed(names), 40) == chosen
    assert sampled(names[:10], 40) == set(names[:10])


def test_a_sample_reads_little_and_names_all() -> None:
    tree = good()
    tree.files[".lightly/predictions/boxes/street/9.json"] = {"predictions": []}
    report = tree.report(sample=1)
    boxes = report.tasks["boxes"]
    assert (boxes.files, boxes.read, boxes.files_without_sample) == (3, 1, 1)
    assert report.metadata.read == 1
    assert report.files == 20
    assert report.read == 7 + 5 + 1


def odd_finding(**values: Any) -> Finding:
    return Finding(**({"rule": rules.SCORE.id, "severity": rules.SCORE.severity, "path": "a.json"} | values))


def test_cells_are_no_formulas() -> None:
    lines = list(csv_lines([odd_finding(path='=cmd|"x"', found="-1", expected="+1", fix="@x")]))
    assert lines[0].startswith("\ufeffrule,severity,path,pointer,line,column,found,expected,fix")
    assert lines[1] == 'score,error,"\'=cmd|""x""",,0,0,\'-1,\'+1,\'@x\r\n'


def test_names_that_no_terminal_should_get() -> None:
    tree = good()
    name = ".lightly/predictions/boxes/a\x1b[31m\u202e\nb.json"
    tree.files[name] = {"predictions": [], "\ud800\x00": 1}
    report = tree.report()
    (finding,) = report.tallies["prediction-key"].listed
    assert finding.path == ".lightly/predictions/boxes/a\\x1b[31m\\u202e\\nb.json"
    assert finding.pointer == "/\\ud800\\x00"
    for line in text_lines(report):
        assert line.isprintable() or not line
    assert "\\u202e" in json.dumps(as_json(report), ensure_ascii=False)
    json.dumps(as_json(report), ensure_ascii=False).encode("utf-8")
