"""What only the whole tells, when the reports of all parts are merged; and a check of everything in one go."""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from contents.annotations.checking import METADATA_SCHEMA, SCHEMA, Check, sampled
from contents.annotations.findings import Finding, Notes, shown
from contents.annotations.layout import Layout
from contents.annotations.metadata import rules as metadata_rules
from contents.annotations.names import nearest_stem
from contents.annotations.predictions import rules as prediction_rules
from contents.annotations.report import Report
from contents.annotations.sources import Samples
from contents.annotations.summaries import MetadataSummary, TaskSummary
from contents.listing.folder import METADATA_FOLDER, PREDICTIONS_FOLDER

PART = 500
# More different values are hardly categories.
MOST_CATEGORIES = 100
MOST_UNUSED = 20
# For so many files without an image the nearest name is looked for: each takes up to 0.2 s.
MOST_HELPED = 50
# From this share of files without objects on, it is said.
_MANY_EMPTY = 0.5


def check_everything(
    check: Check, *, sample: int | None = None, progress: Callable[[int], None] = lambda files: None
) -> Report:
    """`sample`: how many files of each task, and of the metadata, are read; None: all. `progress` is told the files."""
    layout, report = check.layout()

    def add(part: Report) -> None:
        report.merge(part)
        progress(report.files)

    for schema in layout.tasks:
        chosen = None if sample is None else sampled(check.prediction_names(schema, layout), sample)
        for names in _parts(check.prediction_names(schema, layout)):
            add(check.prediction_files(schema, names, chosen))
    if layout.metadata is not None:
        chosen = None if sample is None else sampled(check.metadata_names(), sample)
        for names in _parts(check.metadata_names()):
            add(check.metadata_files(layout.metadata, names, chosen))
    for names in _parts(check.sample_names()):
        add(check.sample_files(layout, names))
    conclude(report, layout, check.samples)
    return report


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(names)
    while part := list(itertools.islice(iterator, PART)):
        yield part


def conclude(report: Report, layout: Layout, samples: Samples | None, *, seconds: float = math.inf) -> None:
    """Add it. Once only, when everything else is merged. `seconds`: how long names may be compared."""
    for schema in layout.tasks:
        _conclude_task(report.task(schema.name), schema.name, report)
    if layout.metadata is not None:
        _conclude_metadata(report.metadata, report)
    if samples:
        _help(report, samples, time.monotonic() + seconds)


def _conclude_task(summary: TaskSummary, name: str, report: Report) -> None:
    notes = Notes(f"{PREDICTIONS_FOLDER}{name}/{SCHEMA}")
    if summary.files and summary.files_without_sample == summary.files:
        notes.add(prediction_rules.ALL_MISSING, found=f"{summary.files} files", expected="files of existing images")
    read = f"in {summary.read} of {summary.files} files"
    if summary.objects and not summary.with_probabilities:
        notes.add(prediction_rules.NO_PROBABILITIES, found=f"{summary.objects} predictions, {read}")
    if summary.objects:
        for category, label in summary.categories.items():
            if category not in summary.per_category:
                notes.add(prediction_rules.NEVER_PREDICTED, found=f"{shown(label)} (id {category}), {read}")
    if summary.read and summary.empty > _MANY_EMPTY * summary.read:
        notes.add(prediction_rules.NO_OBJECTS, found=f"{summary.empty} of {summary.read} files that were read")
    report.add_findings(notes)


def _conclude_metadata(summary: MetadataSummary, report: Report) -> None:
    notes = Notes(METADATA_SCHEMA)
    read = f"in {summary.read} of {summary.files} files"
    for path, values in sorted(summary.paths.items()):
        if values.missing and not (values.present or values.wrong):
            notes.add(metadata_rules.NEVER, found=f"{shown(path)}, {read}")
        if values.categories.different > MOST_CATEGORIES:
            expected = f"at most {MOST_CATEGORIES} different values"
            notes.add(metadata_rules.MANY, found=f"{shown(path)}, {read}", expected=expected)
    if summary.files and summary.files_without_sample == summary.files:
        notes.add(metadata_rules.ALL_DEFAULTS, found=f"{summary.files} files", expected="files of existing images")
    elif summary.samples_without_file:
        found = f"{summary.samples_without_file} of {summary.samples} images or videos"
        notes.add(metadata_rules.DEFAULTS, found=found)
    for path, count in summary.unused.top(MOST_UNUSED):
        notes.add(metadata_rules.UNUSED, found=f"{shown(path)} in {count} files, {read}")
    report.add_findings(notes)


def _help(report: Report, samples: Samples, ends_at: float) -> None:
    """Name the image that was probably meant, in the first findings of files without one."""

    def improved(finding: Finding) -> Finding:
        return _with_nearest(finding, folders, samples) if time.monotonic() < ends_at else finding

    tasks = sorted((f"{PREDICTIONS_FOLDER}{name}/" for name in report.tasks), key=len, reverse=True)
    folders = [*tasks, METADATA_FOLDER]
    for rule in (prediction_rules.NO_SAMPLE, metadata_rules.NO_SAMPLE):
        tally = report.tallies.get(rule.id)
        if tally:
            tally.improve(improved, MOST_HELPED)


def _with_nearest(finding: Finding, folders: list[str], samples: Samples) -> Finding:
    folder = next((folder for folder in folders if finding.path.startswith(folder)), "")
    stem = finding.path.removeprefix(folder).removesuffix(".json")
    meant = nearest_stem(samples, stem)
    if not folder or not meant or meant == stem:
        return finding
    return replace(finding, fix=f"Is {shown(f'{meant}.json')} meant? {finding.fix}")
