"""What a run achieved, as pages show it: goals with what was asked, distributions of input, selected and random."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy

from contents.overview.figures import COLUMN, COLUMN_HEIGHT, Column
from runs.artifacts import content
from runs.models import ArtifactType, Run

# A larger report is for programs: to download it is offered all the same.
MOST_REPORT_BYTES = 16 * 1024**2
MOST_BARS = 10
_SETS = ("input", "selected", "random")
_SET_NAMES = {
    "input": gettext_lazy("Input"),
    "selected": gettext_lazy("Selected"),
    "random": gettext_lazy("Random pick of the same size"),
}
REASONS = {
    "TRADE_OFF": gettext_lazy("Other strategies pulled in another direction."),
    "INPUT": gettext_lazy("The input does not have enough of it."),
    "FEW": gettext_lazy("Too few samples were selected to come closer."),
    "STOPPED": gettext_lazy("A stopping condition ended the selection before."),
    "TOGETHER": gettext_lazy("The classes come together in the same images."),
}
# By the first word of a strategy, what its value means: see runs.selection.explaining.Said.
_SAID = {
    "DIVERSITY": gettext_lazy("%(value)s away from the nearest one chosen before"),
    "TYPICALITY": gettext_lazy("typicality %(value)s"),
    "SIMILARITY": gettext_lazy("%(value)s away from the nearest one asked for"),
    "BALANCE": gettext_lazy("with it, %(value)s of the mix belong to other classes"),
}
_FIGURES = {
    "smallest_distance": gettext_lazy("Smallest distance between two selected samples"),
    "cover_radius": gettext_lazy("Largest distance of any file to a selected one"),
    "mean": gettext_lazy("Mean of the selected samples"),
    "mean_of_candidates": gettext_lazy("Mean of all that could be chosen"),
    "sum": gettext_lazy("Sum over the selected samples"),
    "left_out": gettext_lazy("Left out by it"),
    "off_target": gettext_lazy("Part of the mix that belongs to other classes"),
}


@dataclass(frozen=True)
class Share:
    """One class: shares in words, and how wide their bars are, of a hundred."""

    name: str
    asked: str
    chosen: str
    input: str
    asked_width: float
    chosen_width: float
    reason: str


@dataclass(frozen=True)
class Goal:
    """Of one strategy. `figures`: names and numbers. `why` is empty where it was met."""

    title: str
    is_missed: bool
    why: str
    figures: list[tuple[str, str]]
    shares: list[Share]


def goals_of(run: Run) -> list[Goal]:
    return [_goal(stored) for stored in run.goals if isinstance(stored, dict)]


def _goal(stored: dict[str, Any]) -> Goal:
    missed, why = stored.get("missed") or "", str(stored.get("why") or "")
    figures = [
        (str(_FIGURES.get(name, name)), _percent(value) if name == "off_target" else shown_number(value))
        for name, value in (stored.get("figures") or {}).items()
        if isinstance(value, int | float)
    ]
    shares = [_share(each) for each in stored.get("shares") or []]
    return Goal(_title(stored), bool(missed), why or _reason(missed), figures, shares)


def _title(stored: dict[str, Any]) -> str:
    title, strength = str(stored.get("strategy") or ""), stored.get("strength")
    if not isinstance(strength, int | float) or strength == 1:
        return title
    return gettext("%(strategy)s, strength %(strength)s") % {"strategy": title, "strength": shown_number(strength)}


def said_words(said: dict[str, Any]) -> str:
    """What one strategy said of a sample; empty where it had nothing to say."""
    value, kind = said.get("value"), str(said.get("strategy", "")).partition(" ")[0]
    if not isinstance(value, int | float):
        return gettext("the first, with none to be away from") if kind == "DIVERSITY" else ""
    shown = _percent(value) if kind == "BALANCE" else shown_number(value)
    return str(_SAID.get(kind, "%(value)s")) % {"value": shown}


def _share(stored: dict[str, Any]) -> Share:
    asked, chosen = float(stored.get("asked") or 0), float(stored.get("chosen") or 0)
    return Share(
        str(stored.get("name") or ""),
        _percent(asked),
        _percent(chosen),
        _percent(float(stored.get("input") or 0)),
        round(100 * min(1.0, asked), 1),
        round(100 * min(1.0, chosen), 1),
        _reason(stored.get("missed") or ""),
    )


def _reason(missed: str) -> str:
    return str(REASONS.get(missed, missed))


def _percent(share: float) -> str:
    return gettext("%(percent)s %%") % {"percent": number_format(round(100 * share, 1), 1)}


def shown_number(value: float) -> str:
    """With as many digits as say something."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


@dataclass(frozen=True)
class Series:
    """One of the sets, of all sets in the same scale. `counts` has one number for each label of the chart."""

    name: str
    counts: list[str]
    columns: list[Column]
    widths: list[float]
    mean: str


