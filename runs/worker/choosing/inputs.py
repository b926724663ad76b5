"""The samples of a selection: what was read, without what can't be used and what comes twice, and the datapool's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from django.utils.translation import gettext, ngettext
from numpy.typing import NDArray

from jobs.runners import JobError
from runs.places import embeddings_file_name
from runs.selection import samples as selected
from runs.selection.config import (
    Balance,
    CategoryCount,
    ClassInput,
    Metadata,
    NumericInput,
    Query,
    Random,
    Scores,
    Threshold,
    Weights,
)
from runs.worker.annotations.layout import Layout
from runs.worker.annotations.scores import FREQUENCY, SCORES, scaled
from runs.worker.annotations.told import BROKEN, MISSING, USED, category_in, number_in, value_at
from runs.worker.choosing import held, told
from runs.worker.choosing.held import Held, held_by, query_vectors
from runs.worker.choosing.stored import StoredCsv
from runs.worker.choosing.table import Table, assemble
from runs.worker.context import Context
from runs.worker.embedding.csvs import CsvError
from runs.worker.embedding.matrix import Block, Matrix
from runs.worker.pictures import number_of
from runs.worker.preparing import LAYOUT
from runs.worker.scratch import Json, Scratch

_LIGHTLY = "lightly."


@dataclass(frozen=True)
class Usable:
    """`places`: of the table's rows that can be chosen. `twins`: of those left out, and of which they are copies."""

    places: list[int]
    twins: dict[int, int]
    corrupt: list[int]


@dataclass(frozen=True)
class Inputs:
    """`rows`: of those that can be chosen, in the order of their names; the first ones of `samples`. Then come `held`.

    `vectors`: (n + h, d) of `rows` and `held`, the same as those of `samples`.

    `notes`: sentences for the log about what was left out.
    """

    usable: Usable
    rows: Sequence[Json]
    held: Held
    samples: selected.Samples
    vectors: Matrix
    notes: list[str] = field(default_factory=list)


def usable_of(table: Table, known: Sequence[str] = ()) -> Usable:
    """Without what is broken, what has the same content as one before, and names that the dataset has (`known`)."""
    in_dataset = set(known)
    first: dict[str, int] = {}
    places: list[int] = []
    twins: dict[int, int] = {}
    corrupt: list[int] = []
    for at, key in enumerate(table.keys):
        if key.hash is None:
            corrupt.append(at)
        elif key.name in in_dataset:
            continue
        elif (twin := first.setdefault(key.hash, at)) != at:
            twins[at] = twin
        else:
            places.append(at)
    return Usable(places, twins, corrupt)


def fetch(context: Context, has_time: Callable[[], bool]) -> bool:
    """Brings all that `inputs_of` looks at to this machine's disk, as long as there is time. Whether it is there.

    Raises JobError.
    """
    own = _own_file(context)
    try:
        has_own = own is None or own.fetch(has_time)
        return (
            has_own and held.fetch(context, has_time) and _fetch_told(context, has_time) and assemble(context, has_time)
        )
    except CsvError as error:
        raise JobError(f"{own.key if own else ''}: {error}", is_final=True) from None


def _fetch_told(context: Context, has_time: Callable[[], bool]) -> bool:
    if not told.is_wanted(context):
        return True
    layout = Layout.of(Scratch(context).read_json(LAYOUT))
    return told.fetch(context, layout, has_time)


def inputs_of(context: Context, layout: Layout, table: Table) -> Inputs:
    """After `fetch`. Raises JobError where the selection can't be made of it."""
    known = held_by(context)
    usable = usable_of(table, known.names)
    rows = table.rows.at(usable.places)
    names = [table.keys[at].name for at in usable.places]
    block, notes = _own_vectors(context, names) or (_rows_of(table.vectors, usable.places), [])
    notes += _demand_predictions(layout, rows) + _lacking_predictions(layout, known)
    vectors = _joined(context, block, known)
    samples = selected.Samples(
        names=[*names, *known.names],
        preselected=np.arange(len(rows) + len(known.names)) >= len(rows),
        embeddings=vectors,
        numbers={each: _numbers(each, layout, rows, known) for each in _numeric(context)},
        classes={each: _classes(each, layout, rows, known) for each in _balanced(context)},
        queries={query: _query(context, query, block) for query in context.settings.queries},
    )
    return Inputs(usable, rows, known, samples, vectors, notes)


