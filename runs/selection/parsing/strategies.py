"""The `strategy` of an entry, and whether its input fits."""

import math
from enum import StrEnum
from typing import Any

from contents.annotations.findings import Steps
from runs.selection.config import (
    Balance,
    CategoryCount,
    ClassDistribution,
    Distribution,
    Diversity,
    Metadata,
    NumericInput,
    Operation,
    Random,
    Scores,
    Similarity,
    Strategy,
    Threshold,
    Typicality,
    Weights,
)
from runs.selection.parsing.fields import Fields
from runs.selection.parsing.inputs import Embeddings, Input
from runs.selection.parsing.problems import Notes, listed


class StrategyType(StrEnum):
    DIVERSITY = "DIVERSITY"
    TYPICALITY = "TYPICALITY"
    WEIGHTS = "WEIGHTS"
    THRESHOLD = "THRESHOLD"
    BALANCE = "BALANCE"
    SIMILARITY = "SIMILARITY"


KEYS = {
    # This one key is in snake case in what all versions of the client send.
    StrategyType.DIVERSITY: ("type", "strength", "stopping_condition_minimum_distance"),
    StrategyType.TYPICALITY: ("type", "strength", "numNearestNeighbors", "stoppingConditionMinimumTypicality"),
    StrategyType.WEIGHTS: ("type", "strength", "stoppingConditionMaxSum", "targetRange"),
    StrategyType.THRESHOLD: ("type", "threshold", "operation"),
    StrategyType.BALANCE: ("type", "strength", "distribution", "target"),
    StrategyType.SIMILARITY: ("type", "strength"),
}
# https://docs.lightly.ai/docs/selection-input: which input goes with which strategy.
FITS: dict[type, tuple[StrategyType, ...]] = {
    Embeddings: (StrategyType.DIVERSITY, StrategyType.SIMILARITY, StrategyType.TYPICALITY),
    Scores: (StrategyType.WEIGHTS, StrategyType.THRESHOLD),
    Metadata: (StrategyType.WEIGHTS, StrategyType.THRESHOLD, StrategyType.BALANCE),
    ClassDistribution: (StrategyType.BALANCE,),
    CategoryCount: (StrategyType.WEIGHTS, StrategyType.THRESHOLD),
    Random: (StrategyType.WEIGHTS, StrategyType.THRESHOLD),
}
STRONGEST = 1e9
_ROUNDING = 1e-6


def read_strategy(
    value: Any, steps: Steps, notes: Notes, source: Input | None, *, unit_length: bool
) -> Strategy | None:
    """The strategy with its input, or None if something is wrong with it, which is then in `notes`.

    `source` is None if the input was at fault: then the rest is checked all the same. `unit_length`: embeddings are
    scaled to length 1, so that no two are farther apart than 2.
    """
    fields = Fields(value, steps, notes, "the strategy")
    if not fields.usable:
        return None
    before = len(notes.problems)
    kind = fields.choice("type", StrategyType, required_by="every strategy")
    if kind is None:
        return None
    if source is not None and kind not in FITS[type(source)]:
        fix = f"Use {listed(FITS[type(source)])} with {source}, or another input with {kind}."
        notes.add((*steps, "type"), kind.value, f"a strategy for {source}", fix)
        source = None
    found = _read(kind, fields, source, unit_length=unit_length)
    fields.refuse_rest(f"the strategy {kind}", KEYS[kind])
    return found if len(notes.problems) == before else None


def _read(kind: StrategyType, fields: Fields, source: Input | None, *, unit_length: bool) -> Strategy | None:
    if kind is StrategyType.DIVERSITY:
        _no_query(fields, source, kind)
        most = 2.0 if unit_length else math.inf
        distance = fields.number("stopping_condition_minimum_distance", least=0, most=most)
        return Diversity(_strength(fields), distance)
    if kind is StrategyType.TYPICALITY:
        _no_query(fields, source, kind)
        neighbours = fields.whole("numNearestNeighbors", least=2, required_by="TYPICALITY")
        least = fields.number("stoppingConditionMinimumTypicality", above=0, most=1)
        return Typicality(neighbours or 2, _strength(fields), least)
    if kind is StrategyType.WEIGHTS:
        return _weights(fields, source)
    if kind is StrategyType.THRESHOLD:
        return _threshold(fields, source)
    if kind is StrategyType.BALANCE:
        return _balance(fields, source)
    return _similarity(fields, source)


def _strength(fields: Fields) -> float:
    strength = fields.number("strength", least=-STRONGEST, most=STRONGEST)
    return 1.0 if strength is None else strength


