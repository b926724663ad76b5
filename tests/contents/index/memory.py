"""A bucket in memory whose objects have sizes, times and digests, and indexes of it as workers make them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings

from clouds import Entry, Page, parse_config
from contents.index import opening, services
from contents.index.rows import insert_files
from contents.index.rules import row_of
from contents.index.totals import Totals
from contents.models import (
    FileKind,
    Finding,
    Index,
    IndexedFile,
    IndexState,
    InsideProblem,
    Reading,
    ReadState,
)
from contents.reading.rows import Inside, store
from contents.reading.totals import FIRST_PROBLEM, FactsRow
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs.models import Job, JobState
from teams.models import User
from tests.conftest import s3_fields
from tests.contents.listing.stores import Bucket, Key, plain
from tests.jobs.helpers import work_off

PREFIX = "street/"
# On a loaded machine, an example takes as long as it takes.
UNHURRIED = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


class Memory(Bucket):
    """`entries` by relative name; change them between two indexes."""

    def __init__(self, *entries: Entry | str, order: Key = plain, directories: bool = False) -> None:
        super().__init__([], order=order, directories=directories)
        self.entries: dict[str, Entry] = {}
        self.put(*entries)

    def put(self, *entries: Entry | str) -> None:
        for entry in entries:
            made = entry_of(entry) if isinstance(entry, str) else entry
            self.entries[made.key] = made
        self._sort()

    def remove(self, *names: str) -> None:
        for name in names:
            del self.entries[name]
        self._sort()

    def _sort(self) -> None:
        self.keys_in_order = sorted((PREFIX + name for name in self.entries), key=self.order)

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        found = self.below(prefix, after)
        given = [replace(self.entries[key[len(PREFIX) :]], key=key) for key in found[:limit]]
        return Page(given, len(found) > limit)


def entry_of(name: str, **facts: Any) -> Entry:
    usual: dict[str, Any] = {"modified": 1_700_000_000, "size": 2000, "version": "v1"}
    return Entry(name, **(usual | facts))


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """What every index lists."""
    store = Memory()
    use(monkeypatch, store)
    return store


def use(monkeypatch: pytest.MonkeyPatch, store: Any, *modules: Any) -> None:
    """What is opened from now on, by indexes and by these modules too."""

    class Pool:
        @contextlib.contextmanager
        def borrowed(self, *_: object) -> Iterator[Any]:
            yield store

    for module in (opening, *modules):
        monkeypatch.setattr(module, "STORES", Pool())


def connected(dataset: Dataset, purpose: Purpose = Purpose.INPUT, **changes: str) -> Datasource:
    datasource = Datasource(dataset=dataset, purpose=purpose)
    datasource.set_config(parse_config(s3_fields(**changes)))
    datasource.save()
    return datasource


def indexed(datasource: Datasource, by: User | None = None) -> Index:
    """The index that workers make now."""
    job, is_new = services.start(datasource, by=by)
    assert is_new
    work_off(job)
    assert job.state == JobState.DONE, job.error
    return current(datasource)


def made_index(datasource: Datasource, names: list[str]) -> Index:
    """The same, put together at once, where it does not matter how it came about."""
    found = [row_of(entry_of(name)) for name in names]
    totals = Totals()
    totals.add(found, processed_until=0)
    index = Index.objects.create(
        datasource=datasource,
        revision=datasource.revision,
        provider=datasource.provider,
        path=datasource.path,
        state=IndexState.CURRENT,
        completed_at=timezone.now(),
        files=totals.files,
        bytes=totals.bytes,
        totals=totals.stored(),
    )
    insert_files(index.pk, found)
    return index


def made_reading(index: Index, *, broken: str) -> Reading:
    """As if some of its files had been opened, of which one breaks off."""
    assert index.datasource
    reading = Reading.objects.create(datasource=index.datasource, provider=index.provider, path=index.path)
    some = IndexedFile.objects.filter(index=index.pk, kind=FileKind.IMAGE).order_by("key")
    found = [
        FactsRow(
            *(row.key, row.size, row.modified, row.version, row.kind, ReadState.READ),
            format="JPEG",
            pixels="RGB",
            width=1920,
            height=1080,
            problems=1 << (InsideProblem.TRUNCATED - FIRST_PROBLEM) if row.key == broken else 0,
        )
        for row in [*some[:40], *some.filter(key=broken)]
    ]
    problems = [Inside(InsideProblem.TRUNCATED, row.key, row.size, row.modified, "") for row in found if row.problems]
    store(reading.pk, list({row.key: row for row in found}.values()), problems[:1])
    return reading


def current(datasource: Datasource) -> Index:
    return Index.objects.get(datasource=datasource, state=IndexState.CURRENT)


def files(index: Index) -> dict[str, IndexedFile]:
    return {row.key: row for row in IndexedFile.objects.filter(index=index.pk).order_by("key")}


def findings(index: Index, what: int) -> list[str]:
    rows = Finding.objects.filter(index=index.pk, what=what).order_by("key")
    return [row.key for row in rows]


def snapshot(index: Index) -> tuple[Any, ...]:
    """All there is to know of an index, but for its own numbers and times."""
    columns = [field.attname for field in IndexedFile._meta.fields if field.attname not in {"id", "index_id"}]
    found = [field.attname for field in Finding._meta.fields if field.attname not in {"id", "index_id"}]
    return (
        list(IndexedFile.objects.filter(index=index.pk).order_by("key").values_list(*columns)),
        list(Finding.objects.filter(index=index.pk).order_by("what", "key").values_list(*found)),
        index.files,
        index.bytes,
        index.totals,
    )


def jobs_of(datasource: Datasource) -> list[Job]:
    return list(Job.objects.filter(subject=datasource.pk))
