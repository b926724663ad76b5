"""What tasks.json and the schemas say: how all other files are to be read."""

from dataclasses import dataclass, field

from contents.annotations.metadata.schema import Wanted
from contents.annotations.predictions.schema import TaskSchema


@dataclass(frozen=True)
class Layout:
    """`metadata` is None where there is no metadata at all."""

    tasks: list[TaskSchema] = field(default_factory=list)
    metadata: list[Wanted] | None = None
