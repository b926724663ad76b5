"""What was asked and what was achieved, for each strategy, and why a goal was missed."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from runs.selection.choosing import Chooser
from runs.selection.config import Balance, Diversity, Similarity, Strategy, Threshold, Weights
from runs.selection.explaining import Explanation
from runs.selection.pool import Fate
from runs.selection.samples import Floats
from runs.selection.steps import Ending


class Missed(StrEnum):
    """Why a goal was missed. The first three are the reasons that Lightly's documentation lists
    (https://docs.lightly.ai/docs/selection-algorithm-order-and-strength)."""

    TRADE_OFF = "TRADE_OFF"  # other strategies pulled in another direction
    INPUT = "INPUT"  # the input doesn't have enough of it
    FEW = "FEW"  # too few samples are selected to come closer
    STOPPED = "STOPPED"  # a stopping condition ended the selection before
    TOGETHER = "TOGETHER"  # the classes come together in the same images


@dataclass(frozen=True)
class Share:
    """One class of BALANCE, from 0 to 1. `chosen` counts the preselected samples too. `missed`: None if it is met."""

    name: str
    asked: float
    chosen: float
    input: float
    missed: Missed | None = None


@dataclass(frozen=True)
class Achieved:
    """Of one strategy.

    `figures`: by name. DIVERSITY has `smallest_distance` among chosen and preselected samples and `cover_radius`, the
    largest distance of any candidate to the nearest of them. TYPICALITY, WEIGHTS and SIMILARITY (distances to the
    query) have `mean` and `mean_of_candidates`, WEIGHTS `sum` too. THRESHOLD has `left_out`, a number of samples.
    BALANCE has `off_target`, the part of the mix that belongs to other classes. Figures without a meaning, such as a
    mean of nothing, are missing.
    """

    strategy: Strategy
    figures: dict[str, float]
    shares: tuple[Share, ...] = ()
    missed: Missed | None = None
    why: str = ""


@dataclass(frozen=True)
class Report:
    """`fates`: how many samples of the input became what, before the choosing. `why`: why there are not more."""

    wanted: int
    chosen: int
    ending: Ending
    why: str
    fates: dict[Fate, int]
    achieved: tuple[Achieved, ...]

    @property
    def missed(self) -> list[Achieved]:
        return [each for each in self.achieved if each.missed]


def report_of(chooser: Chooser, explanation: Explanation) -> Report:
    """Of a selection that has finished, in the order of its strategies."""
    fates = {fate: int((chooser.pool.fates == fate).sum()) for fate in Fate}
    chosen, wanted = chooser.progress
    achieved = tuple(_achieved(each, chooser, explanation) for each in chooser.selection.strategies)
    return Report(wanted, chosen, chooser.ending, _why_not_more(chooser.ending, fates), fates, achieved)


def _why_not_more(ending: Ending, fates: dict[Fate, int]) -> str:
    out = fates[Fate.FILTERED]
    filtered = f" Thresholds left out {out:,} {'sample' if out == 1 else 'samples'}." if out else ""
    return {
        Ending.ENOUGH: "",
        Ending.NONE_LEFT: f"All samples that could be chosen are chosen.{filtered}",
        Ending.DUPLICATES: f"Only samples with the same embeddings as others are left.{filtered}",
        Ending.TYPICALITY: f"All that are left are below the minimum typicality.{filtered}",
        Ending.DISTANCE: f"All that are left are closer to a chosen sample than the minimum distance.{filtered}",
        Ending.SUM: "The next sample would bring a sum above its maximum.",
    }[ending]


def _achieved(strategy: Strategy, chooser: Chooser, explanation: Explanation) -> Achieved:
    if isinstance(strategy, Threshold):
        return Achieved(strategy, {"left_out": float(chooser.pool.filtered[strategy])})
    if isinstance(strategy, Diversity):
        return Achieved(strategy, _distances(chooser, explanation))
    if isinstance(strategy, Balance):
        return _balance(strategy, chooser, explanation)
    chosen, candidates = _values(strategy, chooser, explanation)
    figures = {}
    if chosen.size:
        figures["mean"] = float(chosen.mean())
    if candidates.size:
        figures["mean_of_candidates"] = float(candidates.mean())
    if isinstance(strategy, Weights):
        figures["sum"] = float(chosen.sum())
        return _with_range(strategy, figures, chooser)
    return Achieved(strategy, figures)


def _values(strategy: Strategy, chooser: Chooser, explanation: Explanation) -> tuple[Floats, Floats]:
    """Of chosen samples and of all candidates: those that have one."""
    if isinstance(strategy, Weights):
        values = chooser.pool.numbers(strategy.input)
    else:
        values = chooser.computed()[strategy].astype(np.float64)
        values = np.sqrt(np.maximum(values, 0.0)) if isinstance(strategy, Similarity) else values
    candidates = values[np.isin(chooser.pool.fates[chooser.pool.rows], [Fate.CANDIDATE, Fate.UNTYPICAL])]
    chosen = values[np.array(chooser.state.picks, dtype=np.intp)]
    return chosen[np.isfinite(chosen)], candidates[np.isfinite(candidates)]


def _distances(chooser: Chooser, explanation: Explanation) -> dict[str, float]:
    figures = {}
    between = np.array(chooser.state.distances)
    between = between[np.isfinite(between)]
    if between.size:
        figures["smallest_distance"] = float(between.min())
    nearest = explanation.board.nearest
    if nearest is not None and nearest.size and explanation.board.has_centres:
        squared = nearest.copy()
        # A chosen sample covers itself, whatever rounding says.
        squared[np.array(chooser.state.picks, dtype=np.intp)] = 0.0
        figures["cover_radius"] = float(np.sqrt(max(0.0, float(squared.max()))))
    return figures


def _with_range(strategy: Weights, figures: dict[str, float], chooser: Chooser) -> Achieved:
    low = -np.inf if strategy.range_from is None else strategy.range_from
    high = np.inf if strategy.range_to is None else strategy.range_to
    total, tolerance = figures["sum"], 1e-9 * max(1.0, abs(figures["sum"]))
    if low - tolerance <= total <= high + tolerance:
        return Achieved(strategy, figures)
    values = chooser.pool.numbers(strategy.input)[chooser.pool.is_candidate()]
    values = np.sort(values[np.isfinite(values)])
    count = min(chooser.progress[1], len(values))
    least, most = float(values[:count].sum()), float(values[len(values) - count :].sum())
    side = f"at least {low:g}" if total < low else f"at most {high:g}"
    start = f"The sum is {total:.6g}, and {side} is asked."
    if most < low or least > high:
        reach = f"With {count:,} samples of this input it can be from {least:.6g} to {most:.6g}."
        return Achieved(strategy, figures, missed=Missed.INPUT, why=f"{start} {reach}")
    if chooser.ending is not Ending.ENOUGH:
        return Achieved(strategy, figures, missed=Missed.STOPPED, why=f"{start} The selection ended before.")
    return Achieved(
        strategy, figures, missed=Missed.TRADE_OFF, why=f"{start} Other strategies or single large numbers pulled away."
    )


def _balance(strategy: Balance, chooser: Chooser, explanation: Explanation) -> Achieved:
    mix = next(each for each in explanation.board.mixes if each.strategy == strategy)
    total, inputs = mix.amounts.sum(), mix.input.sum()
    figures = {"off_target": mix.off_target} if total > 0 else {}
    reached = mix.amounts / total if total > 0 else np.zeros_like(mix.target)
    given = mix.input / inputs if inputs > 0 else np.zeros_like(mix.target)
    # One sample more or less is as close as samples can come.
    unit = float(mix.amounts_of(np.array(chooser.state.picks, dtype=np.intp)).sum(axis=1).max(initial=1.0))
    step = unit / total if total > 0 else 1.0
    left = np.flatnonzero(np.isfinite(explanation.board.static))
    remaining = mix.amounts_of(left).sum(axis=0)
    missed = [
        _why_missed(asked, got, step, float(rest), chooser, explanation) if strategy.strength > 0 else None
        for asked, got, rest in zip(mix.target, reached, remaining, strict=True)
    ]
    if Missed.INPUT in missed:  # what one class lacks, the others have too much of
        missed = [Missed.INPUT if each else None for each in missed]
    rows = zip(mix.names, mix.target, reached, given, missed, strict=True)
    shares = tuple(Share(name, float(asked), float(got), float(own), why) for name, asked, got, own, why in rows)
    main = next((each for each in missed if each), None)
    return Achieved(strategy, figures, shares, main, _sentence(main, shares, step))


def _why_missed(
    asked: float, got: float, step: float, rest: float, chooser: Chooser, explanation: Explanation
) -> Missed | None:
    if abs(asked - got) <= step + 1e-9:
        # Within one sample; but if that is much, the selection is too small to do better.
        return Missed.FEW if abs(asked - got) > 0.05 else None
    if got < asked and rest <= 0:
        return Missed.INPUT
    if len(explanation.strategies) > 1:
        return Missed.TRADE_OFF
    if chooser.ending is not Ending.ENOUGH:
        return Missed.STOPPED
    return Missed.TOGETHER


def _sentence(missed: Missed | None, shares: tuple[Share, ...], step: float) -> str:
    if missed is None:
        return ""
    worst = max((each for each in shares if each.missed), key=lambda share: abs(share.asked - share.chosen))
    lacking = [each for each in shares if each.missed and each.chosen < each.asked]
    if missed is Missed.INPUT and lacking:
        worst = max(lacking, key=lambda share: share.asked - share.chosen)
    start = f"{worst.name} has {worst.chosen:.1%} instead of {worst.asked:.1%}."
    reasons = {
        Missed.TRADE_OFF: "Other strategies pulled in another direction: give BALANCE more strength.",
        Missed.INPUT: "There is no more of it in the input.",
        Missed.FEW: f"One sample makes {step:.1%}: select more samples to come closer.",
        Missed.STOPPED: "The selection ended before.",
        Missed.TOGETHER: "Samples have several classes at once, so that no choice comes closer step by step.",
    }
    return f"{start} {reasons[missed]}"
