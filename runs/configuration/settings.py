"""A configuration after reading: what a run does, in one form for all versions."""

from collections.abc import Sequence
from dataclasses import dataclass

from runs.selection.config import (
    Balance,
    CategoryCount,
    ClassDistribution,
    Diversity,
    Metadata,
    Query,
    Scores,
    Selection,
    Similarity,
    Threshold,
    Typicality,
    Weights,
)
from runs.selection.parsing.problems import Problem


class InvalidConfigError(ValueError):
    """A configuration with mistakes, all of them. The text has one line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class InputExpiration:
    """What to do with files that their bucket deletes in fewer days: leave them out, or end the run."""

    min_days: float
    aborts: bool


@dataclass(frozen=True)
class Ignored:
    """A key that is accepted and changes nothing here. `key` is a way such as `docker.numProcesses`."""

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key} changes nothing: {self.reason}."


@dataclass(frozen=True)
class RunSettings:
    """Defaults are those of https://docs.lightly.ai/docs/all-configuration-options.

    `selection` is None where the configuration has none: then a run takes all samples that can be used.
    `corruption_threshold`: 0 to 1, for frames of videos; None where the configuration does not name it (its default of
    0.1 would leave out all of a film with black bars). `relevant_filenames_file` and `embeddings_file` are names in
    the Lightly datasource, empty for none. `output_image_format` is "png" or "jpg". `notes` says of each ignored key
    why.
    """

    selection: Selection | None = None
    process_all: bool = False
    bypass_verify: bool = False
    enable_datapool_update: bool = True
    use_datapool: bool = False
    normalize_embeddings: bool = True
    upload_report: bool = True
    relevant_filenames_file: str = ""
    embeddings_file: str = ""
    output_image_format: str = "png"
    corruption_threshold: float | None = None
    seed: int = 1
    input_expiration: InputExpiration | None = None
    notes: tuple[Ignored, ...] = ()

    @property
    def ignored(self) -> list[str]:
        """The keys that are accepted and mean nothing here, such as `docker.numProcesses`."""
        return [note.key for note in self.notes]

    @property
    def needs_embeddings(self) -> bool:
        return any(isinstance(each, Diversity | Typicality | Similarity) for each in self._strategies)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The prediction tasks that the selection reads, sorted."""
        kinds = (Scores, ClassDistribution, CategoryCount)
        return tuple(sorted({each.task for each in self._inputs if isinstance(each, kinds)}))

    @property
    def scores(self) -> tuple[Scores, ...]:
        """Tasks with their active learning scores that the selection reads, sorted."""
        return tuple(sorted({each for each in self._inputs if isinstance(each, Scores)}))

    @property
    def score_names(self) -> tuple[str, ...]:
        return tuple(sorted({each.score for each in self.scores}))

    @property
    def metadata_keys(self) -> tuple[str, ...]:
        """The metadata that the selection reads, sorted; Lightly's own starts with `lightly.`."""
        return tuple(sorted({each.key for each in self._inputs if isinstance(each, Metadata)}))

    @property
    def custom_metadata_keys(self) -> tuple[str, ...]:
        """Those that stand in metadata files."""
        return tuple(key for key in self.metadata_keys if not key.startswith("lightly."))

    @property
    def queries(self) -> tuple[Query, ...]:
        """The tags that SIMILARITY looks to, sorted."""
        return tuple(sorted({each.query for each in self._strategies if isinstance(each, Similarity)}))

    @property
    def query(self) -> Query | None:
        return self.queries[0] if self.queries else None

    @property
    def _strategies(self) -> tuple[object, ...]:
        return self.selection.strategies if self.selection else ()

    @property
    def _inputs(self) -> list[object]:
        return [each.input for each in self._strategies if isinstance(each, Weights | Threshold | Balance)]
