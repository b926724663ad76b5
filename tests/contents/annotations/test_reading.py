"""JSON files that anybody may have written: what is wrong is told with its place, and nothing crashes or hangs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contents.annotations.documents import rules
from contents.annotations.documents.locating import every_value, located
from contents.annotations.documents.reading import MOST_DEPTH, read_document
from contents.annotations.findings import Finding, Notes, pointer
from contents.annotations.rules import Rule


def read(data: bytes | str, most_bytes: int = 50_000_000) -> tuple[Any, list[Finding]]:
    """The value, and what was noted. A document that is none has no value."""
    notes = Notes("x.json")
    document = read_document(data if isinstance(data, bytes) else data.encode(), notes, most_bytes=most_bytes)
    return document.value if document else None, notes.findings(document.locate if document else None)


def places(data: bytes | str) -> list[tuple[str, int, int]]:
    return [(finding.rule, finding.line, finding.column) for finding in read(data)[1]]


@pytest.mark.parametrize(
    ("data", "rule", "line", "column"),
    [
        (b"", rules.EMPTY, 1, 1),
        (b"\xef\xbb\xbf", rules.BOM, 1, 1),
        (b"\xff\xfe{\0}\0", rules.ENCODING, 1, 1),
        (b'{\n "a": "\xfc"}', rules.ENCODING, 2, 8),
        ('{\n "ü": ]}', rules.SYNTAX, 2, 7),
        ('{\r\n "a": 1,\r\n "b": nul}', rules.SYNTAX, 3, 7),
        ("{'a': 1}", rules.SYNTAX, 1, 2),
        ('{"a": True}', rules.SYNTAX, 1, 7),
        ('{"a": 1} {"b": 2}', rules.SYNTAX, 1, 10),
        ('{"a": "b', rules.SYNTAX, 1, 7),
        ('{"a": "b\nc"}', rules.SYNTAX, 1, 9),
        ('{"a": [1, 2', rules.SYNTAX, 1, 12),
        ('{"a": 01}', rules.SYNTAX, 1, 8),
        ('{"a": +1}', rules.SYNTAX, 1, 7),
        ('{"a": .5}', rules.SYNTAX, 1, 7),
        ('{"a" 1}', rules.SYNTAX, 1, 6),
        ("# yes\n{}", rules.COMMENT, 1, 1),
        ('{"a": /* one\n two */ 1}', rules.COMMENT, 1, 7),
        ('{"a": [1,\n]}', rules.TRAILING_COMMA, 1, 9),
        ('[1, {"a": -Infinity}]', rules.NUMBER, 1, 11),
        ("[1,\n" + "9" * 5000 + "]", rules.NUMBER, 2, 1),
        ('{"a": 1, "b": {"a": 1,\n "a": 2}}', rules.REPEATED_KEY, 2, 2),
        ('{"a": 1, "\\u0061": 2}', rules.REPEATED_KEY, 1, 10),
    ],
)
def test_what_is_wrong_and_where(data: bytes | str, rule: Rule, line: int, column: int) -> None:
    assert (rule.id, line, column) in places(data)


@pytest.mark.parametrize(
    "data",
    [
        '{"a": "// b", "c": "/* d */", "e": ",]", "f": "# g"}',
        '{"a": "\\"// b", "c": "\\\\"}',
        '"\\ud800"',
        "-0.0",
        "1e999",
        '{"": {"": []}}',
        "\n\t [\r\n] ",
        "9" * 4300,
        "-" + "9" * 4300,
    ],
)
def test_what_is_right(data: str) -> None:
    assert read(data)[1] == []


def test_comments_and_commas_are_overlooked() -> None:
    """As the examples of the documentation are printed. What else is wrong is found too, at the right place."""
    text = """{
  "file_name": "a.png", // relative
  "predictions": [
    {"category_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4,],}, /* the
    dog */
  ]
}"""
    value, findings = read(text)
    assert value["predictions"][0] == {"category_id": 1, "bbox": [1, 2, 3, 4]}
    assert sorted((finding.rule, finding.line, finding.column) for finding in findings) == [
        ("json-comment", 2, 25),
        ("json-comment", 4, 67),
        ("json-repeated-key", 4, 24),
        ("json-trailing-comma", 4, 61),
        ("json-trailing-comma", 4, 63),
        ("json-trailing-comma", 4, 65),
    ]


def test_all_tell_what_to_do() -> None:
    advice = {text: read(text)[1][-1].fix for text in ('{"a": True}', "{'a': 1}", '{"a": "b', '{"a": [1, 2')}
    assert advice == {
        '{"a": True}': "Write true. Python's json.dump does so by itself.",
        "{'a': 1}": 'Put names and texts into double quotes, ", not single ones.',
        '{"a": "b': 'Close the text with ".',
        '{"a": [1, 2': "The file is cut off: write it again.",
    }


BOMBS = {
    "deep": b"[" * 10_000_000,
    "deep and closed": b"[" * 5_000_000 + b"]" * 5_000_000,
    "deep objects": b'{"a":' * 1_000_000,
    "deep behind a comment": b"/*" + b"]" * 100_000 + b"*/" + b"[" * 100_000 + b"]" * 100_000,
    "deep behind a text": b'["\\"",' + b"[" * 100_000 + b"]" * 100_000 + b"]",
    "half closed": b"[]" * 1_000_000,
    "closings": b"]" * 1_000_000 + b"[" * 1_000_000,
    "an open text": b'{"a": "' + b"x" * 10_000_000,
    "backslashes": b'["' + b"\\" * 1_000_001,
    "quotes": b'"' * 1_000_001,
    "comments": b"/*" * 500_000,
    "comments without an end": b"/* " * 300_000,
    "comments that nearly end": b"/* * " * 300_000,
    "escaped quotes": b'"' + b'\\"' * 500_000,
    "escaped quotes in a list": b'["' + b'\\"' * 500_000 + b"/" + b"[" * 200,
    "slashes": b"//" * 500_000 + b"\n",
    "stars": b"/" + b"*" * 1_000_000,
    "commas": b"[" + b"," * 1_000_000 + b"]",
    "white space": b"[" + b" " * 10_000_000 + b"x]",
    "commas and white space": b"[1" + b", " * 300_000 + b"x]",
    "one number": b"9" * 1_000_000,
    "numbers": b"[" + b"9" * 4301 + b"," + b"1," * 300_000 + b"1]",
    "many objects": b"[" + b"{}," * 1_900_000 + b"{}]",
    "one key": b"{" + b'"a":1,' * 1_000_000 + b'"a":1}',
    "line ends": b"\n" * 5_000_000 + b"x",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_told_in_time(bomb: str) -> None:
    started = time.process_time()
    findings = read(BOMBS[bomb])[1]
    assert findings or bomb == "many objects"
    assert time.process_time() - started < 20


def test_many_repetitions_are_not_looked_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"a": 1,\n' + '"a": 1,\n' * 5000 + '"b": NaN}'
    assert {finding.line for finding in read(text)[1]} == set(range(2, 102))
    monkeypatch.setattr("contents.annotations.documents.reading.MOST_VISITED", 10)
    (finding,) = read(json.dumps([0] * 20 + [float("nan")]))[1]
    assert (finding.rule, finding.found) == ("json-number", "behind the first 10 values")


def test_limits() -> None:
    assert [finding.rule for finding in read(b"[1, 2]", most_bytes=5)[1]] == ["json-too-large"]
    assert read(b"[1, 2]", most_bytes=6)[1] == []
    deep = MOST_DEPTH - 1
    assert read(b"[" * deep + b"{}" + b"]" * deep)[1] == []
    assert read(b"[" * deep + b"[{}]" + b"]" * deep)[1][0].rule == "json-depth"


def test_strings_with_brackets_are_not_nested() -> None:
    text = json.dumps([["[" * 200, "]" * 200, '"[[[']] * 60)
    assert read(text)[1] == []


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def every_way(value: Any, steps: tuple[str | int, ...] = ()) -> Any:
    yield steps, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from every_way(inner, (*steps, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from every_way(inner, (*steps, number))


@given(documents, st.sampled_from([None, 0, 1, 3]), st.booleans())
def test_every_value_is_found_where_it_stands(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    ways = dict(every_way(value))
    found = located(text, ways)
    assert found.keys() == ways.keys()
    lines = text.split("\n")
    for steps, (key, position) in found.items():
        rest = "\n".join([lines[position.line - 1][position.column - 1 :], *lines[position.line :]])
        parsed, _end = json.JSONDecoder().raw_decode(rest)
        assert parsed == ways[steps]
        if steps and isinstance(steps[-1], str):
            rest = lines[key.line - 1][key.column - 1 :]
            assert json.JSONDecoder().raw_decode(rest)[0] == steps[-1]
    walked = {visited.steps: visited.offset for visited in every_value(text)}
    assert walked.keys() == ways.keys()


@given(documents, documents)
def test_a_way_that_leads_nowhere_is_left_out(value: Any, other: Any) -> None:
    ways = dict(every_way(value))
    nowhere = {steps for steps, _ in every_way(other)} - ways.keys()
    assert located(json.dumps(value), nowhere) == {}


# Bytes that are nearly JSON, so that all branches are met.
BROKEN = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b" ", b"//", b"/*", b"*/", b"#", b"'"]
VALUES = [b'"a"', b'"\\u0000"', b'"\\ud800"', b"1", b"-", b"1e400", b"NaN", b"true", b"None", b"9" * 4301]
ODD = [b"\xef\xbb\xbf", b"\xff", "ü".encode(), b"\0", b"[" * 120, b"]" * 120]
pieces = st.lists(st.sampled_from([*BROKEN, *VALUES, *ODD])).map(b"".join)


@settings(max_examples=400)
@given(st.binary() | pieces | documents.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    value, findings = read(data)
    text = data.decode("utf-8", "replace")
    lines = text.removeprefix("\ufeff").split("\n")
    for finding in findings:
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        finding.pointer.encode("utf-8")
        finding.found.encode("utf-8")
        if finding.pointer:
            assert finding.pointer in {pointer(steps) for steps, _ in every_way(value)}
    if not findings:
        assert json.loads(data) == value or value != value
