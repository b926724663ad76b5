"""The life of a check: queued, claimed by a worker, finished; found again when a worker or the broker lost it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from clouds import CloudConfig
from clouds.doctor import cors
from clouds.doctor.asides import Asides, SideQuestions
from clouds.doctor.cors import origin_of
from clouds.doctor.diagnosis import UNREADABLE, Diagnosis, answer_of, diagnose
from clouds.doctor.grants import is_beyond_grants
from clouds.doctor.probe import Report, probe
from clouds.permissions import Permission, State, Verdict
from clouds.policies import Place
from datasources.alerts import services as alerts
from datasources.checks import schedule
from datasources.endpoints import configured_endpoints
from datasources.granting import platform_for
from datasources.models import (
    OPEN_STATES,
    CheckState,
    Datasource,
    Outcome,
    PermissionCheck,
    Purpose,
    Trigger,
    UnreadableConfigError,
)
from datasources.schemas import StoredCors, StoredDocument

MOST_ATTEMPTS = 3
# A check that runs this much longer than its deadline has lost its worker.
GRACE = timedelta(seconds=10)
# A message that waits this long may be lost; sending it twice is harmless.
RESEND_AFTER = timedelta(seconds=60)
KEPT_PER_DATASOURCE = 100


def queue(datasource: Datasource, requested_by: Any, trigger: Trigger = Trigger.PERSON) -> PermissionCheck:
    """A new check of the datasource's present revision, which it shows from now on. Call inside a transaction.

    The next scheduled one is due an interval from now.
    """
    check = PermissionCheck.objects.create(
        datasource=datasource,
        revision=datasource.revision,
        provider=datasource.provider,
        path=datasource.path,
        requested_by=requested_by,
        trigger=trigger,
    )
    datasource.latest_check = check
    datasource.next_check_at = schedule.next_time(schedule.interval_of(datasource), check.queued_at)
    datasource.save(update_fields=["latest_check", "next_check_at"])
    return check


def run(*check_ids: str, patience: bool = True) -> None:
    """Do queued checks, all at once. Harmless for one that was done already, is under way elsewhere, or is gone.

    What is looked at beside the bulbs may need longer than they do. It is noted when they are lit already; without
    patience it is not waited for.
    """
    claimed = [check for check_id in check_ids if (check := _claim(check_id))]
    seconds = settings.LIGHTLY_CHECK_DEADLINE_SECONDS
    endpoints = configured_endpoints()
    configs = [(check, config) for check in claimed if (config := _readable_config(check))]
    origin = origin_of(settings.LIGHTLY_PUBLIC_URL)
    looking = [SideQuestions(config, endpoints, origin, seconds) for _, config in configs]
    # The probes wait for the network, so they wait together. The database is touched by this thread alone.
    with ThreadPoolExecutor(max_workers=len(configs) or 1) as pool:
        reports = list(pool.map(lambda job: probe(job[1], _needs(job[0]), endpoints, seconds), configs))
    for (check, config), report in zip(configs, reports, strict=True):
        platform, place = platform_for(check.datasource.dataset.team), Place.of(config)
        _finish(
            check,
            state=CheckState.DONE,
            outcome=outcome_of(report, _needs(check)),
            milliseconds=report.milliseconds,
            empty=report.empty,
            similar=[config.display_key(key) for key in report.similar],
            verdicts={
                permission: _stored(
                    verdict.state, diagnose(permission, verdict, config, seconds, platform), verdict, seconds, place
                )
                for permission, verdict in report.verdicts.items()
            },
        )

    for (check, config), aside in zip(configs, looking, strict=True):
        _note(check, config, aside.results(wait=patience), origin)


def _note(check: PermissionCheck, config: CloudConfig, found: Asides, origin: str) -> None:
    """Write down what was learnt beside the bulbs: whether browsers may load, and when the credential ends."""
    pasted = [] if found.cors is cors.CorsState.ALLOWED else cors.documents(config, origin, configured_endpoints())
    stored: StoredCors = {
        "state": found.cors.value,
        "origin": origin,
        "summary": cors.summary(found.cors, origin),
        "documents": [StoredDocument(title=made.title, where=made.where, text=made.text) for made in pasted],
        "key_made_at": found.key.made.isoformat() if found.key else "",
    }
    PermissionCheck.objects.filter(pk=check.pk, state=CheckState.DONE).update(cors=stored)
    # What could not be asked this time is no news. A new credential begins without an end, see services.save.
    if expires_at := found.expires_at(config):
        Datasource.objects.filter(pk=check.datasource_id, revision=check.revision).update(expires_at=expires_at)


def _claim(check_id: str) -> PermissionCheck | None:
    """The check if it is ours to do now; one of an older revision is given up instead."""
    claimed = PermissionCheck.objects.filter(pk=check_id, state=CheckState.QUEUED).update(
        state=CheckState.RUNNING, started_at=timezone.now(), attempts=F("attempts") + 1
    )
    if not claimed:
        return None
    check = PermissionCheck.objects.select_related("datasource__dataset__team").filter(pk=check_id).first()
    if check is None:  # deleted just now, with its datasource
        return None
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
    """Write the result once: a second run of the same check, or one given up meanwhile, changes nothing.

    An alert it gives rise to is written together with it: neither comes without the other, nor twice.
    """
    with transaction.atomic():
        # First, as saves do: two that lock in different orders would wait for each other.
        list(Datasource.objects.select_for_update().filter(pk=check.datasource_id).values("pk"))
        running = PermissionCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING)
        if running.update(finished_at=timezone.now(), **result):
            finished = PermissionCheck.objects.get(pk=check.pk)
            _show(finished)
            alerts.after_check(finished)


def _show(check: PermissionCheck) -> None:
    """A scheduled check is shown from its end on, unless a newer one is; the others are since they were queued."""
    if check.trigger == Trigger.SCHEDULE and check.state == CheckState.DONE:
        newer = Q(latest_check__queued_at__gt=check.queued_at)
        Datasource.objects.filter(pk=check.datasource_id).exclude(newer).update(latest_check=check)


def _stored(
    state: State,
    diagnosis: Diagnosis,
    verdict: Verdict | None = None,
    seconds: float = 0,
    place: Place | None = None,
) -> dict[str, Any]:
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
        "how_to_be_sure": diagnosis.how_to_be_sure,
        "command": diagnosis.command,
        "field": diagnosis.field,
        # For what to grant, so not where granting is no help.
        "place": place.as_dict() if place and failure and not is_beyond_grants(failure) else {},
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


def scheduled_among(check_ids: list[str]) -> set[str]:
    """Those that nobody waits for."""
    scheduled = PermissionCheck.objects.filter(pk__in=check_ids, trigger=Trigger.SCHEDULE)
    return set(scheduled.values_list("pk", flat=True))
