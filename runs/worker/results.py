"""What a run leaves in the database: samples with their tag and embedding, artifacts, goals and picks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from contents.listing.progress import set_processed_until
from jobs.runners import Cursor, JobError
from runs import artifacts, progress
from runs.models import ArtifactType, LogLevel, Run, RunPick, RunState
from runs.worker.annotations.layout import Layout
from runs.worker.choosing.inputs import Inputs
from runs.worker.choosing.table import Table, table_of
from runs.worker.context import Context
from runs.worker.outputs.target import thumbnail_of_sample
from runs.worker.outputs.writing import custom_name
from runs.worker.reports.distributions import Json, sets_of
from runs.worker.reports.goals import store_picks
from runs.worker.reports.report import Facts, report_of
from runs.worker.scratch import Scratch
from samples import growing
from samples.models import PlotMethod, SampleType

CREATOR = "USER_WORKER"
# In one artifact.
MOST_NAMES = 1_000_000
_LINES_AT_ONCE = 1_000


@dataclass(frozen=True)
class Outcome:
    """`sizes`: DatasetSizes of the report. `report` is empty where none is wanted."""

    sizes: Json
    report: bytes
    corruptness: bytes
    names: list[str]


@dataclass(frozen=True)
class Result:
    """Everything that is stored in one transaction. `cursor`: of the stage `finish`."""

    context: Context
    cursor: Cursor
    new: list[growing.NewSample]
    outcome: Outcome
    goals: list[Json]
    plot: bytes
    picks: list[RunPick]


def samples_of(context: Context, cursor: Cursor, scratch: Scratch, rows: Sequence[Json]) -> list[growing.NewSample]:
    """In the order of their names."""
    custom: dict[str, Any] = {}
    for mark in cursor["custom"]:
        custom |= scratch.read_json(custom_name(mark))
    without = set(cursor["without"])
    return [
        growing.NewSample(
            file_name=row["name"],
            type=SampleType.VIDEO_FRAME if "frame" in row else SampleType.IMAGE,
            thumb_name="" if row["name"] in without else thumbnail_of_sample(context, row["name"]),
            exif=row.get("exif", {}),
            meta_data=row["meta"],
            custom_meta_data=row.get("custom", custom.get(row["name"])),
            video_frame_data=row.get("frame"),
        )
        for row in rows
    ]


def outcome_of(context: Context, cursor: Cursor, inputs: Inputs, chosen: Sequence[int], layout: Layout) -> Outcome:
    table = table_of(context)
    sizes = _sizes(inputs, len(table.keys), len(chosen))
    bad = [table.rows[at] for at in inputs.usable.corrupt]
    corruptness = {
        "corrupt_samples": {row["name"]: row["bad"] for row in bad if "is_video" not in row},
        "corrupt_videos": {row["name"]: row["bad"] for row in bad if "is_video" in row},
    }
    report = b""
    if context.settings.upload_report:
        video_sizes = _video_sizes(context, table, inputs, chosen) if context.has_videos else None
        told = _report(context, inputs, chosen, layout, sizes, video_sizes)
        report = json.dumps(told, allow_nan=False).encode()
    return Outcome(sizes, report, json.dumps(corruptness).encode(), _files(context, table))


def _files(context: Context, table: Table) -> list[str]:
    """The names of the files that were looked at: of frames, their videos."""
    if not context.has_videos:
        return sorted(key.name for key in table.keys)
    return sorted({str(row.get("video", row["name"])) for row in table.rows})


def _video_sizes(context: Context, table: Table, inputs: Inputs, chosen: Sequence[int]) -> Json:
    """DatasetSizes that count videos: one is selected if a frame of it is."""
    videos = set(_files(context, table))
    corrupt = {row["name"] for row in table.rows.at(inputs.usable.corrupt) if "is_video" in row}
    selected = {inputs.rows[at]["video"] for at in chosen}
    held = {(frame or {}).get("sourceVideo") for frame in inputs.held.frames} - {None}
    return {
        "nInput": len(videos),
        "nCorrupt": len(corrupt),
        "nDuplicate": 0,
        "nRemoved": len(videos - corrupt - selected),
        "nSelected": len(selected),
        "nPreselectedDatapool": len(held),
        "nSelectedWithDatapool": len(held | selected),
    }


def _sizes(inputs: Inputs, read: int, selected: int) -> Json:
    held = len(inputs.held.names)
    return {
        "nInput": read,
        "nCorrupt": len(inputs.usable.corrupt),
        "nDuplicate": len(inputs.usable.twins),
        "nRemoved": len(inputs.rows) - selected,
        "nSelected": selected,
        "nPreselectedDatapool": held,
        "nSelectedWithDatapool": held + selected,
    }


def _report(
    context: Context, inputs: Inputs, chosen: Sequence[int], layout: Layout, sizes: Json, video_sizes: Json | None
) -> Json:
    known = context.settings
    facts = Facts(
        run=context.run,
        inputs=inputs,
        layout=layout,
        sets=sets_of(len(inputs.rows), chosen, len(inputs.held.names), seed=known.seed),
        vectors=inputs.vectors.unit(is_wanted=known.normalize_embeddings),
        sizes=sizes,
        video_sizes=video_sizes,
        keys=known.custom_metadata_keys,
        seed=known.seed,
        begun=context.run.created_at,
        ended=timezone.now(),
        url=settings.LIGHTLY_PUBLIC_URL,
    )
    return report_of(facts)


def store(result: Result, message: str) -> None:
    """Inside the transaction that moves the cursor. Raises JobError."""
    context, run = result.context, result.context.run
    progress.enter(run, RunState.UPLOADING_ARTIFACTS)
    changed: dict[str, Any] = {"sizes": result.outcome.sizes, "goals": result.goals}
    if context.settings.enable_datapool_update:
        changed |= _grow(result)
        _remember(context, result.cursor)
    else:
        words = gettext("The dataset stays as it is, because enable_datapool_update is off.")
        progress.log(run, words, LogLevel.WARNING)
    Run.objects.filter(pk=run.pk).update(**changed)
    store_picks(run, result.picks)
    _tell(result, message)
    _add_artifacts(result)


def _grow(result: Result) -> dict[str, str]:
    """What of the run's row changes with the dataset."""
    context, run, cursor = result.context, result.context.run, result.cursor
    if not result.new:
        return {}
    try:
        tag = growing.add(context.dataset, result.new, run_id=run.pk, tag_name=run.stamp, creator=CREATOR)
    except growing.NamesError as error:
        raise JobError(str(error), is_final=True) from None
    if not result.plot:
        return {"tag_id": tag.pk}
    embedding = growing.add_embedding(
        context.dataset,
        name=f"default_{run.stamp}",
        key=cursor["key"],
        rows=cursor["vectors"],
        dimensions=cursor["dimensions"],
        model=cursor["model"],
        run_id=run.pk,
        plots={PlotMethod.PCA: result.plot},
    )
    return {"tag_id": tag.pk, "embedding_id": embedding.pk}