@dataclass(frozen=True)
class Distribution:
    """`labels` are those of the table's rows. Numbers have columns, categories have bars."""

    key: str
    title: str
    head: str
    labels: list[str]
    series: list[Series]
    ends: tuple[str, str]
    is_numeric: bool

    @property
    def width(self) -> int:
        return COLUMN * len(self.labels)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        return [(label, [each.counts[place] for each in self.series]) for place, label in enumerate(self.labels)]

    @property
    def bars(self) -> list[tuple[str, list[tuple[Series, float, str]]]]:
        """The largest categories, each with a bar for each set."""
        order = sorted(range(len(self.labels)), key=lambda place: -max(each.widths[place] for each in self.series))
        return [
            (self.labels[place], [(each, each.widths[place], each.counts[place]) for each in self.series])
            for place in order[:MOST_BARS]
        ]


def report_of(run: Run) -> dict[str, Any] | None:
    """The stored report, or None if there is none, or none that a page should read."""
    found = run.artifacts.filter(type=ArtifactType.REPORT_V2_JSON, size__lte=MOST_REPORT_BYTES).first()
    if found is None:
        return None
    try:
        report = json.loads(b"".join(content(found)))
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


def distributions_of(report: dict[str, Any]) -> list[Distribution]:
    """https://docs.lightly.ai/docs/report-json: the charts that have anything to show."""
    analysis = report.get("datasetAnalysis") or {}
    metadata, embedding = analysis.get("metadataInformation") or {}, analysis.get("embeddingInformation") or {}
    found = [
        _numbers(gettext("Distance to the nearest neighbour"), embedding.get("distanceToNearestNeighborInSet")),
        _numbers(gettext("Distance to the nearest selected sample"), embedding.get("distanceToCoverInput")),
    ]
    for group, start in (("lightlyNumeric", "lightly."), ("customNumeric", "")):
        found += [_numbers(f"{start}{name}", stored) for name, stored in (metadata.get(group) or {}).items()]
    found += [_categories(name, stored) for name, stored in (metadata.get("customCategorical") or {}).items()]
    for task, stored in (report.get("predictionTaskInformation") or {}).items():
        title = gettext("Classes of %(task)s") % {"task": task}
        names = stored.get("categoryIdToName") or {}
        found.append(_categories(title, stored.get("categoryDistribution"), names))
        scores = stored.get("activeLearningScoreDistributions") or {}
        found += [_numbers(f"{task}: {name}", each) for name, each in scores.items()]
    shown = [each for each in found if each]
    return [Distribution(f"chart-{place}", *_rest(each)) for place, each in enumerate(shown)]


def _rest(each: Distribution) -> tuple[Any, ...]:
    return each.title, each.head, each.labels, each.series, each.ends, each.is_numeric


def _numbers(title: str, stored: Any) -> Distribution | None:
    if not isinstance(stored, dict) or not stored.get("bins"):
        return None
    low, high = (float(end) for end in stored["range"])
    count = int(stored["bins"])
    edges = [low + (high - low) * place / count for place in range(count + 1)]
    labels = [f"{shown_number(round(a, 6))} – {shown_number(round(b, 6))}" for a, b in pairwise(edges)]
    series = _all_series({name: stored[name]["counts"] for name in _SETS if _has(stored, name, count)}, stored)
    if not series:
        return None
    ends = (shown_number(round(low, 6)), shown_number(round(high, 6)))
    return Distribution("", title, gettext("Value"), labels, series, ends, is_numeric=True)


def _has(stored: dict[str, Any], name: str, count: int) -> bool:
    found = stored.get(name)
    return isinstance(found, dict) and len(found.get("counts") or []) == count


def _categories(title: str, stored: Any, names: dict[str, str] | None = None) -> Distribution | None:
    if not isinstance(stored, dict):
        return None
    sets = {name: stored[name]["counts"] for name in _SETS if isinstance(stored.get(name), dict)}
    keys = sorted(
        {key for counts in sets.values() for key in counts}, key=lambda key: (-sets.get("input", {}).get(key, 0), key)
    )
    if not keys:
        return None
    series = _all_series({name: [counts.get(key, 0) for key in keys] for name, counts in sets.items()}, stored)
    labels = [(names or {}).get(key, key) for key in keys]
    return Distribution("", title, gettext("Class"), labels, series, ("", ""), is_numeric=False)


def _total(counts: list[float]) -> float:
    return float(sum(counts))


def _all_series(counts: dict[str, list[float]], stored: dict[str, Any]) -> list[Series]:
    """Shares of each set's own total, so that sets of different sizes can be compared. Empty if all of them are."""
    shares = {name: _shares(each) for name, each in counts.items()}
    largest = max((share for each in shares.values() for share in each), default=0.0)
    return (
        [_series(name, each, shares[name], largest, stored[name]) for name, each in counts.items()] if largest else []
    )


def _shares(counts: list[float]) -> list[float]:
    total = _total(counts)
    return [each / total if total else 0.0 for each in counts]


def _series(name: str, counts: list[float], shares: list[float], largest: float, stored: dict[str, Any]) -> Series:
    columns = []
    for place, share in enumerate(shares):
        height = max(1.0, round(COLUMN_HEIGHT * share / largest, 1)) if share else 0.0
        columns.append(Column(COLUMN * place, COLUMN_HEIGHT - height, height))
    mean = (stored.get("metrics") or {}).get("mean")
    return Series(
        str(_SET_NAMES[name]),
        [shown_number(each) for each in counts],
        columns,
        [max(0.5, round(100 * share, 1)) if share else 0.0 for share in shares],
        shown_number(mean) if isinstance(mean, int | float) else "",
    )
