"""The whole selection configuration."""

from typing import Any

from contents.annotations.findings import Steps
from runs.selection.config import Selection, Strategy
from runs.selection.parsing.fields import Fields
from runs.selection.parsing.inputs import read_input
from runs.selection.parsing.problems import Notes, Problem
from runs.selection.parsing.strategies import read_strategy

KEYS = ("nSamples", "proportionSamples", "strategies", "lightlyPathRegex", "autoTasks")
# Old clients send it for "not set".
UNSET = -1


def parse(raw: Any, *, unit_length: bool = True) -> Selection | tuple[Problem, ...]:
    """The selection that a configuration asks for, or everything that is wrong with it.

    `raw` is the `selection` object of a worker configuration, v2, v3 or vX, as JSON in camel case. `unit_length`:
    whether the worker scales embeddings to length 1 (`normalizeEmbeddings`). No key is ignored.
    """
    notes = Notes()
    fields = Fields(raw, (), notes, "the selection")
    if not fields.usable:
        return tuple(notes.problems)
    count, proportion = _size(fields)
    strategies = _strategies(fields, unit_length=unit_length)
    _not_yet(fields)
    fields.refuse_rest("the selection", KEYS)
    if notes.problems:
        return tuple(notes.problems)
    return Selection(strategies, count, proportion)


def _size(fields: Fields) -> tuple[int | None, float | None]:
    notes, before = fields.notes, len(fields.notes.problems)
    count, proportion = fields.whole("nSamples", least=UNSET), fields.number("proportionSamples", least=0, most=1)
    if len(notes.problems) > before:
        return None, None
    if count == UNSET:
        count = None
    if count is not None and proportion is not None:
        fix = "Keep only one of nSamples and proportionSamples."
        notes.add(("proportionSamples",), proportion, "nothing, because nSamples is given too", fix)
    elif count is None and proportion is None:
        fix = "Add nSamples, such as 100, or proportionSamples, such as 0.1."
        notes.missing(("nSamples",), "the number of samples, or proportionSamples", fix)
    elif count == 0:
        notes.add(("nSamples",), count, "a whole number of at least 1", "Write how many samples to select.")
    elif proportion == 0:
        notes.add(("proportionSamples",), proportion, "a number above 0 up to 1", "Write the share to select.")
    return count, proportion


def _strategies(fields: Fields, *, unit_length: bool) -> tuple[Strategy, ...]:
    value, steps = fields.take("strategies"), fields.at("strategies")
    fix = 'Add one, such as {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY"}}.'
    if value is None:
        fields.notes.missing(steps, "a list of at least one strategy", fix)
        return ()
    if not isinstance(value, list) or not value:
        fields.notes.add(steps, value, "a list of at least one strategy", fix)
        return ()
    read = [_entry(each, (*steps, at), fields.notes, unit_length=unit_length) for at, each in enumerate(value)]
    return tuple(strategy for strategy in read if strategy is not None)


def _entry(value: Any, steps: Steps, notes: Notes, *, unit_length: bool) -> Strategy | None:
    fields = Fields(value, steps, notes, "an entry of strategies")
    if not fields.usable:
        return None
    parts = {}
    for key in ("input", "strategy"):
        parts[key] = fields.take(key)
        if parts[key] is None:
            fix = f'Add {key}, with its type: {{"type": …}}.'
            notes.missing(fields.at(key), f"an {key}" if key == "input" else f"a {key}", fix)
    source = read_input(parts["input"], fields.at("input"), notes) if parts["input"] is not None else None
    found = None
    if parts["strategy"] is not None:
        found = read_strategy(parts["strategy"], fields.at("strategy"), notes, source, unit_length=unit_length)
    fields.refuse_rest("an entry of strategies", ("input", "strategy"))
    return found


def _not_yet(fields: Fields) -> None:
    pattern = fields.take("lightlyPathRegex")
    if pattern is not None:
        fix = "Remove lightlyPathRegex, and write the values into metadata files instead."
        fields.notes.unsupported(fields.at("lightlyPathRegex"), pattern, "Reading values from file names", fix)
    tasks = fields.take("autoTasks")
    if tasks is not None and tasks != []:
        fields.notes.unsupported(fields.at("autoTasks"), tasks, "Tiling and cropping", "Remove autoTasks or write [].")
