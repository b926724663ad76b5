"""What pages and the REST API read of an index. Every list is read by its key, and none of its length."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.db import connection
from django.db.models import Q, QuerySet

from contents.index import rows
from contents.index.services import KIND, READING_KIND
from contents.index.totals import Totals
from contents.listing.shards import successor
from contents.models import Finding, Index, IndexedFile, IndexState, InsideFinding, InsideProblem, Reading
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from jobs.models import Job

# How addresses name the purposes.
TABS = {"input": Purpose.INPUT, "lightly": Purpose.LIGHTLY}
# So long may a search look at names, and so many of them at once.
SEARCH_SECONDS = 0.15
NAMES_AT_ONCE = 50_000


@dataclass(frozen=True)
class Look:
    """What is known of the contents of one of a dataset's datasources.

    `index` is the one to read; `job` the newest that makes, or made, one. `reading`: what is inside the files at the
    index's place, as far as they were opened; `reading_job` the newest that opens, or opened, them.
    """

    purpose: Purpose
    datasource: Datasource | None
    index: Index | None
    job: Job | None
    reading: Reading | None = None
    reading_job: Job | None = None

    @property
    def is_building(self) -> bool:
        return bool(self.job and self.job.is_open)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the index is of another place than the one the datasource leads to by now."""
        if self.index is None or self.datasource is None:
            return False
        return (self.index.provider, self.index.path) != (self.datasource.provider, self.datasource.path)

    @property
    def totals(self) -> Totals:
        return Totals.of(self.index.totals) if self.index and self.index.totals else Totals()

    @property
    def is_reading(self) -> bool:
        return bool(self.reading_job and self.reading_job.is_open)


def look_at(dataset: Dataset, purpose: Purpose) -> Look:
    """Of the datasource with this purpose, or with both. Five queries."""
    found = dataset.datasources.filter(purpose__in=[purpose, Purpose.INPUT_OUTPUT])
    datasource = found.select_related("latest_check").first()
    if datasource is None:
        return Look(purpose, None, None, None)
    index = Index.objects.filter(datasource=datasource, state=IndexState.CURRENT).first()
    reading = Reading.objects.filter(datasource=datasource).first()
    if reading and (index is None or (reading.provider, reading.path) != (index.provider, index.path)):
        reading = None
    return Look(purpose, datasource, index, _newest(KIND, datasource), reading, _newest(READING_KIND, datasource))


def _newest(kind: str, datasource: Datasource) -> Job | None:
    jobs = Job.objects.filter(dataset=datasource.dataset_id, kind=kind, subject=datasource.pk)
    return jobs.order_by("-created_at", "-pk").first()


def files_after(
    index: Index, after: str = "", *, limit: int, prefix: str = "", kinds: Sequence[int] = ()
) -> list[IndexedFile]:
    """Up to `limit` files whose names come after `after` and start with `prefix`, in order of names."""
    files: QuerySet[IndexedFile] = IndexedFile.objects.filter(between(after, prefix), index=index.pk)
    if kinds:
        files = files.filter(kind__in=kinds)
    return list(files.order_by("key")[:limit])


def files_between(index: Index, after: str, until: str, *, limit: int, kinds: Sequence[int]) -> list[IndexedFile]:
    """The same whose names come no later than `until`; empty: to the end."""
    files: QuerySet[IndexedFile] = IndexedFile.objects.filter(index=index.pk, key__gt=after, kind__in=kinds)
    if until:
        files = files.filter(key__lte=until)
    return list(files.order_by("key")[:limit])


def findings_after(
    index: Index, what: int, after: str = "", *, limit: int, prefix: str = ""
) -> list[Finding] | list[InsideFinding]:
    """The same of the files with a problem, or of a topic."""
    found = findings_of(index, what).filter(between(after, prefix)).order_by("key")[:limit]
    return cast(list[Finding] | list[InsideFinding], list(found))


def findings_of(index: Index, what: int) -> QuerySet[Finding] | QuerySet[InsideFinding]:
    """Of a Problem, an InsideProblem or a Topic."""
    if what not in InsideProblem.values:
        return Finding.objects.filter(index=index.pk, what=what)
    reading = Reading.objects.filter(datasource=index.datasource_id, provider=index.provider, path=index.path).first()
    return InsideFinding.objects.filter(reading=reading.pk if reading else None, what=what)


def between(after: str, prefix: str) -> Q:
    """With one lower bound: of two, SQLite takes the first for its search, and reads all names from there on."""
    if not prefix:
        return Q(key__gt=after)
    begin = Q(key__gte=prefix) if after.encode() < prefix.encode() else Q(key__gt=after)
    return begin & Q(key__lt=successor(prefix))


class Found(NamedTuple):
    """`searched_until`: the name up to which was looked; empty if there is no more."""

    files: list[IndexedFile]
    searched_until: str


def search(index: Index, text: str, after: str = "", *, limit: int, seconds: float = SEARCH_SECONDS) -> Found:
    """Files whose names have the text in them, in whatever case. Those that come after `after`, in order of names.

    Names are looked at one after the other, for so long at most. All of 1,000,000 take 0.2 s on SQLite, 0.25 s on
    PostgreSQL. An index of all parts of names (trigrams) would be quicker, and take longer to write than all else.
    """
    ends_at = time.monotonic() + seconds
    keys: list[str] = []
    while len(keys) < limit:
        until = rows.key_at(index.pk, after, NAMES_AT_ONCE) or ""
        keys += _matching(index.pk, text, after, until, limit - len(keys))
        if len(keys) >= limit:
            return Found(_files(index, keys), keys[-1])
        if not until:
            return Found(_files(index, keys), "")
        after = until
        if time.monotonic() > ends_at:
            break
    return Found(_files(index, keys), after)


def _matching(index_id: int, text: str, after: str, until: str, limit: int) -> list[str]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = "ILIKE" if connection.vendor == "postgresql" else "LIKE"
    values: list[Any] = [index_id, after]
    where = "index_id = %s AND key > %s"
    if until:
        where, values = f"{where} AND key <= %s", [*values, until]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key FROM contents_file WHERE {where} AND key {like} %s ESCAPE '\\' ORDER BY key LIMIT %s",  # noqa: S608
            [*values, f"%{escaped}%", limit],
        )
        return [str(key) for (key,) in cursor.fetchall()]


def _files(index: Index, keys: list[str]) -> list[IndexedFile]:
    return list(IndexedFile.objects.filter(index=index.pk, key__in=keys).order_by("key"))
