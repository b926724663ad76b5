"""The last stage of an index: what only all files together tell. Then it takes the place of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.utils import timezone

from contents.index import rows
from contents.index.listing import LIST
from contents.index.totals import Totals
from contents.models import Index, IndexState, Problem, Topic
from jobs.runners import Cursor, Slice, Step

FINISH = "finish"
GONE, TWINS, CONTENT, REPLACE = "gone", "twins", "content", "replace"
_COLUMNS = {TWINS: ("twin", Problem.TWIN), CONTENT: ("content", Problem.SAME_CONTENT)}
_AFTER = {GONE: TWINS, TWINS: CONTENT, CONTENT: REPLACE}
LOWEST = -(2**63)
FILES_OF_A_SLICE = 200_000
GROUPS_OF_A_SLICE = 20_000


def begin(*, has_base: bool) -> Cursor:
    return {"stage": FINISH, "step": GONE if has_base else TWINS, "after": None}


def finish_some(this: Slice, index: Index) -> Step:
    """One step, or a part of it. Each writes a limited number of rows, so that nobody waits long for the database."""
    if this.cursor["step"] == GONE:
        return _gone(this.cursor, index)
    if this.cursor["step"] == REPLACE:
        parts = this.job.shards.filter(cursor__stage=LIST).values_list("cursor", flat=True)
        return Step(this.cursor, is_last=True, store=partial(_replace, index, list(parts)))
    return _groups(this.cursor, index)


def _gone(cursor: Cursor, index: Index) -> Step:
    after = cursor["after"] or ""
    assert index.base_id is not None  # noqa: S101 - see begin()
    until = rows.key_at(index.base_id, after, FILES_OF_A_SLICE)
    following = cursor | {"after": until} if until is not None else _next(cursor)
    store = partial(rows.insert_gone, index.pk, index.base_id, after, until)
    return Step(following, is_last=False, store=store)


def _groups(cursor: Cursor, index: Index) -> Step:
    column, problem = _COLUMNS[cursor["step"]]
    above = LOWEST if cursor["after"] is None else cursor["after"]
    values = rows.repeated(index.pk, column, above, GROUPS_OF_A_SLICE)
    if not values:
        return Step(_next(cursor), is_last=False)
    following = cursor | {"after": values[-1]} if len(values) == GROUPS_OF_A_SLICE else _next(cursor)
    return Step(
        following,
        is_last=False,
        store=partial(rows.insert_groups, index.pk, column, problem, above, values[-1]),
    )


def _next(cursor: Cursor) -> Cursor:
    return cursor | {"step": _AFTER[cursor["step"]], "after": None}


def _replace(index: Index, parts: Sequence[Cursor]) -> None:
    """The index is complete. Called in the transaction that ends its job."""
    totals = Totals()
    for part in parts:
        totals.merge(Totals.of(part["totals"]))
    for counted in rows.count_findings(index.pk, [Problem.TWIN, Problem.SAME_CONTENT, Topic.GONE]):
        table = totals.changes if counted.what == Topic.GONE else totals.problems
        table[str(counted.what)] = [counted.files, counted.bytes]
    Index.objects.filter(datasource=index.datasource_id, state=IndexState.CURRENT).update(state=IndexState.OLD)
    Index.objects.filter(pk=index.pk).update(
        state=IndexState.CURRENT,
        completed_at=timezone.now(),
        files=totals.files,
        bytes=totals.bytes,
        totals=totals.stored(),
    )
