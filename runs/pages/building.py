"""The form of a new run and the configuration that it stands for: from one to the other, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from django.utils.translation import gettext

from runs.configuration import RunSettings, parse
from runs.selection import config as c

VERSION = "V4"
Values = Mapping[str, Any]
"""Cleaned values of RunForm. Of what a person left empty there is None or an empty text."""

THRESHOLDS = ("threshold", "threshold2")


class NotInFormError(ValueError):
    """The form has no fields for a part of a configuration. The text says for which."""


@dataclass
class Built:
    """`content`: as a client sends it with vX. `places`: which field of the form an object or value comes from."""

    content: dict[str, Any]
    places: dict[str, str] = field(default_factory=dict)

    def field_at(self, pointer: str) -> str:
        """The field of the nearest place at or above a JSON pointer; empty if there is none."""
        while pointer:
            if pointer in self.places:
                return self.places[pointer]
            pointer = pointer.rpartition("/")[0]
        return ""


def encoded(source: Mapping[str, Any]) -> str:
    """An input of a strategy as the value of a choice."""
    return json.dumps(source, sort_keys=True, separators=(",", ":"))


def build(values: Values) -> Built:
    """What the form asks for. Whether it makes sense is for runs.configuration to say."""
    built = Built({"workerType": "FULL", "docker": _docker(values), "lightly": {}})
    if values.get("seed") is not None:
        built.content["lightly"] = {"seed": values["seed"]}
    places = {"relevantFilenamesFile": "relevant_filenames_file", "embeddings": "embeddings_file"}
    built.places |= {f"/docker/{key}": name for key, name in places.items()}
    built.places |= {"/lightly/seed": "seed", "/selection/strategies": "strategies"}
    strategies: list[dict[str, Any]] = []
    for read in (_diversity, _typicality, _balance, _weights, *map(_threshold, THRESHOLDS), _random):
        found = read(values)
        if found is None:
            continue
        at = f"/selection/strategies/{len(strategies)}"
        entry, names = found
        built.places |= {f"{at}{below}": name for below, name in names.items()}
        strategies.append(entry)
    size = _size(values)
    built.places |= {f"/selection/{key}": name for key, name in _SIZES.items()}
    built.content["selection"] = {**size, "strategies": strategies}
    return built


_SIZES = {"nSamples": "count", "proportionSamples": "share"}
Found = tuple[dict[str, Any], dict[str, str]] | None


def _size(values: Values) -> dict[str, Any]:
    if values.get("size_by") == "share":
        share = values.get("share")
        return {} if share is None else {"proportionSamples": share / 100}
    return {} if values.get("count") is None else {"nSamples": values["count"]}


def _docker(values: Values) -> dict[str, Any]:
    """Only what differs from the default."""
    found: dict[str, Any] = {}
    source = {"processAll": True} if values.get("process_all") else {}
    if values.get("bypass_verify"):
        source["bypassVerify"] = True
    if source:
        found["datasource"] = source
    if values.get("use_datapool"):
        found["useDatapool"] = True
    for key, name in (("relevantFilenamesFile", "relevant_filenames_file"), ("embeddings", "embeddings_file")):
        if values.get(name):
            found[key] = values[name]
    return found


def _entry(source: dict[str, Any], strategy: dict[str, Any]) -> dict[str, Any]:
    return {"input": source, "strategy": {key: each for key, each in strategy.items() if each is not None}}


def _strength(values: Values, name: str, *, negative: bool = False) -> float | None:
    """None where it is 1, which needs no saying."""
    strength = values.get(f"{name}_strength")
    strength = 1.0 if strength is None else float(strength)
    strength = -strength if negative else strength
    return None if strength == 1.0 else strength


def _diversity(values: Values) -> Found:
    if not values.get("diversity"):
        return None
    strategy = {
        "type": "DIVERSITY",
        "stopping_condition_minimum_distance": values.get("diversity_distance"),
        "strength": _strength(values, "diversity"),
    }
    names = {
        "": "diversity",
        "/strategy/strength": "diversity_strength",
        "/strategy/stopping_condition_minimum_distance": "diversity_distance",
    }
    return _entry({"type": "EMBEDDINGS"}, strategy), names


def _typicality(values: Values) -> Found:
    if not values.get("typicality"):
        return None
    strategy = {
        "type": "TYPICALITY",
        "numNearestNeighbors": values.get("typicality_neighbours"),
        "stoppingConditionMinimumTypicality": values.get("typicality_least"),
        "strength": _strength(values, "typicality"),
    }
    names = {
        "": "typicality",
        "/strategy/strength": "typicality_strength",
        "/strategy/numNearestNeighbors": "typicality_neighbours",
        "/strategy/stoppingConditionMinimumTypicality": "typicality_least",
    }
    return _entry({"type": "EMBEDDINGS"}, strategy), names


def _balance(values: Values) -> Found:
    if not values.get("balance_by"):
        return None
    distribution = values.get("balance_distribution") or "UNIFORM"
    strategy = {
        "type": "BALANCE",
        "distribution": distribution,
        "target": values.get("balance_target") or None if distribution == "TARGET" else None,
        "strength": _strength(values, "balance"),
    }
    names = {
        "": "balance_by",
        "/strategy/target": "balance_target",
        "/strategy/distribution": "balance_distribution",
        "/strategy/strength": "balance_strength",
    }
    return _entry(json.loads(values["balance_by"]), strategy), names


def _weights(values: Values) -> Found:
    if not values.get("weights_by"):
        return None
    strength = _strength(values, "weights", negative=values.get("weights_order") == "low")
    names = {"": "weights_by", "/strategy/strength": "weights_strength"}
    return _entry(json.loads(values["weights_by"]), {"type": "WEIGHTS", "strength": strength}), names


def _threshold(name: str) -> Callable[[Values], Found]:
    def read(values: Values) -> Found:
        if not values.get(f"{name}_by"):
            return None
        strategy = {
            "type": "THRESHOLD",
            "operation": values.get(f"{name}_operation") or "BIGGER",
            "threshold": values.get(f"{name}_value"),
        }
        names = {"": f"{name}_by", "/strategy/operation": f"{name}_operation", "/strategy/threshold": f"{name}_value"}
        return _entry(json.loads(values[f"{name}_by"]), strategy), names

    return read


def _random(values: Values) -> Found:
    if not values.get("random"):
        return None
    return _entry({"type": "RANDOM"}, {"type": "WEIGHTS"}), {"": "random"}


# ---- Back ----


def values_of(settings: RunSettings) -> dict[str, Any]:
    """The values with which the form asks for the same. Raises NotInFormError."""
    values: dict[str, Any] = {
        "process_all": settings.process_all,
        "bypass_verify": settings.bypass_verify,
        "use_datapool": settings.use_datapool,
        "relevant_filenames_file": settings.relevant_filenames_file,
        "embeddings_file": settings.embeddings_file,
        "seed": None if settings.seed == RunSettings.seed else settings.seed,
        "size_by": "count",
    }
    selection = settings.selection
    if selection is None:
        raise NotInFormError(gettext("It has no selection: it takes all samples."))
    if selection.count is None and selection.proportion is None:  # as only old versions can say it
        return values_of(replace(settings, selection=replace(selection, proportion=1.0)))
    values["count"] = selection.count
    if selection.proportion is not None:
        values |= {"size_by": "share", "share": round(selection.proportion * 100, 10)}
    for strategy in selection.strategies:
        for name, value in _values_of(strategy, values).items():
            if values.get(name) not in (None, "", False) and name != "size_by":
                raise NotInFormError(gettext("It has %(strategy)s twice.") % {"strategy": strategy})
            values[name] = value
    if _comparable(parse(VERSION, build(values).content)) != _comparable(settings):
        raise NotInFormError(_what_differs(settings, parse(VERSION, build(values).content)))
    return values


def _values_of(strategy: c.Strategy, so_far: Values) -> dict[str, Any]:
    found: dict[str, Any]
    if isinstance(strategy, c.Diversity):
        return {"diversity": True, "diversity_distance": strategy.minimum_distance} | _kept("diversity", strategy)
    if isinstance(strategy, c.Typicality):
        found = {"typicality_neighbours": strategy.neighbours, "typicality_least": strategy.minimum_typicality}
        return {"typicality": True} | found | _kept("typicality", strategy)
    if isinstance(strategy, c.Balance):
        found = {"balance_by": encoded(source_of(strategy.input)), "balance_distribution": strategy.distribution.value}
        return found | {"balance_target": dict(strategy.target)} | _kept("balance", strategy)
    if isinstance(strategy, c.Threshold):
        name = THRESHOLDS[0] if not so_far.get("threshold_by") else THRESHOLDS[1]
        found = {f"{name}_by": encoded(source_of(strategy.input)), f"{name}_operation": strategy.operation.value}
        return found | {f"{name}_value": strategy.threshold}
    if isinstance(strategy, c.Weights):
        if strategy == c.Weights(c.Random()):
            return {"random": True}
        order = {"weights_order": "low" if strategy.strength < 0 else "high"}
        return {
            "weights_by": encoded(source_of(strategy.input)),
            "weights_strength": _unless_one(abs(strategy.strength)),
        } | order
    raise NotInFormError(gettext("The form has no fields for %(strategy)s.") % {"strategy": strategy})


def _kept(name: str, strategy: c.Diversity | c.Typicality | c.Balance) -> dict[str, Any]:
    return {f"{name}_strength": _unless_one(strategy.strength)}


def _unless_one(strength: float) -> float | None:
    return None if strength == 1 else strength


def _comparable(settings: RunSettings) -> dict[str, Any]:
    """Without what means nothing, and with the strategies in an order of their own."""
    found = {each.name: getattr(settings, each.name) for each in fields(settings) if each.name != "notes"}
    selection = settings.selection
    if selection is not None:
        found["selection"] = (selection.count, selection.proportion, sorted(map(repr, selection.strategies)))
    return found


def _what_differs(one: RunSettings, other: RunSettings) -> str:
    left, right = _comparable(one), _comparable(other)
    names = [name for name in left if left[name] != right[name]]
    return gettext("The form has no fields for: %(parts)s.") % {"parts": ", ".join(names)}


def source_of(source: c.NumericInput | c.ClassInput) -> dict[str, Any]:
    """An input as a configuration spells it."""
    if isinstance(source, c.Scores):
        return {"type": "SCORES", "task": source.task, "score": source.score}
    if isinstance(source, c.Metadata):
        return {"type": "METADATA", "key": source.key}
    if isinstance(source, c.Random):
        return {"type": "RANDOM"} | ({} if source.seed is None else {"randomSeed": source.seed})
    name = "CLASS_DISTRIBUTION" if isinstance(source, c.ClassDistribution) else "CATEGORY_COUNT"
    found = {"type": "PREDICTIONS", "name": name, "task": source.task}
    return found | ({"categories": list(source.categories)} if source.categories else {})


def content_of(settings: RunSettings) -> dict[str, Any]:
    """The configuration of today's version that means the same, for those that arrived in older ones."""
    docker = _docker(vars(settings))
    for key, name in (
        ("normalizeEmbeddings", "normalize_embeddings"),
        ("uploadReport", "upload_report"),
        ("outputImageFormat", "output_image_format"),
    ):
        if getattr(settings, name) != getattr(RunSettings, name):
            docker[key] = getattr(settings, name)
    if not settings.enable_datapool_update:
        docker.setdefault("datasource", {})["enableDatapoolUpdate"] = False
    if (limit := settings.input_expiration) is not None:
        told = {"minDaysToExpiration": limit.min_days, "handlingStrategy": "ABORT" if limit.aborts else "SKIP"}
        docker.setdefault("datasource", {})["inputExpiration"] = told
    if settings.corruption_threshold is not None:
        docker["corruptnessCheck"] = {"corruptionThreshold": settings.corruption_threshold}
    found: dict[str, Any] = {"workerType": "FULL", "docker": docker}
    if settings.seed != RunSettings.seed:
        found["lightly"] = {"seed": settings.seed}
    if settings.selection is not None:
        found["selection"] = _selection(settings.selection)
    return found


