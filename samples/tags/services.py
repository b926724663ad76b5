"""Everything people change about tags. What runs leave is written by samples.growing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets.models import Dataset
from samples import masks
from samples.models import INITIAL_TAG, Sample, Tag
from samples.names import is_tag_name
from samples.queries import SCATTERED_AT_ONCE, count_of, initial_tag_of
from samples.tags import errors
from teams import audit
from teams.models import AuditAction, User

# The newest changes of a tag; older ones are forgotten.
MOST_CHANGES = 50


class Operation(StrEnum):
    """As the official client spells them."""

    UNION = "UNION"
    INTERSECTION = "INTERSECTION"
    DIFFERENCE = "DIFFERENCE"


_OPERATIONS = {
    Operation.UNION: masks.union,
    Operation.INTERSECTION: masks.intersection,
    Operation.DIFFERENCE: masks.difference,
}


def combined(one: Tag, other: Tag, operation: Operation) -> bytes:
    """The mask of what two tags are together."""
    return _OPERATIONS[operation](one.bits, other.bits)


@transaction.atomic
def create(
    dataset: Dataset,
    *,
    name: str,
    bits: bytes,
    previous: Tag | None = None,
    by: User | None,
    creator: str = "UNKNOWN",
    run_id: str = "",
    query_tag_id: str = "",
    preselected_tag_id: str = "",
    change: dict[str, Any] | None = None,
) -> Tag:
    """A tag with the samples of a mask. `previous`: the one it is made from; None: the initial tag. Raises TagError."""
    _lock(dataset)
    initial = initial_tag_of(dataset)
    if initial is None:
        raise errors.no_samples()
    if previous is not None and tag_of(dataset, previous.pk) is None:
        raise errors.other_dataset()
    _check_name(dataset, name)
    _check_mask(dataset, bits)
    tag = Tag.objects.create(
        dataset=dataset,
        name=name,
        previous=previous or initial,
        bits=masks.trimmed(bits),
        size=masks.size_of(bits),
        run_id=run_id,
        query_tag_id=query_tag_id,
        preselected_tag_id=preselected_tag_id,
        creator=creator,
        created_by=by,
        changes=[_entry(by, creator, change)] if change else [],
    )
    _record(dataset, AuditAction.TAG_CREATED, tag.name, by)
    return tag


@transaction.atomic
def create_from_names(
    dataset: Dataset, *, name: str, file_names: Iterable[str], by: User | None, creator: str = "UNKNOWN"
) -> Tag:
    """A tag with the samples of these names. Names that come twice count once. Raises TagError for unknown ones."""
    bits = mask_of_names(dataset, file_names)
    return create(dataset, name=name, bits=bits, by=by, creator=creator)


def mask_of_names(dataset: Dataset, file_names: Iterable[str]) -> bytes:
    """Raises TagError for names that are no samples."""
    wanted = list(dict.fromkeys(file_names))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), SCATTERED_AT_ONCE):
        some = [name for name in wanted[start : start + SCATTERED_AT_ONCE] if "\0" not in name]
        rows = Sample.objects.filter(dataset=dataset, file_name__in=some)
        found.update(rows.values_list("file_name", "position"))
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise errors.unknown_names(unknown, len(unknown))
    return masks.of_positions(found.values())


def create_by_arithmetic(
    dataset: Dataset,
    *,
    name: str,
    one: Tag,
    other: Tag,
    operation: Operation,
    by: User | None,
    creator: str = "UNKNOWN",
    run_id: str = "",
) -> Tag:
    """A tag with what two tags are together. It is made from the first one where it can only be a part of it."""
    if dataset.pk not in {one.dataset_id, other.dataset_id} or one.dataset_id != other.dataset_id:
        raise errors.other_dataset()
    change = {"arithmetics": {"operation": operation.value, "tag1": one.pk, "tag2": other.pk}}
    return create(
        dataset,
        name=name,
        bits=combined(one, other, operation),
        previous=None if operation is Operation.UNION else one,
        by=by,
        creator=creator,
        run_id=run_id,
        change=change,
    )


@transaction.atomic
def update(
    tag: Tag, *, name: str | None = None, bits: bytes | None = None, by: User | None, creator: str = "UNKNOWN"
) -> None:
    """Another name, other samples, or both. Raises TagError."""
    dataset = _lock(tag.dataset)
    fresh = Tag.objects.filter(pk=tag.pk).first()
    if fresh is None:
        raise errors.TagError(errors.TagProblem.UNKNOWN, errors.other_dataset().words)
    if fresh.is_initial:
        raise errors.is_initial()
    before, entries = fresh.name, list(fresh.changes)
    if name is not None and name != before:
        _check_name(dataset, name)
        fresh.name = name
        entries.append(_entry(by, creator, {"rename": {"from": before, "to": name}}))
    if bits is not None:
        _check_mask(dataset, bits)
        fresh.bits, fresh.size = masks.trimmed(bits), masks.size_of(bits)
    fresh.changes, fresh.modified_at = entries[-MOST_CHANGES:], timezone.now()
    fresh.save(update_fields=["name", "bits", "size", "changes", "modified_at"])
    words = before if fresh.name == before else f"{before} → {fresh.name}"
    _record(dataset, AuditAction.TAG_CHANGED, words, by)


@transaction.atomic
def delete(tag: Tag, *, by: User | None) -> None:
    """Raises TagError for the initial tag, and for one that other tags were made from."""
    dataset = _lock(tag.dataset)
    if tag.is_initial:
        raise errors.is_initial()
    if following := list(tag.following.order_by("name").values_list("name", flat=True)[:5]):
        raise errors.not_a_leaf(following)
    Tag.objects.filter(pk=tag.pk).delete()
    _record(dataset, AuditAction.TAG_DELETED, tag.name, by)


def _lock(dataset: Dataset) -> Dataset:
    """Names stay unique, and no tag is made from one that is being deleted."""
    return Dataset.objects.select_for_update(no_key=True).select_related("team").get(pk=dataset.pk)


def _check_name(dataset: Dataset, name: str) -> None:
    if not is_tag_name(name):
        raise errors.bad_name()
    if name == INITIAL_TAG or Tag.objects.filter(dataset=dataset, name=name).exists():
        raise errors.taken_name(name)


def _check_mask(dataset: Dataset, bits: bytes) -> None:
    length, count = masks.length_of(bits), count_of(dataset)
    if length > count:
        raise errors.bad_mask(length, count)


def _entry(by: User | None, creator: str, change: dict[str, Any]) -> dict[str, Any]:
    """As the client's TagChangeEntry."""
    moment = round(timezone.now().timestamp() * 1000)
    return {"userId": by.pk if by else "", "creator": creator, "ts": moment, "changes": change}


def _record(dataset: Dataset, action: AuditAction, words: str, by: User | None) -> None:
    audit.record(team=dataset.team, actor=by, action=action, target=f"{words} of {dataset.name}", dataset=dataset)


def tag_of(dataset: Dataset, tag_id: str) -> Tag | None:
    return Tag.objects.filter(dataset=dataset, pk=tag_id).first()


def tags_by_id(dataset: Dataset, tag_ids: Sequence[str]) -> dict[str, Tag]:
    return {tag.pk: tag for tag in Tag.objects.filter(dataset=dataset, pk__in=tag_ids)}