def _rows_of(block: Block, places: Sequence[int]) -> Block:
    wanted = np.array(places, dtype=np.intp)
    return Block(block.array, wanted if block.places is None else block.places[wanted])


def _own_file(context: Context) -> StoredCsv | None:
    """The csv file that the configuration names. None: it names none. Raises JobError where it is not there."""
    if not context.settings.embeddings_file:
        return None
    name = embeddings_file_name(context.settings.embeddings_file)
    stored = StoredCsv.below(context.disk, context.target, context.endpoints, name)
    if not stored.exists():
        raise JobError(gettext("There is no file %(name)s in the Lightly datasource.") % {"name": name}, is_final=True)
    return stored


def _own_vectors(context: Context, names: list[str]) -> tuple[Block, list[str]] | None:
    stored = _own_file(context)
    if stored is None:
        return None
    try:
        found = stored.of(names)
    except CsvError as error:
        raise JobError(f"{stored.key}: {error}", is_final=True) from None
    missing = found.unknown
    if names and missing == len(names):
        words = gettext("%(name)s has none of the names of this run's files.")
        raise JobError(words % {"name": stored.key}, is_final=True)
    words = ngettext(
        "%(count)s sample has no embedding in %(name)s.", "%(count)s samples have no embedding in %(name)s.", missing
    )
    return found, [words % {"count": f"{missing:,}", "name": stored.key}] if missing else []


def _joined(context: Context, new: Block, known: Held) -> Matrix:
    """(n + h, d). Raises JobError where the datapool's vectors are of another network."""
    old = known.vectors
    if old.array.shape[1] and new.array.shape[1] and old.array.shape[1] != new.array.shape[1]:
        if context.settings.needs_embeddings:
            words = gettext(
                "Embeddings of the dataset have %(old)s numbers, those of this run have %(new)s. Use the same network"
                " or csv file as before, or a new dataset."
            )
            numbers = {"old": old.array.shape[1], "new": new.array.shape[1]}
            raise JobError(words % numbers, is_final=True)
        old = Block(np.zeros((len(old), 0), np.float32))
    return Matrix.of(new, old)


def _query(context: Context, query: Query, block: Block) -> NDArray[Any]:
    found = query_vectors(context, query)
    if len(block) and found.shape[1] != block.array.shape[1]:
        words = gettext("Embeddings of the tag %(tag)s have %(old)s numbers, those of this run have %(new)s.")
        numbers = {"tag": query.tag_name, "old": found.shape[1], "new": block.array.shape[1]}
        raise JobError(words % numbers, is_final=True)
    return found


def _demand_predictions(layout: Layout, rows: Sequence[Json]) -> list[str]:
    """Raises JobError where no file of a task can be used."""
    notes = []
    for task in layout.tasks:
        states = [row["tasks"][task]["state"] for row in rows]
        if rows and USED not in states:
            words = gettext(
                "No file with predictions of the task %(task)s can be used: %(missing)s missing, %(broken)s broken."
            )
            counts = {"missing": states.count(MISSING), "broken": states.count(BROKEN)}
            raise JobError(words % ({"task": task} | counts), is_final=True)
        if count := states.count(MISSING):
            words = ngettext(
                "%(count)s file with predictions of the task %(task)s is missing: it counts as unknown.",
                "%(count)s files with predictions of the task %(task)s are missing: they count as unknown.",
                count,
            )
            notes.append(words % {"count": f"{count:,}", "task": task})
        if count := states.count(BROKEN):
            words = ngettext(
                "%(count)s file with predictions of the task %(task)s is broken: it counts as unknown.",
                "%(count)s files with predictions of the task %(task)s are broken: they count as unknown.",
                count,
            )
            notes.append(words % {"count": f"{count:,}", "task": task})
    return notes


def _lacking_predictions(layout: Layout, known: Held) -> list[str]:
    """Of the samples that the dataset has."""
    notes = []
    for task in layout.tasks:
        if count := sum(each["tasks"][task]["state"] != USED for each in known.told):
            words = ngettext(
                "%(count)s sample of the dataset has no usable predictions of the task %(task)s: it counts as unknown.",
                "%(count)s samples of the dataset have no usable predictions of the task %(task)s: they count as"
                " unknown.",
                count,
            )
            notes.append(words % {"count": f"{count:,}", "task": task})
    return notes