def _selection(selection: c.Selection) -> dict[str, Any]:
    size: dict[str, Any] = {"proportionSamples": 1.0 if selection.proportion is None else selection.proportion}
    if selection.count is not None:
        size = {"nSamples": selection.count}
    return {**size, "strategies": [_strategy(each) for each in selection.strategies]}


def _strategy(strategy: c.Strategy) -> dict[str, Any]:
    strength = None if isinstance(strategy, c.Threshold) or strategy.strength == 1 else strategy.strength
    found: dict[str, Any] = {"type": type(strategy).__name__.upper(), "strength": strength}
    source: dict[str, Any] = {"type": "EMBEDDINGS"}
    if isinstance(strategy, c.Weights | c.Threshold | c.Balance):
        source = source_of(strategy.input)
    if isinstance(strategy, c.Diversity):
        found["stopping_condition_minimum_distance"] = strategy.minimum_distance
    elif isinstance(strategy, c.Typicality):
        found |= {"numNearestNeighbors": strategy.neighbours}
        found |= {"stoppingConditionMinimumTypicality": strategy.minimum_typicality}
    elif isinstance(strategy, c.Similarity):
        source |= {"datasetId": strategy.query.dataset_id, "tagName": strategy.query.tag_name}
    elif isinstance(strategy, c.Threshold):
        found |= {"operation": strategy.operation.value, "threshold": strategy.threshold}
    elif isinstance(strategy, c.Balance):
        found |= {"distribution": strategy.distribution.value, "target": dict(strategy.target) or None}
    else:
        ends = {"minSum": strategy.range_from, "maxSum": strategy.range_to}
        sums = {key: each for key, each in ends.items() if each is not None}
        found |= {"stoppingConditionMaxSum": strategy.maximum_sum, "targetRange": sums or None}
    return _entry(source, found)
