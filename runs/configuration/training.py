"""The part `lightly` of a configuration: how a model is trained. Nothing is trained here; only the seed counts."""

from collections.abc import Callable
from typing import Any

from runs.configuration.keys import ALL, SINCE_V3, Keys, Version
from runs.configuration.settings import Ignored
from runs.selection.parsing.problems import Notes

_TRAINS = "no model is trained here"
_MODELS = ("resnet-18", "resnet-34", "resnet-50", "resnet-101", "resnet-152")

_Check = Callable[[Keys, str], object]


def _whole(least: int) -> _Check:
    return lambda keys, key: keys.whole(key, least=least)


def _number(least: float = 0.0, most: float = float("inf"), above: float = float("-inf")) -> _Check:
    return lambda keys, key: keys.number(key, least=least, most=most, above=above)


def _flag(keys: Keys, key: str) -> object:
    return keys.flag(key, False)


def _one_of(*values: Any) -> _Check:
    def check(keys: Keys, key: str) -> None:
        value = keys.take(key)
        if value is not None and (isinstance(value, bool) or value not in values):
            shown = ", ".join(str(each) for each in values)
            keys.notes.add(keys.at(key), value, f"one of {shown}", "Write one of these values.")

    return check


def _pair(above: float) -> _Check:
    def check(keys: Keys, key: str) -> None:
        value = keys.take(key)
        if value is None:
            return
        right = isinstance(value, list) and len(value) == 2
        if not right or not all(
            isinstance(each, int | float) and not isinstance(each, bool) and each > above for each in value
        ):
            expected = "two numbers in a list" if above < 0 else f"two numbers above {above:g} in a list"
            keys.notes.add(keys.at(key), value, expected, "Write a list such as [0.2, 2].")

    return check


_SHARE = _number(0, 1)
# https://github.com/lightly-ai/lightly/blob/master/lightly/cli/config/config.yaml, with the bounds of the client's
# models DockerWorkerConfigV3Lightly….
PARTS: dict[str, dict[str, _Check]] = {
    "loader": {"batchSize": _whole(1), "shuffle": _flag, "numWorkers": _whole(-1), "dropLast": _flag},
    "model": {"name": _one_of(*_MODELS), "outDim": _whole(1), "numFtrs": _whole(1), "width": _whole(1)},
    # Old clients send the precision as a text.
    "trainer": {"gpus": _whole(0), "maxEpochs": _whole(0), "precision": _one_of(16, 32, "16", "32")},
    "criterion": {"temperature": _number(above=0)},
    "optimizer": {"lr": _number(0), "weightDecay": _SHARE},
    "checkpointCallback": {"saveLast": _flag},
    "collate": {
        "inputSize": _whole(1),
        **dict.fromkeys(("cjProb", "cjBright", "cjContrast", "cjSat", "cjHue"), _SHARE),
        **dict.fromkeys(("minScale", "randomGrayScale", "gaussianBlur", "vfProb", "hfProb", "rrProb"), _SHARE),
        "kernelSize": _number(0),
        "sigmas": _pair(0),
        "rrDegrees": _pair(float("-inf")),
    },
}
_VERSIONS = {"seed": SINCE_V3, "checkpointCallback": SINCE_V3}
_LATER_KEYS = {"rrDegrees": SINCE_V3}
_WHY = {"numFtrs": "the model or the embeddings file decides how many numbers an embedding has"}
DEFAULT_SEED = 1


def read_training(value: Any, version: Version, notes: Notes, ignored: list[Ignored]) -> int:
    """The seed. Everything else is checked and noted as meaningless."""
    known = [name for name in ("seed", *PARTS) if version in _VERSIONS.get(name, ALL)]
    keys = Keys(value, ("lightly",), notes, "lightly", known, ignored)
    if not keys.usable:
        return DEFAULT_SEED
    seed = keys.whole("seed")
    for name, checks in PARTS.items():
        here = [key for key in checks if version in _LATER_KEYS.get(key, ALL)]
        part = keys.inner(name, f"lightly.{name}", here)
        if part is None:
            continue
        for key in here:
            part.without_meaning([key], _WHY.get(key, _TRAINS))
            checks[key](part, key)
        part.finish()
    keys.finish()
    return DEFAULT_SEED if seed is None else seed
