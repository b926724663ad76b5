"""`method` and `stoppingCondition` of v2: how a selection was asked for before there were strategies."""

from runs.configuration.keys import Keys
from runs.configuration.settings import Ignored
from runs.selection.config import Diversity, Random, Selection, Strategy, Weights

_UNSET = -1
_METHODS = ("coreset", "random")


def read_choosing(keys: Keys, *, has_selection: bool, unit_length: bool) -> Selection | None:
    """What they ask for, or None if they ask for nothing. A selection of today's form goes before them."""
    given = keys.has("method") or keys.has("stoppingCondition")
    has_method = keys.has("method")
    method = keys.plain_text("method") or "coreset"
    if method not in _METHODS:
        keys.notes.add(keys.at("method"), method, "coreset or random", "Write one of the two.")
    before = len(keys.notes.problems)
    count, proportion, distance = _condition(keys, most=2.0 if unit_length else float("inf"))
    if has_selection:
        if count is not None or proportion is not None or distance is not None:
            fix = "Remove stoppingCondition; the selection says how many samples are wanted."
            keys.notes.add(keys.at("stoppingCondition"), "a condition", "nothing, because there is a selection", fix)
        elif has_method:
            keys.ignored.append(Ignored("docker.method", "the selection says how samples are chosen"))
        return None
    if not given or len(keys.notes.problems) > before or method not in _METHODS:
        return None
    if method == "random" and distance is not None:
        fix = 'Remove minDistance, or write "coreset" as method.'
        keys.notes.add((*keys.at("stoppingCondition"), "minDistance"), distance, "nothing, because of random", fix)
        return None
    strategy: Strategy = Weights(Random()) if method == "random" else Diversity(minimum_distance=distance)
    return Selection((strategy,), count, proportion)


def _condition(keys: Keys, *, most: float) -> tuple[int | None, float | None, float | None]:
    """(number of samples, share of samples, least distance); a number up to 1 is a share."""
    condition = keys.inner("stoppingCondition", "docker.stoppingCondition", ["nSamples", "minDistance"])
    if condition is None:
        return None, None, None
    count: int | None = None
    proportion: float | None = None
    wanted = condition.number("nSamples", least=_UNSET)
    if wanted is not None and wanted != _UNSET:
        if 0 < wanted <= 1:
            proportion = wanted
        elif wanted > 1 and wanted.is_integer():
            count = int(wanted)
        else:
            fix = "Write for example 100, or 0.1 for a tenth."
            condition.notes.add(condition.at("nSamples"), wanted, "a whole number, or a share above 0 up to 1", fix)
    distance = condition.number("minDistance", least=_UNSET, most=most)
    if distance is not None and distance < 0:
        if distance != _UNSET:
            place = condition.at("minDistance")
            condition.notes.add(place, distance, f"a number from 0 to {most:g}, or -1 for none", "Change the number.")
        distance = None
    condition.finish()
    return count, proportion, distance
