"""What a selection asks for, in one form for all versions of the configuration.

Everything here is immutable and has been checked by `parsing`. The meaning of the strategies is that of Lightly's
documentation (https://docs.lightly.ai/docs/selection-strategies and selection-strategy-combination): one sample after
the other, the one with the largest product of objective ** strength first.
"""

from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """How a number is compared with a threshold. What is not true is filtered out."""

    SMALLER = "SMALLER"
    SMALLER_EQUAL = "SMALLER_EQUAL"
    BIGGER = "BIGGER"
    BIGGER_EQUAL = "BIGGER_EQUAL"


class Distribution(StrEnum):
    """Which mix of classes BALANCE aims at: a given one, equal shares, or that of the input."""

    TARGET = "TARGET"
    UNIFORM = "UNIFORM"
    INPUT = "INPUT"


@dataclass(frozen=True, order=True)
class Scores:
    """One number for each sample: an active learning score of the predictions of a task."""

    task: str
    score: str

    def __str__(self) -> str:
        return f"score {self.score} of task {self.task}"


@dataclass(frozen=True, order=True)
class Metadata:
    """A number or a category for each sample. Keys of Lightly's own metadata start with `lightly.`."""

    key: str

    def __str__(self) -> str:
        return f"metadata {self.key}"


@dataclass(frozen=True, order=True)
class ClassDistribution:
    """How much of each class a sample has, by the predictions of a task. No categories: all of the task."""

    task: str
    categories: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"classes of task {self.task}"


@dataclass(frozen=True, order=True)
class CategoryCount:
    """How many objects a sample has, by the predictions of a task. No categories: all of the task."""

    task: str
    categories: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"number of objects of task {self.task}"


@dataclass(frozen=True, order=True)
class Random:
    """A number from 0 to 1 for each sample, made from its name and the seed. No seed: that of the run."""

    seed: int | None = None

    def __str__(self) -> str:
        return "random numbers"


@dataclass(frozen=True, order=True)
class Query:
    """The samples of a tag, which others shall resemble."""

    dataset_id: str
    tag_name: str

    def __str__(self) -> str:
        return f"tag {self.tag_name}"


NumericInput = Scores | Metadata | CategoryCount | Random
ClassInput = Metadata | ClassDistribution


@dataclass(frozen=True)
class Diversity:
    """Far from what is chosen already. No two chosen samples are closer than `minimum_distance` (Euclidean)."""

    strength: float = 1.0
    minimum_distance: float | None = None

    def __str__(self) -> str:
        return "DIVERSITY of embeddings"


@dataclass(frozen=True)
class Typicality:
    """Near to its nearest neighbours. No chosen sample has less than `minimum_typicality` (0 to 1)."""

    neighbours: int
    strength: float = 1.0
    minimum_typicality: float | None = None

    def __str__(self) -> str:
        return "TYPICALITY of embeddings"


@dataclass(frozen=True)
class Weights:
    """High numbers first. With a range: such numbers that the sum of all chosen samples comes to lie in it."""

    input: NumericInput
    strength: float = 1.0
    maximum_sum: float | None = None
    range_from: float | None = None
    range_to: float | None = None

    @property
    def has_range(self) -> bool:
        return self.range_from is not None or self.range_to is not None

    def __str__(self) -> str:
        return f"WEIGHTS of {self.input}"


@dataclass(frozen=True)
class Threshold:
    """A filter, applied before everything else."""

    input: NumericInput
    operation: Operation
    threshold: float

    def __str__(self) -> str:
        return f"THRESHOLD of {self.input}"


@dataclass(frozen=True)
class Balance:
    """Towards a mix of classes. `target` has the share (0 to 1) of each class that is named, and only for TARGET."""

    input: ClassInput
    distribution: Distribution
    target: tuple[tuple[str, float], ...] = ()
    strength: float = 1.0

    def __str__(self) -> str:
        return f"BALANCE of {self.input}"


@dataclass(frozen=True)
class Similarity:
    """Near to a sample of the query."""

    query: Query
    strength: float = 1.0

    def __str__(self) -> str:
        return f"SIMILARITY to {self.query}"


Strategy = Diversity | Typicality | Weights | Threshold | Balance | Similarity


@dataclass(frozen=True)
class Selection:
    """One of `count` and `proportion` (above 0, up to 1, of the input) is set; with neither, all are wanted."""

    strategies: tuple[Strategy, ...]
    count: int | None = None
    proportion: float | None = None

    def wanted(self, inputs: int) -> int:
        """How many samples to choose from so many; a share is rounded half up and is at least one."""
        if self.count is not None:
            return self.count
        share = 1.0 if self.proportion is None else self.proportion
        return min(inputs, max(1, int(share * inputs + 0.5)))
