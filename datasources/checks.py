"""The life of a check: queued, claimed by a worker, finished; found again when a worker or the broker lost it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from datasources.clouds import CloudConfig
from datasources.diagnosis import UNREADABLE, Diagnosis, answer_of, diagnose
from datasources.endpoints import configured_endpoints
from datasources.models import (
    OPEN_STATES,
    CheckState,
    Datasource,
    Outcome,
    PermissionCheck,
    Purpose,
    UnreadableConfigError,
)
from datasources.probe import Permission, Report, State, Verdict, probe

MOST_ATTEMPTS = 3
# A check that runs this much longer than its deadline has lost its worker.
GRACE = timedelta(seconds=10)
# A message that waits this long may be lost; sending it twice is harmless.
RESEND_AFTER = timedelta(seconds=60)
KEPT_PER_DATASOURCE = 100


def queue(datasource: Datasource, requested_by: Any) -> PermissionCheck:
    """A new check of the datasource's present revision, which it shows from now on. Call inside a transaction."""
    check = PermissionCheck.objects.create(
        datasource=datasource,
        revision=datasource.revision,
        provider=datasource.provider,
        path=datasource.path,
        requested_by=requested_by,
    )
    datasource.latest_check = check
    datasource.save(update_fields=["latest_check"])
    return check


def run(*check_ids: str) -> None:
    """Do queued checks, all at once. Harmless for one that was done already, is under way elsewhere, or is gone."""
    claimed = [check for check_id in check_ids if (check := _claim(check_id))]
    seconds = settings.LIGHTLY_CHECK_DEADLINE_SECONDS
    endpoints = configured_endpoints()
    configs = [(check, config) for check in claimed if (config := _readable_config(check))]
    # The probes wait for the network, so they wait together. The database is touched by this thread alone.
    with ThreadPoolExecutor(max_workers=len(configs) or 1) as pool:
        reports = list(pool.map(lambda job: probe(job[1], _needs(job[0]), endpoints, seconds), configs))
    for (check, config), report in zip(configs, reports, strict=True):
        _finish(
            check,
            state=CheckState.DONE,
            outcome=outcome_of(report, _needs(check)),
            milliseconds=report.milliseconds,
            empty=report.empty,
            similar=[config.display_key(key) for key in report.similar],
            verdicts={
                permission: _stored(verdict.state, diagnose(permission, verdict, config, seconds), verdict, seconds)
                for permission, verdict in report.verdicts.items()
            },
        )


def _claim(check_id: str) -> PermissionCheck | None:
    """The check if it is ours to do now; one of an older revision is given up instead."""
    claimed = PermissionCheck.objects.filter(pk=check_id, state=CheckState.QUEUED).update(
        state=CheckState.RUNNING, started_at=timezone.now(), attempts=F("attempts") + 1
    )
    if not claimed:
        return None
    check = PermissionCheck.objects.select_related("datasource").get(pk=check_id)
    if check.revision == check.datasource.revision:
        return check
    _finish(check, state=CheckState.EXPIRED)
    return None


def _readable_config(check: PermissionCheck) -> CloudConfig | None:
    """The decrypted config; without it the check ends here, saying so."""
    try:
        return check.datasource.config
    except UnreadableConfigError:
        needs = _needs(check)
        verdicts = {permission: _stored(State.UNKNOWN, UNREADABLE) for permission in Permission if permission in needs}
        _finish(check, state=CheckState.DONE, outcome=Outcome.UNKNOWN, verdicts=verdicts)
        return None


def _needs(check: PermissionCheck) -> frozenset[Permission]:
    return Purpose(check.datasource.purpose).needs


def outcome_of(report: Report, needs: frozenset[Permission]) -> Outcome:
    states = {report.verdicts[permission].state for permission in needs}
    if states == {State.GRANTED}:
        return Outcome.GREEN
    return Outcome.RED if states & {State.DENIED, State.SKIPPED} else Outcome.UNKNOWN


def _finish(check: PermissionCheck, **result: Any) -> None:
    """Write the result once: a second run of the same check, or one given up meanwhile, changes nothing."""
    PermissionCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING).update(finished_at=timezone.now(), **result)


def _stored(state: State, diagnosis: Diagnosis, verdict: Verdict | None = None, seconds: float = 0) -> dict[str, Any]:
    failure = verdict.failure if verdict else None
    return {
        "state": state.value,
        "milliseconds": verdict.milliseconds if verdict else None,
        "cause": failure.cause.value if failure else "",
        "code": answer_of(failure, seconds) if failure else "",
        "summary": diagnosis.summary,
        "tried": diagnosis.tried,
        "answered": diagnosis.answered,
        "likely_cause": diagnosis.cause,
        "fix": diagnosis.fix,
    }


def wait_for(check_ids: list[str]) -> list[PermissionCheck]:
    """The checks once they are finished, or as they are when a worker that claimed one should have been done."""
    give_up_at = time.monotonic() + settings.LIGHTLY_CHECK_DEADLINE_SECONDS + 1
    while True:
        found = list(PermissionCheck.objects.filter(pk__in=check_ids).select_related("datasource"))
        if not any(check.is_open for check in found) or time.monotonic() > give_up_at:
            return found
        time.sleep(0.1)


def find_lost() -> list[str]:
    """Ids of open checks to send (again): never sent, sent long ago, or running in a worker that must have died."""
    now = timezone.now()
    overdue = now - timedelta(seconds=settings.LIGHTLY_CHECK_DEADLINE_SECONDS) - GRACE
    running = PermissionCheck.objects.filter(state=CheckState.RUNNING, started_at__lt=overdue)
    with transaction.atomic():
        running.filter(attempts__gte=MOST_ATTEMPTS).update(state=CheckState.EXPIRED, finished_at=now)
        running.update(state=CheckState.QUEUED, dispatched_at=None)
    waiting = Q(dispatched_at=None) | Q(dispatched_at__lt=now - RESEND_AFTER)
    return list(
        PermissionCheck.objects.filter(waiting, state=CheckState.QUEUED)
        .order_by("queued_at")
        .values_list("pk", flat=True)
    )


def stuck() -> Q:
    """Open checks that should have ended: running in a worker that must have died, or sent again and still waiting."""
    now = timezone.now()
    overdue = now - timedelta(seconds=settings.LIGHTLY_CHECK_DEADLINE_SECONDS) - GRACE
    return Q(state=CheckState.RUNNING, started_at__lt=overdue) | Q(
        state=CheckState.QUEUED, queued_at__lt=overdue - RESEND_AFTER
    )


def expire_stuck(check_ids: list[str]) -> int:
    """Give up those of these checks that are stuck. Returns how many; those a worker takes now are left alone."""
    count = 0
    for start in range(0, len(check_ids), 500):  # more parameters than a statement may have
        some = PermissionCheck.objects.filter(stuck(), pk__in=check_ids[start : start + 500])
        count += some.update(state=CheckState.EXPIRED, finished_at=timezone.now())
    return count


def mark_dispatched(check_id: str) -> None:
    PermissionCheck.objects.filter(pk=check_id).update(dispatched_at=timezone.now())


def forget_old(datasource: Datasource) -> None:
    """Keep the newest checks of a datasource, so that history stays useful and the table bounded."""
    kept = datasource.checks.order_by("-queued_at").values("pk")[:KEPT_PER_DATASOURCE]
    datasource.checks.exclude(pk__in=list(kept.values_list("pk", flat=True))).exclude(state__in=OPEN_STATES).delete()
