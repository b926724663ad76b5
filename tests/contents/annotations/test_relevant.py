"""The tester of relevant filenames files: what each line matches, and the corrected file."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from contents.annotations.relevant.tester import Outcome, check_relevant_filenames
from contents.listing.folder import IMAGES
from contents.listing.relevant_filenames import RelevantFilenamesError, parse_relevant_filenames

NAMES = ["a.jpg", "street/1.jpg", "street/2.jpg", "street/deep/1.jpg", "Straße/1.jpg", "sky/1.jpg"]


def run(text: str, names: list[str] = NAMES) -> Outcome:
    return check_relevant_filenames(text.encode(), lambda: names, IMAGES)


def test_what_each_line_matches() -> None:
    tested = run("street/* 2.jpg\nstreet/1.jpg\nnone.jpg\n*\n")
    assert [(line.number, line.matches, line.new, line.within) for line in tested.lines] == [
        (1, 2, 2, 3),
        (2, 1, 0, 0),
        (3, 0, 0, 0),
        (4, 6, 4, 6),
    ]
    assert (tested.files, tested.relevant) == (6, 6)


def test_totals_by_folder() -> None:
    tested = run("street/1.jpg\na.jpg")
    assert (tested.files, tested.relevant) == (6, 2)
    assert tested.folders.counts == {"": 1, "street": 3, "Straße": 1, "sky": 1}
    assert tested.relevant_folders.counts == {"": 1, "street": 1}


def test_the_corrected_file() -> None:
    text = "\ufeff" + "\r\n".join(
        [
            "./street/1.jpg",
            "/a.jpg",
            "street\\2.jpg",
            "STREET/Deep/1.jpg",
            " sky/1.jpg ",
            "s3://bucket/images/street/1.jpg",
            "https://acme.blob.core.windows.net/images/sky/1.jpg",
            "SKY/*  *.png",
            "../x/../y.jpg",
            "unknown.jpg",
            "",
            "unknown.jpg",
        ]
    )
    tested = run(text)
    assert tested.corrected.decode().splitlines() == [
        "street/1.jpg",
        "a.jpg",
        "street/2.jpg",
        "street/deep/1.jpg",
        "sky/1.jpg",
        "sky/*  *.png",
        "unknown.jpg",
    ]
    again = run(tested.corrected.decode())
    assert again.relevant == 5
    assert set(again.report.tallies) == {"relevant-nothing", "relevant-covered", "relevant-excludes-nothing"}


def test_what_is_not_certain_is_not_corrected() -> None:
    tested = run("A.JPG", ["a.jpg", "A.jpg"])
    assert tested.corrected == b"A.JPG\n"
    (finding,) = tested.report.tallies["relevant-nothing"].listed
    assert finding.fix == 'Is "A.jpg" meant?'


def test_help_by_likeness_and_by_form() -> None:
    tested = run("street/11.jpg\nstrase/*\nnfd/u\u0308.jpg", [*NAMES, "nfd/\u00fc.jpg"])
    fixes = [finding.fix for finding in tested.report.tallies["relevant-nothing"].listed]
    assert fixes == ['Is "street/1.jpg" meant?', "Correct the line, or delete it.", 'Is "nfd/ü.jpg" meant?']


segments = st.text("ab*!/. ", max_size=6)
lines = st.lists(segments.map(lambda text: text + ".jpg") | segments | st.text(max_size=8), max_size=8)


@settings(max_examples=200)
@given(lines, st.lists(st.text("ab/.", min_size=1, max_size=5).map(lambda text: text + ".jpg"), unique=True))
def test_the_rule_is_that_of_the_listings(texts: list[str], names: list[str]) -> None:
    content = "\n".join(texts).encode("utf-8", "surrogatepass")
    tested = check_relevant_filenames(content, lambda: names, IMAGES)
    try:
        relevant = parse_relevant_filenames(content)
    except RelevantFilenamesError:
        assert {"relevant-line", "relevant-not-text"} & tested.report.tallies.keys()
    else:
        assert tested.relevant == sum(map(relevant.covers, names))
        assert sum(line.new for line in tested.lines) == tested.relevant
        assert not {"relevant-line", "relevant-not-text"} & tested.report.tallies.keys()
    parse_relevant_filenames(tested.corrected)
