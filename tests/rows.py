"""Rows of any model, made from its fields alone: for tests of every page of the admin panel, and for `make bench`.

Each row has parents of its own, so that a list which asks for them one by one gives itself away. Fields that look
secret get one that can be searched for in pages.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

PLANTED = "planted-Zq7"
SECRET = re.compile(r"secret|token(?!_name)|digest|sealed|password|key$|^data$|^extra_data$")
# What can't be guessed: links that no column enforces, and tables with contents of their own.
_ALREADY_THERE = {ContentType, Permission}
_BATCH = 500


class Rows:
    """`make(Model, 200)` fills up to 200 rows and what they hang on. The same parents serve all models."""

    def __init__(self) -> None:
        self._made: dict[type[models.Model], list[Any]] = {}

    def make(self, model: type[models.Model], count: int) -> list[Any]:
        if model in _ALREADY_THERE:
            found = list(model._default_manager.order_by("pk")[:count])
            return [found[number % len(found)] for number in range(count)]
        made = self._made.setdefault(model, [])
        start = len(made)
        if start >= count:
            return made[:count]
        values = {field.name: self._values(field, start, count) for field in _columns(model)}
        new = [model(**{name: column[n] for name, column in values.items()}) for n in range(count - start)]
        made += model._default_manager.bulk_create(new, batch_size=_BATCH)
        self._link_later(model, start, count)
        return made

    def _values(self, field: Any, start: int, count: int) -> list[Any]:
        if field.is_relation:
            if field.null:  # later, as it may lead back to this very model
                return [None] * (count - start)
            return self.make(field.related_model, count)[start:]
        return [value_of(field, number) for number in range(start, count)]

    def _link_later(self, model: type[models.Model], start: int, count: int) -> None:
        """Fill the links that may be empty, once the rows exist."""
        links = [field for field in _columns(model) if field.is_relation and field.null]
        rows = self._made[model][start:count]
        for field in links:
            for row, other in zip(rows, self.make(field.related_model, count)[start:], strict=True):
                setattr(row, field.name, other)
        if links:
            # The plain one, also where the model's own refuses changes.
            model._base_manager.bulk_update(rows, [field.name for field in links], batch_size=_BATCH)


def _columns(model: type[models.Model]) -> list[Any]:
    automatic = (models.AutoField, models.BigAutoField)
    return [field for field in model._meta.concrete_fields if not isinstance(field, automatic)]


def value_of(field: Any, number: int) -> Any:
    if isinstance(field, models.JSONField):
        return {"name": "phone", "secret": f"{PLANTED}-{number}"} if SECRET.search(field.name) else field.get_default()
    if isinstance(field, models.CharField | models.TextField):
        return _text(field, number)
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.BooleanField):
        return field.get_default() if field.has_default() else False
    if isinstance(field, models.IntegerField):
        return field.get_default() if field.has_default() else (field.choices[0][0] if field.choices else 1)
    if isinstance(field, models.BinaryField):
        return field.get_default()
    raise NotImplementedError(f"Say in tests/rows.py what to put into {field}.")


def _text(field: Any, number: int) -> str:
    if field.choices:
        return str(field.choices[number % len(field.choices)][0])
    if field.primary_key:
        return str(field.get_default())
    if isinstance(field, models.EmailField):
        return f"{field.model._meta.model_name}{number}@example.com"
    if SECRET.search(field.name):
        return f"{PLANTED}-{number:06}"
    return f"{field.model._meta.model_name} {field.name} {number:06}"[: field.max_length]
