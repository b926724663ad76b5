"""What the tests of readings share: a bucket in memory whose files have contents, and readings as workers make them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from clouds import Failure, StoreError
from clouds.failures import Cause
from clouds.store import Piece
from contents.models import FileFacts, InsideFinding, InsideProblem, Reading
from contents.reading import batch, rows, services
from contents.reading.totals import FactsRow, ReadTotals
from datasources.models import Datasource
from jobs.models import Job
from tests.contents.index.memory import PREFIX, Memory, entry_of, use
from tests.jobs.helpers import work_off


class Shelf(Memory):
    """`contents` by relative name; `failures`: why one can't be read. Counts what was read of whom."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: dict[str, bytes] = {}
        self.failures: dict[str, Cause] = {}
        self.reads: list[str] = []

    def fill(self, **files: bytes) -> None:
        """`a__jpg` stands for `a.jpg`, `b___a__jpg` for `b/a.jpg`."""
        for name, data in files.items():
            self.write(name.replace("___", "/").replace("__", "."), data)

    def write(self, name: str, data: bytes) -> None:
        self.contents[name] = data
        self.put(entry_of(name, size=len(data), version=hashlib.md5(data).hexdigest()))  # noqa: S324 - an ETag

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        name = key.removeprefix(PREFIX)
        self.reads.append(name)
        if cause := self.failures.get(name):
            raise StoreError(Failure(cause))
        if name not in self.contents:
            raise StoreError(Failure(Cause.NO_OBJECT))
        data = self.contents[name]
        now = hashlib.md5(data).hexdigest()  # noqa: S324
        if version and version != now:
            raise StoreError(Failure(Cause.CHANGED))
        return Piece(data[start : start + length], now)


def shelf_of(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    use(monkeypatch, made, batch)
    return made


def begun(datasource: Datasource, sample: int = 0) -> Job:
    job, is_new = services.start(datasource, sample=sample, by=None)
    assert is_new
    return job


def read(datasource: Datasource, sample: int = 0) -> Job:
    """As workers do it."""
    return work_off(begun(datasource, sample))


def reading_of(datasource: Datasource) -> Reading:
    """Whose totals are those of its facts, and whose findings too."""
    found = services.reading_of(datasource)
    assert found
    recounted = ReadTotals()
    facts = [_row(each) for each in facts_of(found).values()]
    recounted.add(facts)
    kept = ReadTotals.of(found.totals)
    assert sorted_tables(kept) == sorted_tables(recounted)
    assert (found.files, found.bytes) == (len(facts), sum(row.size for row in facts))
    told = {(each.key, each.what) for each in InsideFinding.objects.filter(reading=found.pk)}
    bits = {(row.key, what.value) for row in facts for what in InsideProblem if row.problems & 1 << (what - 200)}
    assert told == bits
    return found


def sorted_tables(totals: ReadTotals) -> dict[str, Any]:
    return {name: sorted(value.items()) if isinstance(value, dict) else value for name, value in vars(totals).items()}


def facts_of(reading: Reading) -> dict[str, FileFacts]:
    return {each.key: each for each in FileFacts.objects.filter(reading=reading.pk).order_by("key")}


def problems_of(reading: Reading) -> dict[str, dict[str, str]]:
    """By file: each problem with its detail."""
    told: dict[str, dict[str, str]] = {}
    for each in InsideFinding.objects.filter(reading=reading.pk).order_by("key", "what"):
        told.setdefault(each.key, {})[InsideProblem(each.what).name.lower()] = each.detail
    return told


def _row(facts: FileFacts) -> FactsRow:
    return FactsRow(*(getattr(facts, name) for name in rows.FACT_COLUMNS[1:]))