def _numeric(context: Context) -> list[NumericInput]:
    strategies = context.settings.selection.strategies if context.settings.selection else ()
    found = {each.input for each in strategies if isinstance(each, Weights | Threshold)}
    return [each for each in found if not isinstance(each, Random)]


def _balanced(context: Context) -> list[ClassInput]:
    strategies = context.settings.selection.strategies if context.settings.selection else ()
    return list({each.input for each in strategies if isinstance(each, Balance)})


def _numbers(source: NumericInput, layout: Layout, rows: Sequence[Json], known: Held) -> NDArray[Any]:
    """(n + h,) NaN where it is not known."""
    if isinstance(source, Metadata):
        return np.array([number_in(value) for value in _values(source, layout, rows, known)], np.float64)
    told_by_task = _of_task(source.task, rows, known) if isinstance(source, Scores | CategoryCount) else iter(())
    if isinstance(source, Scores):
        return np.array(_scores(source, told_by_task), np.float64)
    assert isinstance(source, CategoryCount)  # noqa: S101 - random numbers are made by the selection
    ids = _categories(layout, source.task, source.categories)
    wanted = [{str(each) for each in of_name} for of_name in ids.values()]
    every = set().union(*wanted) if wanted else set()
    return np.array([_count(each, every) for each in told_by_task], np.float64)


def _of_task(task: str, rows: Sequence[Json], known: Held) -> Iterator[Json]:
    """What the task says of new samples, then of those that the dataset has."""
    for row in chain(rows, known.told):
        yield row["tasks"][task]


def _count(told: Json, categories: set[str]) -> float:
    if told["state"] != USED:
        return float("nan")
    return float(sum(count for category, count in told["counts"].items() if category in categories))


def _scores(source: Scores, told_by_task: Iterable[Json]) -> list[float]:
    if source.score not in SCORES:
        words = gettext("There is no score %(score)s. There are: %(known)s.")
        raise JobError(words % {"score": source.score, "known": ", ".join(SCORES)}, is_final=True)
    found = [float(each.get("scores", {}).get(source.score, "nan")) for each in told_by_task]
    return scaled(found) if source.score == FREQUENCY else found


def _classes(source: ClassInput, layout: Layout, rows: Sequence[Json], known: Held) -> selected.Classes:
    if isinstance(source, Metadata):
        return selected.Classes.of_categories([category_in(value) for value in _values(source, layout, rows, known)])
    ids = _categories(layout, source.task, source.categories)
    amounts = np.zeros((len(rows) + len(known.names), len(ids)), np.float32)
    column = {str(each): at for at, of_name in enumerate(ids.values()) for each in of_name}
    for at, told_of_one in enumerate(_of_task(source.task, rows, known)):
        for category, count in told_of_one.get("counts", {}).items():
            if category in column:
                amounts[at, column[category]] += count
    return selected.Classes.of_amounts(list(ids), amounts)


def _categories(layout: Layout, task: str, names: Sequence[str]) -> dict[str, list[int]]:
    """Ids by the name of the category: those of `names`, or all. Raises JobError for one that the schema lacks."""
    known: dict[str, list[int]] = {}
    for number, name in layout.tasks[task].categories.items():
        known.setdefault(name, []).append(number)
    if lacking := [name for name in names if name not in known]:
        words = gettext("The task %(task)s has no category %(name)s. It has: %(known)s.")
        raise JobError(words % {"task": task, "name": lacking[0], "known": ", ".join(known)}, is_final=True)
    return {name: known[name] for name in (names or known)}


def _values(source: Metadata, layout: Layout, rows: Sequence[Json], known: Held) -> list[Any]:
    if source.key.startswith(_LIGHTLY):
        name = source.key.removeprefix(_LIGHTLY)
        return [number_of(meta, name) for meta in (*(row["meta"] for row in rows), *known.meta)]
    default = layout.defaults.get(source.key)
    found = [value_at(custom, source.key) for custom in (*(row.get("custom") for row in rows), *known.custom)]
    return [default if value is None else value for value in found]
