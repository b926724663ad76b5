"""What tasks.json and the schemas say: read once when a run begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from contents.annotations.checking import METADATA_SCHEMA, MOST_SCHEMA_BYTES, SCHEMA, TASKS
from contents.annotations.findings import Notes
from contents.annotations.metadata.schema import check_schema as check_metadata_schema
from contents.annotations.predictions.schema import TaskSchema, TaskType, check_schema
from contents.listing.folder import PREDICTIONS_FOLDER
from jobs.runners import JobError
from runs.worker.annotations.told import document_of
from runs.worker.context import Context


@dataclass(frozen=True)
class Layout:
    """`tasks`: those that the selection uses. `defaults`: of metadata, by path; `has_metadata`: there is a schema."""

    tasks: dict[str, TaskSchema] = field(default_factory=dict)
    has_metadata: bool = False
    defaults: dict[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        tasks = {
            name: {"type": schema.type, "categories": list(schema.categories.items())}
            for name, schema in self.tasks.items()
        }
        return {"tasks": tasks, "has_metadata": self.has_metadata, "defaults": self.defaults}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Layout:
        tasks = {
            name: TaskSchema(name, TaskType(told["type"]) if told["type"] else None, dict(told["categories"]))
            for name, told in stored["tasks"].items()
        }
        return cls(tasks, stored["has_metadata"], stored["defaults"])


def read_layout(context: Context) -> Layout:
    """Raises JobError where something is missing that the selection needs."""
    tasks = {name: _schema(context, name) for name in context.settings.tasks}
    if tasks:
        listed = document_of(context.read_target(TASKS, most=MOST_SCHEMA_BYTES))
        for name in tasks:
            if not isinstance(listed, list) or name not in listed:
                words = gettext("The selection uses the task %(task)s, which %(file)s does not list. Add it there.")
                raise JobError(words % {"task": name, "file": TASKS}, is_final=True)
    document = document_of(context.read_target(METADATA_SCHEMA, most=MOST_SCHEMA_BYTES))
    wanted = check_metadata_schema(document, Notes(METADATA_SCHEMA)) if document is not None else []
    defaults = {each.path: each.default for each in wanted if each.default is not None}
    return Layout(tasks, document is not None, defaults)


def _schema(context: Context, task: str) -> TaskSchema:
    name = f"{PREDICTIONS_FOLDER}{task}/{SCHEMA}"
    document = document_of(context.read_target(name, most=MOST_SCHEMA_BYTES))
    schema = check_schema(document, task, Notes(name))
    if not schema.categories:
        words = gettext("The selection uses the task %(task)s, but %(file)s is missing, or names no categories.")
        raise JobError(words % {"task": task, "file": name}, is_final=True)
    return schema
