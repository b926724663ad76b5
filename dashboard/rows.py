"""A row of the home page: what it shows, and a stamp that differs when it would show something else."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from datasets.access import seen_among
from datasets.models import Dataset
from datasources.models import Datasource, PermissionCheck
from datasources.settings.bulbs import DatasourceStatus, statuses_of, warning_of
from teams.models import User

# What a stamp is made of, and no more: a page with open checks asks for it four times a second.
_OF_CHECK = ("state", "queued_at", "dispatched_at", "started_at")
_STAMPED = (
    *("dataset_id", "dataset__name", "dataset__modified_at", "purpose", "revision", "latest_check_id"),
    *(f"latest_check__{name}" for name in _OF_CHECK),
)
_Facts = tuple[str, int, str, str, str]


def row_of(dataset: Dataset) -> dict[str, Any]:
    """For the templates. The dataset comes from `queries.with_bulbs`."""
    datasources = list(dataset.datasources.all())
    statuses = statuses_of(datasources)
    facts = [_facts(source.purpose, source.revision, source.latest_check) for source in datasources]
    is_open = any(status.is_open for status in statuses)
    return {
        "dataset": dataset,
        "sources": statuses,
        # The gear opens the first tab on which something is denied.
        "tab": next((status.tab for status in statuses if status.dot == "denied"), "input"),
        "is_open": is_open,
        "stamp": _stamp(dataset.name, dataset.modified_at, facts) if is_open else "",
        "look": _look(dataset, statuses),
        "checked_at": max((status.finished_at for status in statuses if status.finished_at), default=None),
        "empty": [status for status in statuses if status.empty],
        "warning": next((status.warning for status in statuses if status.warning), ""),
        "may_check": dataset.may_edit and any(status.datasource for status in statuses),
    }


def stamps_of(user: User, ids: Collection[str]) -> dict[str, str]:
    """The stamps of those of these datasets that have a datasource and that the person may see. In one query."""
    found: dict[str, list[_Facts]] = defaultdict(list)
    names: dict[str, tuple[str, datetime]] = {}
    for dataset_id, name, modified_at, purpose, revision, check_id, *of_check in Datasource.objects.filter(
        dataset__in=seen_among(user, ids).values("pk")
    ).values_list(*_STAMPED):
        check = PermissionCheck(pk=check_id, **dict(zip(_OF_CHECK, of_check, strict=True))) if check_id else None
        names[dataset_id] = name, modified_at
        found[dataset_id].append(_facts(purpose, revision, check))
    return {dataset_id: _stamp(*names[dataset_id], facts) for dataset_id, facts in found.items()}


def _facts(purpose: str, revision: int, check: PermissionCheck | None) -> _Facts:
    """Without verdicts, as they come with the end of a check."""
    return str(purpose), revision, check.pk if check else "", str(check.state) if check else "", warning_of(check)


def _stamp(name: str, modified_at: datetime, facts: list[_Facts]) -> str:
    """Twelve hexadecimal digits."""
    return _digest((name, modified_at, sorted(facts)))[:12]


def _look(dataset: Dataset, statuses: Iterable[DatasourceStatus]) -> str:
    """Under which the drawn bulbs of a row are kept: all that their template reads, and the language.

    Nothing in them depends on who looks, or on the time. What does (may they change it, when was it checked) is drawn
    anew for everybody.
    """
    facts = [
        (
            status.purpose,
            status.datasource and (status.provider, status.provider_mark, status.datasource.path),
            status.check and (status.check.state, status.check.provider, sorted(status.check.verdicts.items())),
        )
        for status in statuses
    ]
    return _digest((get_language(), dataset.pk, dataset.name, facts))


def _digest(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()