def _no_query(fields: Fields, source: Input | None, kind: StrategyType) -> None:
    if isinstance(source, Embeddings) and source.query:
        steps = (*fields.steps[:-1], "input", "tagName")
        fix = "Remove datasetId and tagName, or use the strategy SIMILARITY."
        fields.notes.add(steps, source.query.tag_name, f"no query for {kind}", fix)


def _similarity(fields: Fields, source: Input | None) -> Strategy | None:
    strength = _strength(fields)
    if not isinstance(source, Embeddings):
        return None
    if source.query is None:
        steps = (*fields.steps[:-1], "input")
        fields.notes.missing(
            (*steps, "tagName"),
            "datasetId and tagName, because SIMILARITY needs to know to what",
            "Add datasetId and tagName to the input: the tag that holds the samples to look for.",
        )
        return None
    return Similarity(source.query, strength)


def _weights(fields: Fields, source: Input | None) -> Strategy | None:
    strength = _strength(fields)
    maximum = fields.number("stoppingConditionMaxSum", least=0)
    low, high = _range(fields)
    return Weights(source, strength, maximum, low, high) if isinstance(source, NumericInput) else None


def _range(fields: Fields) -> tuple[float | None, float | None]:
    value = fields.take("targetRange")
    if value is None:
        return None, None
    inner = Fields(value, fields.at("targetRange"), fields.notes, "targetRange")
    if not inner.usable:
        return None, None
    given = inner.has("minSum") or inner.has("maxSum")
    low, high = inner.number("minSum", least=0), inner.number("maxSum", least=0)
    if not given:
        inner.notes.add(inner.steps, value, "minSum, maxSum or both", "Add one of them, or remove targetRange.")
    if low is not None and high is not None and low > high:
        fix = "Exchange minSum and maxSum, or change one of them."
        inner.notes.add(inner.at("maxSum"), high, f"a number of at least minSum ({low:g})", fix)
    inner.refuse_rest("targetRange", ("minSum", "maxSum"))
    return low, high


def _threshold(fields: Fields, source: Input | None) -> Strategy | None:
    threshold = fields.number("threshold", required_by="THRESHOLD")
    operation = fields.choice("operation", Operation, required_by="THRESHOLD")
    if threshold is None or operation is None or not isinstance(source, NumericInput):
        return None
    return Threshold(source, operation, threshold)


def _balance(fields: Fields, source: Input | None) -> Strategy | None:
    strength = _strength(fields)
    has_target = fields.has("target")
    # Versions before v4 have no key distribution, and always mean TARGET.
    distribution = fields.choice("distribution", Distribution) or Distribution.TARGET
    target = _target(fields, source)
    if distribution is Distribution.TARGET and not has_target:
        fix = 'Add target, such as {"car": 0.3, "bus": 0.2}, or write "UNIFORM" or "INPUT" as distribution.'
        fields.notes.missing(fields.at("target"), "the share of each class, because TARGET needs it", fix)
    if distribution is not Distribution.TARGET and has_target:
        fix = "Remove target, or write TARGET as distribution."
        fields.notes.add(fields.at("distribution"), distribution.value, "TARGET, because a target is given", fix)
    return Balance(source, distribution, target, strength) if isinstance(source, Metadata | ClassDistribution) else None


def _target(fields: Fields, source: Input | None) -> tuple[tuple[str, float], ...]:
    """Sorted by class, because their order means nothing."""
    value, steps = fields.take("target"), fields.at("target")
    if value is None:
        return ()
    inner = Fields(value, steps, fields.notes, "target")
    if not inner.usable:
        return ()
    shares = {str(name): inner.number(str(name), least=0, most=1, required_by="the target") for name in value}
    if not shares:
        fields.notes.add(steps, value, "at least one class with its share", 'Write for example {"car": 0.3}.')
    total = math.fsum(share for share in shares.values() if share is not None)
    if total > 1 + _ROUNDING:
        fix = "Lower the shares; what is missing to 1 belongs to all other classes."
        fields.notes.add(steps, value, f"shares with a sum of at most 1 (theirs is {total:g})", fix)
    if isinstance(source, ClassDistribution) and source.categories:
        for name in sorted(set(shares) - set(source.categories)):
            fix = "Add it to the categories of the input, or remove it here."
            fields.notes.add((*steps, name), value[name], f"a class among {listed(source.categories)}", fix)
    return tuple(sorted((name, share) for name, share in shares.items() if share is not None))
