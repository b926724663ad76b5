"""What a worker does for one test. The rule is contents.annotations.relevant.tester; here are its names and its answer.

Memory grows with the file (at most MOST_BYTES), not with the listing. The queue's own limits end what takes longer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from contents.annotation_reports.files import IndexFiles, IndexSamples
from contents.annotation_reports.opening import place_of
from contents.annotation_reports.planning import media_of
from contents.annotations.checking import Check
from contents.annotations.findings import Finding, printable, shortened
from contents.annotations.packing import finding_values
from contents.annotations.relevant.tester import Line, Outcome, check_relevant_filenames
from contents.annotations.sources import SourceError
from contents.annotations.summaries import Categories
from contents.index.queries import look_at
from contents.listing.relevant_filenames import Rule
from contents.listing.relevant_files import MOST_BYTES
from contents.models import RelevantTest
from datasources.models import Purpose
from jobs.runners import JobError, Slice, Step

MOST_LINES = 500
MOST_FINDINGS = 1_000
MOST_FOLDERS = 200
# These stand at the first line, but are about the whole file.
_OF_THE_FILE = {"relevant-bom", "relevant-line-ends", "relevant-empty"}


def make_test(this: Slice, test: RelevantTest) -> Step:
    """Everything in one slice."""
    try:
        content = _content(test)
        outcome = _outcome(test, content)
        changed = bool(outcome.corrected) and outcome.corrected != content
        values = _values(outcome, changed=changed)
        packed = zlib.compress(outcome.corrected) if changed else b""
    except (MemoryError, SoftTimeLimitExceeded):
        words = gettext("Testing this file takes too much time or memory. Split it.")
        raise JobError(words, is_final=True) from None
    message = ngettext(
        "%(relevant)s of %(files)s file is relevant", "%(relevant)s of %(files)s files are relevant", outcome.files
    )
    return Step(
        this.cursor,
        is_last=True,
        done=outcome.files,
        total=outcome.files,
        message=message % {"relevant": f"{outcome.relevant:,}", "files": f"{outcome.files:,}"},
        store=partial(_store, test.pk, values, packed),
    )


def _store(test_id: str, values: dict[str, Any], packed: bytes) -> None:
    RelevantTest.objects.filter(pk=test_id).update(
        outcome=values, corrected=packed, text=b"", completed_at=timezone.now()
    )


def _content(test: RelevantTest) -> bytes:
    """Raises JobError."""
    if not test.path:
        return bytes(test.text)
    index = look_at(test.dataset, Purpose.LIGHTLY).index
    if index is None:
        raise JobError(gettext("The Lightly datasource is not indexed yet."), is_final=True)
    ((_, content),) = IndexFiles(index.pk, place_of(index)).contents([test.path], MOST_BYTES + 1)
    if isinstance(content, SourceError):
        words = gettext("%(path)s can't be read: %(why)s.") % {"path": test.path, "why": content}
        raise JobError(words, is_final=True)
    if len(content) > MOST_BYTES:
        words = gettext("%(path)s has more than %(number)s MB. Split it.")
        raise JobError(words % {"path": test.path, "number": MOST_BYTES // 1024**2}, is_final=True)
    return content


def _outcome(test: RelevantTest, content: bytes) -> Outcome:
    media = media_of(test.dataset)

    def names() -> Iterator[str]:
        return Check(IndexFiles(0), IndexSamples(test.input_index), media).sample_names()

    return check_relevant_filenames(content, names, media, test.path)


def _values(outcome: Outcome, *, changed: bool) -> dict[str, Any]:
    """What the page shows, of bounded size. Texts of the file as any database and page can take them."""
    findings = [finding_values(finding) for finding in outcome.report.findings()]
    by_line: dict[int, list[Finding]] = {}
    for finding in outcome.report.findings():
        by_line.setdefault(finding.line, []).append(finding)
    return {
        "files": outcome.files,
        "relevant": outcome.relevant,
        "lines_count": len(outcome.lines),
        "lines": [_line(line, by_line.get(line.number, [])) for line in outcome.lines[:MOST_LINES]],
        "findings": [finding for finding in findings if finding["line"] == 0 or finding["rule"] in _OF_THE_FILE]
        + [finding for finding in findings if finding["line"] > _last_shown(outcome)][:MOST_FINDINGS],
        "counts": {rule: tally.count for rule, tally in sorted(outcome.report.tallies.items())},
        "folders": _folders(outcome.folders, outcome.relevant_folders),
        "changed": changed,
        "corrected_lines": outcome.corrected.count(b"\n"),
        "corrected_bytes": len(outcome.corrected),
    }


def _last_shown(outcome: Outcome) -> int:
    shown = outcome.lines[:MOST_LINES]
    return shown[-1].number if shown else 0


def _line(line: Line, findings: list[Finding]) -> dict[str, Any]:
    return {
        "number": line.number,
        "text": shortened(printable(line.text)),
        "kind": "wrong" if line.parsed is None else "beginning" if isinstance(line.parsed, Rule) else "file",
        "matches": line.matches,
        "new": line.new,
        "notes": [
            {"rule": each.rule, "severity": each.severity.value, "expected": each.expected, "fix": each.fix}
            for each in findings
            if each.rule not in _OF_THE_FILE
        ],
    }


def _folders(files: Categories, relevant: Categories) -> list[dict[str, Any]]:
    """Those with the most files, and how many of these are relevant. Those with none fall out as a whole."""
    return [
        {"folder": shortened(printable(folder)), "files": count, "relevant": relevant.counts.get(folder, 0)}
        for folder, count in files.top(MOST_FOLDERS)
    ]
