"""Whose check a check is: the slots of workers are shared out between people, teams and storages (core.shares).

Storages that may well stay silent for the whole deadline count as one storage. So all of them together, whoever asks,
never take more than half of the slots: forty of them don't keep a check of a storage that answers waiting.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from clouds import Cause
from core.shares import Claim
from datasources.checks.lifecycle import RESEND_AFTER
from datasources.models import CheckState, Datasource, PermissionCheck, Trigger

# A check that waits for its turn is sent again after RESEND_AFTER by the next sweep, and says again that it waits.
_STALE_AFTER = RESEND_AFTER + timedelta(seconds=20)
MAY_BE_SILENT: Claim = ("silence", "expected")


@dataclass(frozen=True)
class Whose:
    claims: frozenset[Claim]
    is_scheduled: bool


def whose(check_id: str) -> Whose | None:
    """None: there is nothing to do, as the check is under way or over."""
    check = (
        PermissionCheck.objects.filter(pk=check_id, state=CheckState.QUEUED)
        .select_related("datasource__dataset")
        .first()
    )
    if check is None:
        return None
    claims: set[Claim] = {("team", check.datasource.dataset.team_id)}
    if check.requested_by_id:
        claims.add(("person", check.requested_by_id))
    host = _host(check.datasource)
    if host:
        claims.add(("host", host))
    if _may_be_silent(check.datasource, is_chosen=bool(host)):
        claims.add(MAY_BE_SILENT)
    return Whose(frozenset(claims), check.trigger == Trigger.SCHEDULE)


def _host(datasource: Datasource) -> str:
    """Of an address that somebody has chosen. The clouds' own hosts serve everybody, and don't hang."""
    if "endpoint" not in datasource.provider_class.fields():
        return ""
    config = datasource.readable_config()
    return urlsplit(str(config.facts().get("endpoint", ""))).hostname or "" if config else ""


def _may_be_silent(datasource: Datasource, *, is_chosen: bool) -> bool:
    """It was at the last check; or nobody has tried yet, and it is an address that somebody has chosen."""
    done = datasource.checks.filter(revision=datasource.revision, state=CheckState.DONE)
    verdicts = done.order_by("-queued_at").values_list("verdicts", flat=True).first()
    if verdicts is None:
        return is_chosen
    return any(verdict["cause"] == Cause.TIMEOUT.value for verdict in verdicts.values())


def mark_waiting(check_id: str) -> None:
    """A worker has seen the check, and does it when it is its turn."""
    PermissionCheck.objects.filter(pk=check_id, state=CheckState.QUEUED).update(started_at=timezone.now())


def is_in_turn(check: PermissionCheck) -> bool:
    """Whether a worker keeps this check for when it is its turn."""
    return (
        check.state == CheckState.QUEUED
        and check.started_at is not None
        and timezone.now() - check.started_at < _STALE_AFTER
    )
