"""A report's summary as pages show it: bars and columns, each with the whole table behind it. Pure, but for words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop

from contents.annotations.rules import Severity
from contents.overview.figures import COLUMN, COLUMN_HEIGHT, Column

# So many bars a picture has; its table has all that is kept.
MOST_BARS = 10
LOOKS = {Severity.ERROR.value: "denied", Severity.WARNING.value: "unknown", Severity.HINT.value: "off"}
SEVERITY_WORDS = {
    Severity.ERROR.value: gettext_noop("Error"),
    Severity.WARNING.value: gettext_noop("Warning"),
    Severity.HINT.value: gettext_noop("Hint"),
}


@dataclass(frozen=True)
class Bar:
    """`width`: of a hundred. `share`: in words."""

    label: str
    count: int
    width: float
    share: str


@dataclass(frozen=True)
class Histogram:
    """`columns` stand side by side in a picture that is COLUMN_HEIGHT high; `rows` is the table of them."""

    columns: list[Column]
    rows: list[Bar]
    ends: tuple[str, str]

    @property
    def width(self) -> int:
        return COLUMN * len(self.columns)


@dataclass(frozen=True)
class RuleRow:
    rule: str
    severity: str
    title: str
    count: int
    listed: int

    @property
    def look(self) -> str:
        return LOOKS[self.severity]

    @property
    def severity_word(self) -> str:
        return gettext(SEVERITY_WORDS[self.severity])


@dataclass(frozen=True)
class TaskFigures:
    """`facts` are the plain counts of contents.annotations.summaries.TaskSummary."""

    name: str
    type: str
    facts: dict[str, Any]
    bars: list[Bar]
    rows: list[Bar]
    more_categories: int
    scores: Histogram | None
    read_share: str


@dataclass(frozen=True)
class PathFigures:
    """One path of the metadata: numbers have a histogram, categories have bars."""

    path: str
    facts: dict[str, Any]
    histogram: Histogram | None
    bars: list[Bar]
    rows: list[Bar]


def rule_rows(summary: dict[str, Any]) -> list[RuleRow]:
    return [RuleRow(**row) for row in summary.get("rules", [])]


def tasks(summary: dict[str, Any]) -> list[TaskFigures]:
    return [_task(values) for values in summary.get("tasks", [])]


def _task(values: dict[str, Any]) -> TaskFigures:
    counted = [(_category(each), each["objects"]) for each in values["categories"]]
    bars = _bars(counted, values["objects"])
    scores = [(number(each["from"]), number(each["to"]), each["objects"]) for each in values["scores"]]
    has_scores = any(count for _, _, count in scores)
    return TaskFigures(
        values["name"],
        values["type"],
        values,
        bars[:MOST_BARS],
        bars,
        values["more_categories"],
        _histogram(scores) if has_scores else None,
        share(values["read"], values["files"]),
    )


def _category(values: dict[str, Any]) -> str:
    return f"{values['name']} ({values['id']})"


def paths(summary: dict[str, Any]) -> list[PathFigures]:
    metadata = summary.get("metadata") or {}
    return [_path(values) for values in metadata.get("paths", [])]


def _path(values: dict[str, Any]) -> PathFigures:
    numbers = [(number(each["from"]), number(each["to"]), each["files"]) for each in values["histogram"]]
    if numbers:
        histogram = _histogram(_filled(values["histogram"]) or numbers)
        return PathFigures(
            values["path"], values, histogram, [], _bars([(f"{a} – {b}", n) for a, b, n in numbers], values["present"])
        )
    counted = [(each["value"], each["files"]) for each in values["top"]]
    if values["others"]:
        counted.append((gettext("all others"), values["others"]))
    bars = _bars(counted, values["present"])
    return PathFigures(values["path"], values, None, bars[:MOST_BARS], bars)


def _filled(bins: Sequence[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """With the empty bins between the others, so that the picture is true to scale. Nothing where they do not fit."""
    width = bins[0]["to"] - bins[0]["from"]
    span = bins[-1]["to"] - bins[0]["from"]
    if not width > 0 or not span / width <= 128:
        return []
    counts = {round((each["from"] - bins[0]["from"]) / width): each["files"] for each in bins}
    return [
        (number(bins[0]["from"] + place * width), number(bins[0]["from"] + (place + 1) * width), counts.get(place, 0))
        for place in range(round(span / width))
    ]


def _histogram(bins: Sequence[tuple[str, str, int]]) -> Histogram:
    largest = max((count for _, _, count in bins), default=0)
    total = sum(count for _, _, count in bins)
    columns = []
    for place, (_, _, count) in enumerate(bins):
        # What is there is seen.
        height = max(1.0, round(COLUMN_HEIGHT * count / largest, 1)) if count else 0
        columns.append(Column(COLUMN * place, COLUMN_HEIGHT - height, height))
    rows = _bars([(f"{low} – {high}", count) for low, high, count in bins if count], total)
    return Histogram(columns, rows, (bins[0][0], bins[-1][1]))


def _bars(counted: Sequence[tuple[str, int]], total: int) -> list[Bar]:
    largest = max((count for _, count in counted), default=0)
    return [
        Bar(label, count, max(0.5, round(100 * count / largest, 1)) if count else 0, share(count, total))
        for label, count in counted
    ]


def share(part: int, whole: int) -> str:
    percent = 100 * part / whole if whole else 0
    if 0 < percent < 1:
        return gettext("under 1 %")
    if 99 < percent < 100:
        return gettext("over 99 %")
    return gettext("%(percent)s %%") % {"percent": round(percent)}


def number(value: float) -> str:
    """As short as it can be told."""
    if value == int(value) and abs(value) < 10**15:
        return number_format(int(value), use_l10n=True, force_grouping=abs(value) >= 10_000)
    return f"{value:.6g}"
