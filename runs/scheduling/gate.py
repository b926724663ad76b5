"""The permission gate: what a run needs of the datasources, and what of it is not granted.

A run reads the Input (list, read) and works in the Lightly datasource (list, read, write, overwrite). A check that is
green, of the newest settings and not old is believed. Everything else is checked now, all at once, in this process,
within one deadline of a check. So the same question is asked when a run is scheduled and when a worker takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from clouds.permissions import Permission, State
from datasets.models import Dataset
from datasources import services as datasources
from datasources.models import Datasource, Outcome, PermissionCheck, Purpose, Trigger
from datasources.schemas import StoredVerdict
from runs.scheduling.errors import NoDatasourceError
from teams.models import User

BELIEVED_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """A permission that is not granted. `datasource` is the label of its purpose, `path` where it leads.

    `cause` and `fix` are sentences of the diagnosis; `command` is what can be pasted into a terminal, or empty.
    """

    datasource: str
    path: str
    permission: Permission
    state: State
    summary: str
    cause: str
    fix: str
    command: str = ""

    def __str__(self) -> str:
        what = gettext("%(datasource)s datasource %(path)s, %(permission)s: %(summary)s.") % {
            "datasource": self.datasource,
            "path": self.path,
            "permission": self.permission.value,
            "summary": self.summary.rstrip("."),
        }
        parts = [what]
        if self.cause:
            parts.append(gettext("Cause: %(cause)s") % {"cause": self.cause})
        if self.fix:
            parts.append(gettext("Fix: %(fix)s") % {"fix": self.fix})
        return "\n  ".join(parts)


def findings(dataset: Dataset, *, by: User | None = None, trigger: Trigger = Trigger.API) -> list[Finding]:
    """What is not granted; empty if a run may begin. Talks to the clouds for at most one deadline of a check.

    Raises NoDatasourceError.
    """
    needed = _datasources(dataset)
    stale = [datasource.pk for datasource in needed if not _is_green(datasource.latest_check, datasource)]
    if not stale:
        return []
    checks = datasources.check_now(datasource_ids=stale, by=by, trigger=trigger)
    return [finding for check in checks for finding in _of_check(check)] + _gone(stale, checks)


def words(found: Sequence[Finding]) -> str:
    """For people, of several lines: the official client prints them as they are."""
    head = ngettext(
        "A permission that the run needs is not granted:",
        "%(count)s permissions that the run needs are not granted:",
        len(found),
    ) % {"count": len(found)}
    return "\n".join([head, *(f"- {finding}" for finding in found)])


def _datasources(dataset: Dataset) -> list[Datasource]:
    """Those that a run works with: one with both purposes, or one of each."""
    rows = dataset.datasources.select_related("latest_check", "dataset")
    found = {datasource.purpose: datasource for datasource in rows}
    if Purpose.INPUT_OUTPUT in found:
        return [found[Purpose.INPUT_OUTPUT]]
    if missing := [purpose for purpose in (Purpose.INPUT, Purpose.LIGHTLY) if purpose not in found]:
        names = gettext(" and ").join(str(purpose.label) for purpose in missing)
        text = gettext(
            "The dataset has no %(names)s datasource. A run reads images or videos from the Input datasource and"
            " writes into the Lightly datasource. Configure what is missing in the dataset's settings."
        )
        raise NoDatasourceError(text % {"names": names})
    return [found[Purpose.INPUT], found[Purpose.LIGHTLY]]


def _is_green(check: PermissionCheck | None, datasource: Datasource) -> bool:
    return bool(
        check
        and check.outcome == Outcome.GREEN
        and check.revision == datasource.revision
        and check.finished_at
        and timezone.now() - check.finished_at <= BELIEVED_FOR
    )


def _of_check(check: PermissionCheck) -> Iterable[Finding]:
    purpose = Purpose(check.datasource.purpose)
    for permission in Permission:
        if permission not in purpose.needs:
            continue
        verdict: StoredVerdict | None = check.verdicts.get(permission)
        if verdict is None:
            yield _unfinished(str(purpose.label), check.path, permission)
        elif verdict["state"] != State.GRANTED:
            yield Finding(
                datasource=str(purpose.label),
                path=check.path,
                permission=permission,
                state=State(verdict["state"]),
                summary=verdict["summary"],
                cause=verdict["likely_cause"],
                fix=verdict["fix"],
                command=verdict.get("command", ""),
            )


def _unfinished(purpose: str, path: str, permission: Permission) -> Finding:
    return Finding(
        datasource=purpose,
        path=path,
        permission=permission,
        state=State.UNKNOWN,
        summary=gettext("the check did not finish"),
        cause=gettext("Somebody saved other settings in this very moment, or too many checks are under way."),
        fix=gettext("Try again."),
    )


def _gone(asked: Sequence[str], checks: Sequence[PermissionCheck]) -> list[Finding]:
    """Of datasources that were removed while they were to be checked."""
    missing = set(asked) - {check.datasource_id for check in checks}
    return [_unfinished(gettext("Removed"), "", Permission.LIST) for _ in missing]
