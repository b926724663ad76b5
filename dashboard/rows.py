"""A row of the home page: what it shows, and a stamp that differs when it would show something else."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.utils.translation import get_language

from datasets.access import Person, datasets_for
from datasets.models import Dataset
from datasources.models import Datasource
from datasources.settings.bulbs import DatasourceStatus, statuses_of, warning_of

# What a stamp is made of, and no more: a page with open checks asks for it four times a second.
_STAMPED = (
    *("purpose", "revision", "dataset_id", "dataset__name", "dataset__modified_at"),
    *(f"latest_check__{name}" for name in ("state", "queued_at", "dispatched_at", "started_at")),
)


def row_of(dataset: Dataset) -> dict[str, Any]:
    """For the templates. The dataset comes from `queries.with_bulbs`."""
    datasources = list(dataset.datasources.all())
    statuses = statuses_of(datasources)
    is_open = any(status.is_open for status in statuses)
    return {
        "dataset": dataset,
        "sources": statuses,
        # The gear opens the first tab on which something is denied.
        "tab": next((status.tab for status in statuses if status.dot == "denied"), "input"),
        "is_open": is_open,
        "stamp": _stamp(dataset, datasources) if is_open else "",
        "look": _look(dataset, statuses),
        "checked_at": max((status.finished_at for status in statuses if status.finished_at), default=None),
        "empty": [status for status in statuses if status.empty],
        "warning": next((status.warning for status in statuses if status.warning), ""),
        "may_check": dataset.may_edit and any(status.datasource for status in statuses),
    }


def stamps_of(user: Person, ids: Collection[str]) -> dict[str, str]:
    """The stamps of those of these datasets that have a datasource and that the person may see. In one query."""
    seen = Datasource.objects.filter(dataset__in=datasets_for(user).filter(pk__in=ids).values("pk"))
    found: dict[str, list[Datasource]] = defaultdict(list)
    for datasource in seen.select_related("dataset", "latest_check").only(*_STAMPED):
        found[datasource.dataset_id].append(datasource)
    return {dataset_id: _stamp(datasources[0].dataset, datasources) for dataset_id, datasources in found.items()}


def _stamp(dataset: Dataset, datasources: Iterable[Datasource]) -> str:
    """Twelve hexadecimal digits. Verdicts are not in it, as they come with the end of a check."""
    facts = sorted(
        (
            source.purpose,
            source.revision,
            source.latest_check_id,
            source.latest_check.state if source.latest_check else "",
            warning_of(source.latest_check),
        )
        for source in datasources
    )
    return _digest((dataset.name, dataset.modified_at, facts))[:12]


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
