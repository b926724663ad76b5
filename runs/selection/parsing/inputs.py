"""The `input` of a strategy."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contents.annotations.findings import Steps
from runs.selection.config import CategoryCount, ClassDistribution, Metadata, Query, Random, Scores
from runs.selection.parsing.fields import Fields
from runs.selection.parsing.problems import Notes, listed


class InputType(StrEnum):
    EMBEDDINGS = "EMBEDDINGS"
    SCORES = "SCORES"
    METADATA = "METADATA"
    PREDICTIONS = "PREDICTIONS"
    RANDOM = "RANDOM"


class PredictionsName(StrEnum):
    CLASS_DISTRIBUTION = "CLASS_DISTRIBUTION"
    CATEGORY_COUNT = "CATEGORY_COUNT"


@dataclass(frozen=True)
class Embeddings:
    """The vectors of whole images; the query only for SIMILARITY."""

    query: Query | None = None

    def __str__(self) -> str:
        return "embeddings"


Input = Embeddings | Scores | Metadata | ClassDistribution | CategoryCount | Random

# What the computing of metadata gives (facts of the documentation, worker 2.11.1 and later).
LIGHTLY_METADATA = (
    *("sharpness", "snr", "luminance", "sizeInBytes", "uniformRowRatio", "width", "height"),
    *("meanRed", "meanGreen", "meanBlue", "contrast"),
)
KEYS = {
    InputType.EMBEDDINGS: ("type", "task", "datasetId", "tagName"),
    InputType.SCORES: ("type", "task", "score"),
    InputType.METADATA: ("type", "key"),
    InputType.PREDICTIONS: ("type", "name", "task", "categories"),
    InputType.RANDOM: ("type", "randomSeed"),
}
_WORD = r"[a-zA-Z0-9_+=,.@:/-]*"
_TASK_EXAMPLE = 'such as "my_detections"'


def read_input(value: Any, steps: Steps, notes: Notes) -> Input | None:
    """The input, or None if something is wrong with it, which is then in `notes`."""
    fields = Fields(value, steps, notes, "the input")
    if not fields.usable:
        return None
    before = len(notes.problems)
    kind = fields.choice("type", InputType, required_by="every input")
    if kind is None:
        return None
    found = _READERS[kind](fields)
    fields.refuse_rest(f"the input {kind}", KEYS[kind])
    return found if len(notes.problems) == before else None


def _embeddings(fields: Fields) -> Input | None:
    task = fields.take("task")
    if task not in (None, ""):
        fields.notes.unsupported(
            fields.at("task"), task, "Selecting by the embeddings of objects", "Remove task to use whole images."
        )
    if not fields.has("datasetId") and not fields.has("tagName"):
        return Embeddings()
    dataset = fields.text(
        "datasetId", required_by="a query", pattern="[a-f0-9]{24}", example="the 24 digits of a dataset's id"
    )
    tag = fields.text(
        "tagName",
        required_by="a query",
        pattern="[a-zA-Z0-9][a-zA-Z0-9 .:;=@_-]{2,}",
        example="the name of a tag of that dataset",
    )
    return Embeddings(Query(dataset, tag)) if dataset and tag else None


def _scores(fields: Fields) -> Input | None:
    task = fields.text("task", required_by="the input SCORES", pattern=_WORD, example=_TASK_EXAMPLE)
    score = fields.text("score", required_by="the input SCORES", pattern=_WORD, example='such as "uncertainty_entropy"')
    return Scores(task, score) if task and score else None


def _metadata(fields: Fields) -> Input | None:
    steps = fields.at("key")
    key = fields.text("key", required_by="the input METADATA", example='such as "weather.temperature"')
    if key is None:
        return None
    first, _, rest = key.partition(".")
    if first == "lightly" and rest not in LIGHTLY_METADATA:
        expected = f"lightly. and one of {listed(LIGHTLY_METADATA)}"
        fields.notes.add(
            steps, key, expected, "Write a name from this list; your own metadata can't start with lightly."
        )
        return None
    return Metadata(key)


def _predictions(fields: Fields) -> Input | None:
    name = fields.choice("name", PredictionsName, required_by="the input PREDICTIONS")
    task = fields.text("task", required_by="the input PREDICTIONS", pattern=_WORD, example=_TASK_EXAMPLE)
    categories = _categories(fields)
    if name is None or task is None:
        return None
    return (ClassDistribution if name is PredictionsName.CLASS_DISTRIBUTION else CategoryCount)(task, categories)


def _categories(fields: Fields) -> tuple[str, ...]:
    """Sorted, because their order means nothing."""
    value, expected = fields.take("categories"), "a list of names of categories"
    if value is None:
        return ()
    fix = 'Write a list such as ["car", "bus"], or remove categories to use all.'
    if not isinstance(value, list) or not value:
        fields.notes.add(fields.at("categories"), value, expected, fix)
        return ()
    for number, each in enumerate(value):
        if not isinstance(each, str) or not each:
            fields.notes.add((*fields.at("categories"), number), each, "the name of a category", fix)
        elif each in value[:number]:
            fields.notes.add((*fields.at("categories"), number), each, "each category once", "Remove the repetition.")
    return tuple(sorted({each for each in value if isinstance(each, str)}))


def _random(fields: Fields) -> Input | None:
    return Random(fields.whole("randomSeed"))


_READERS = {
    InputType.EMBEDDINGS: _embeddings,
    InputType.SCORES: _scores,
    InputType.METADATA: _metadata,
    InputType.PREDICTIONS: _predictions,
    InputType.RANDOM: _random,
}