def _remember(context: Context, cursor: Cursor) -> None:
    """Up to when the Input is processed. Not where only some of its files were wanted."""
    if context.settings.relevant_filenames_file:
        words = gettext("The next run looks at all files again, because this one had a list of file names.")
        progress.log(context.run, words)
        return
    # What was written while the run listed may not have been seen.
    until = min(cursor["newest"], cursor["begun"] - 1)
    if until > context.dataset.processed_until:
        set_processed_until(dataset=context.dataset, seconds=until)


def _tell(result: Result, message: str) -> None:
    run = result.context.run
    if result.cursor["note"]:
        progress.log(run, result.cursor["note"], LogLevel.WARNING)
    if result.cursor["without"]:
        count = len(result.cursor["without"])
        words = ngettext(
            "%(count)s thumbnail could not be written.", "%(count)s thumbnails could not be written.", count
        )
        progress.log(run, words % {"count": f"{count:,}"}, LogLevel.WARNING)
    for goal in result.goals:
        if goal["why"]:
            progress.log(run, f"{goal['strategy']}: {goal['why']}", LogLevel.WARNING)
    progress.log(run, message)


def _add_artifacts(result: Result) -> None:
    run, outcome = result.context.run, result.outcome
    if outcome.report:
        artifacts.add(run, ArtifactType.REPORT_V2_JSON, "report_v2.json", outcome.report)
    corruptness = ArtifactType.CORRUPTNESS_CHECK_INFORMATION
    artifacts.add(run, corruptness, "corruptness_check_information.json", outcome.corruptness)
    if len(outcome.names) <= MOST_NAMES:
        names = (f"{name}\n".encode() for name in outcome.names)
        artifacts.add(run, ArtifactType.RELEVANT_FILENAMES, "relevant_filenames.txt", names)
    artifacts.add(run, ArtifactType.LOG, "log.txt", _log(run))


def _log(run: Run) -> Iterator[bytes]:
    for line in run.lines.order_by("pk").iterator(chunk_size=_LINES_AT_ONCE):
        yield f"{line.at:%Y-%m-%d %H:%M:%S} {line.level} [{line.state}] {line.text}\n".encode()
