"""The first stage: may this run work, and which files does it look at?

The files are listed once, in slices. Each slice writes its names in parts of 64, under a token of its own: the parts
of a slice that was done twice are those that its cursor names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext

from clouds import Entry
from clouds.permissions import Permission
from clouds.provider import provider_of
from contents.listing.folder import IMAGES, VIDEOS, samples_folder
from contents.listing.relevant_apart import read_apart
from contents.listing.relevant_filenames import RelevantFilenames, RelevantFilenamesError
from contents.listing.relevant_files import MOST_BYTES as MOST_RELEVANT_BYTES
from contents.listing.walker import Range, next_stretch, walk
from contents.names import shown
from contents.thumbnails.metadata import head_of
from jobs.runners import Cursor, JobError, Slice, Step
from runs import progress
from runs.models import LogLevel, Run, RunState
from runs.places import embeddings_file_name, relevant_file_name
from runs.worker.annotations.layout import read_layout
from runs.worker.context import Context, context_of
from runs.worker.disk import remove_old
from runs.worker.embedding.models import Chosen
from runs.worker.gate import demand_permissions
from runs.worker.scratch import NAMES_OF_A_PART, Listed, Scratch, name_of_part, token
from samples.names import is_usable
from samples.queries import names_of

PREPARE = "prepare"
LAYOUT = "layout.json"
# Less than that left, and no further page is asked for.
SPARE_SECONDS = 30.0
# Of one slice: what is found is held in memory.
MOST_NAMES = 50_000
# So many unusable names are told one by one.
MOST_TOLD = 10


def begin() -> Cursor:
    return {"stage": PREPARE, "listed": False}


def prepare(this: Slice) -> Step:
    return _list_some(this) if this.cursor["listed"] else _check(this)


def _check(this: Slice) -> Step:
    """Everything that would make the run fail later."""
    context = context_of(this.job)
    progress.enter(context.run, RunState.INITIALIZING)
    remove_old()
    demand_permissions(context)
    _demand_empty(context)
    layout = read_layout(context)
    _relevant(context)
    Scratch(context).write_json(LAYOUT, layout.stored())
    _demand_embeddings(context)
    # Made now, which takes a while at the first time.
    model = None if context.settings.embeddings_file else context.model
    cursor: Cursor = {
        "stage": PREPARE,
        "listed": True,
        "paths": context.paths,
        "has_videos": context.has_videos,
        "after": "",
        "slices": [],
        "files": 0,
        "seen": 0,
        "begun": now(),
        "newest": 0,
    }
    return Step(cursor, is_last=False, store=partial(_tell_beginning, context, model))


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _tell_beginning(context: Context, model: Chosen | None) -> None:
    run = context.run
    for note in context.settings.notes:
        progress.log(run, str(note), LogLevel.WARNING)
    progress.enter(run, RunState.LOADING_DATASET)
    for words in _limits(context):
        progress.log(run, words)
    if model is None:
        name = embeddings_file_name(context.settings.embeddings_file)
        progress.log(run, gettext("Embeddings are those of %(name)s.") % {"name": name})
    else:
        if model.warning:
            progress.log(run, model.warning, LogLevel.WARNING)
        progress.log(run, gettext("Embeddings are made by %(name)s.") % {"name": model.embedder.name})
    progress.log(run, gettext("Listing the files of %(path)s.") % {"path": context.source.path})


def _limits(context: Context) -> Iterator[str]:
    """What the configuration's limits do, or why they do nothing."""
    expiration, threshold = context.settings.input_expiration, context.settings.corruption_threshold
    if expiration and not provider_of(context.source).tells_expiry:
        yield gettext("input_expiration changes nothing: this storage does not tell when it deletes a file.")
    elif expiration:
        words = gettext("Files that the storage deletes in fewer than %(days)s days end the run.")
        if not expiration.aborts:
            words = gettext("Files that the storage deletes in fewer than %(days)s days are left out.")
        yield words % {"days": f"{expiration.min_days:g}"}
    if threshold is not None and context.has_videos:
        words = gettext("Frames in which more than %(share)s%% of the rows have one brightness count as corrupt.")
        yield words % {"share": f"{100 * threshold:g}"}
    elif threshold is not None:
        yield gettext("corruption_threshold changes nothing: it is about frames of videos.")


def _demand_empty(context: Context) -> None:
    if not context.uses_datapool and context.dataset.samples.exists():
        context.abort(
            gettext(
                "The dataset has samples already, and the configuration does not say that the datapool is used. Set"
                " use_datapool to true to select on top of them, or use a new dataset."
            )
        )


def _demand_embeddings(context: Context) -> None:
    """Raises JobError where the configuration names a file that is not there."""
    if not context.settings.embeddings_file:
        return
    name = embeddings_file_name(context.settings.embeddings_file)
    with context.opened_target(Permission.READ, name) as store:
        if head_of(store, context.target.prefix + name) is None:
            words = gettext("There is no file %(name)s in the Lightly datasource.")
            raise JobError(words % {"name": name}, is_final=True)


