"""Two looks at a bucket that changes in between: what is new, changed and gone is told, and no more."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds import Entry
from contents.index import finishing, listing, services
from contents.index.comparing import compared
from contents.index.rules import row_of
from contents.models import Change, Index, Topic
from datasources.models import Datasource
from tests.contents.index.memory import UNHURRIED, Memory, entry_of, files, findings, indexed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]

NAMES = st.text("ab/é\U0001f600\\%_'\t", min_size=1, max_size=5).filter(lambda name: not name.endswith("/"))
FACTS = st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(["", "v1", "v2"]))
BUCKETS = st.dictionaries(NAMES, FACTS, max_size=25)
Bucket = Mapping[str, tuple[int, int, str]]


def entries(bucket: Bucket) -> list[Entry]:
    return [
        entry_of(name, size=size, modified=modified, version=version)
        for name, (size, modified, version) in bucket.items()
    ]


def is_changed(before: tuple[int, int, str], after: tuple[int, int, str]) -> bool:
    if before[2] and after[2]:
        return (before[0], before[2]) != (after[0], after[2])
    return before[:2] != after[:2]


@UNHURRIED
@given(BUCKETS, BUCKETS)
def test_each_file_is_compared_with_itself(before: Bucket, after: Bucket) -> None:
    found = compared([row_of(entry) for entry in entries(after)], dict(before))
    assert [row.key for row in found] == list(after)
    for row in found:
        if row.key not in before:
            assert row.change == Change.NEW
        else:
            expected = Change.CHANGED if is_changed(before[row.key], after[row.key]) else Change.SAME
            assert row.change == expected


def test_whole_buckets(memory: Memory, source: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 4)
    monkeypatch.setattr(listing, "ROWS_OF_A_SLICE", 6)
    monkeypatch.setattr(listing, "FEW_PAGES", 1)
    monkeypatch.setattr(finishing, "FILES_OF_A_SLICE", 5)

    def look(bucket: Bucket) -> Index:
        memory.entries.clear()
        memory.put(*entries(bucket))
        index = indexed(source)
        assert list(files(index)) == sorted(bucket)
        assert (index.files, index.bytes) == (len(bucket), sum(size for size, _, _ in bucket.values()))
        return index

    @settings(UNHURRIED, max_examples=12)
    @given(BUCKETS, BUCKETS)
    def check(before: Bucket, after: Bucket) -> None:
        Index.objects.update(datasource=None)
        services.tidy(60)
        look(before)
        index = look(after)
        both = before.keys() & after.keys()
        assert findings(index, Topic.NEW) == sorted(after.keys() - before.keys())
        assert findings(index, Topic.GONE) == sorted(before.keys() - after.keys())
        assert findings(index, Topic.CHANGED) == sorted(n for n in both if is_changed(before[n], after[n]))

    check()