def _relevant(context: Context) -> RelevantFilenames | None:
    """None: all files are relevant. Raises JobError."""
    if not context.settings.relevant_filenames_file:
        return None
    name = relevant_file_name(context.settings.relevant_filenames_file)
    content = context.read_target(name, most=MOST_RELEVANT_BYTES)
    if content is None:
        raise JobError(gettext("There is no file %(name)s in the Lightly datasource.") % {"name": name}, is_final=True)
    try:
        return read_apart([content], settings.DATA_DIR)[0]
    except RelevantFilenamesError as error:
        raise JobError(f"{name}: {error}", is_final=True) from None


def _list_some(this: Slice) -> Step:
    cursor = this.cursor
    context = context_of(this.job, cursor["paths"])
    found = _read(this, context)
    names, mark = found.names, token()
    size = 1 if context.has_videos else NAMES_OF_A_PART
    parts = [names[at : at + size] for at in range(0, len(names), size)]
    files = [(name_of_part(mark, number), json.dumps(part).encode()) for number, part in enumerate(parts)]
    Scratch(context).write_many(files)
    changed: dict[str, Any] = {
        "after": found.after,
        "slices": [*cursor["slices"], [mark, len(parts)]] if parts else cursor["slices"],
        "files": cursor["files"] + len(names),
        "seen": cursor["seen"] + found.seen,
        "newest": max([cursor["newest"], *(each.modified for each in names)]),
    }
    ended = cursor | changed
    total = None
    if found.is_end:
        total = ended["files"]
        _demand_some(context, files=ended["files"], seen=ended["seen"])
    store = partial(_tell, context.run, found, total)
    return Step(ended, is_last=found.is_end, total=total, store=store)


@dataclass
class _Found:
    """`seen`: how many images or videos were listed. `old` and `known` are left out of `names`, and the unusable."""

    after: str
    names: list[Listed] = field(default_factory=list)
    seen: int = 0
    old: int = 0
    known: int = 0
    unusable: list[str] = field(default_factory=list)
    is_end: bool = False


def _read(this: Slice, context: Context) -> _Found:
    """The next names; at least one page. Raises JobError."""
    folder = samples_folder(VIDEOS if context.has_videos else IMAGES, _relevant(context))
    since = 0 if context.settings.process_all else context.dataset.processed_until
    known = set(names_of(context.dataset)) if context.uses_datapool and not context.has_videos else set[str]()
    found = _Found(this.cursor["after"])
    with context.opened_source(Permission.LIST) as store:
        stretches = walk(store, context.source.prefix, Range(found.after), next_start=folder.next_start)
        is_first = True
        while not found.is_end and len(found.names) < MOST_NAMES and (is_first or this.seconds_left > SPARE_SECONDS):
            stretch = next_stretch(stretches, is_first=is_first)
            if stretch is None:
                break
            is_first = False
            for entry in stretch.entries:
                if folder.counts(entry):
                    _take(entry, found, since=since, known=known)
            found.after, found.is_end = stretch.reached, not stretch.more
    return found


def _take(entry: Entry, found: _Found, *, since: int, known: Collection[str]) -> None:
    found.seen += 1
    if not is_usable(entry.key):
        found.unusable.append(entry.key)
    elif entry.modified <= since:
        found.old += 1
    elif entry.key in known:
        found.known += 1
    else:
        found.names.append(Listed(entry.key, entry.size, entry.modified, entry.version, entry.archived))


def _demand_some(context: Context, *, files: int, seen: int) -> None:
    """Raises JobError where there is nothing at all. That nothing is new is no error."""
    if files or seen:
        return
    kind = gettext("videos") if context.has_videos else gettext("images")
    words = gettext("There are no %(kind)s in %(path)s that this run could look at.")
    raise JobError(words % {"kind": kind, "path": context.source.path}, is_final=True)


def _tell(run: Run, found: _Found, total: int | None) -> None:
    progress.advance(run, len(found.names), state=RunState.LOADING_DATASET)
    for name in found.unusable[:MOST_TOLD]:
        words = gettext("%(name)s is left out: its name has a line break or another control.")
        progress.log(run, words % {"name": shown(name)}, LogLevel.WARNING)
    if (count := len(found.unusable) - MOST_TOLD) > 0:
        words = ngettext(
            "%(count)s further file is left out because of its name.",
            "%(count)s further files are left out because of their names.",
            count,
        )
        progress.log(run, words % {"count": f"{count:,}"}, LogLevel.WARNING)
    if count := found.old:
        words = ngettext(
            "%(count)s file is left out: a run before this one has processed it.",
            "%(count)s files are left out: a run before this one has processed them.",
            count,
        )
        progress.log(run, words % {"count": f"{count:,}"})
    if count := found.known:
        words = ngettext(
            "%(count)s file is left out: the dataset has it already.",
            "%(count)s files are left out: the dataset has them already.",
            count,
        )
        progress.log(run, words % {"count": f"{count:,}"})
    if total is not None:
        words = ngettext("%(count)s file to look at.", "%(count)s files to look at.", total)
        progress.log(run, words % {"count": f"{total:,}"})


def parts_in(prepared: Cursor) -> int:
    """How many parts there are."""
    return sum(count for _, count in prepared["slices"])
