"""The life of a check: it is queued, a worker claims it, probes the cloud and writes down the result.

A check that its worker or the broker lost is found again, and queued again. The functions stand in the order in which
a check meets them; what this module calls lies below it and never calls back.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from clouds import CloudConfig, Endpoints, spans
from clouds.doctor import cors
from clouds.doctor.asides import Asides, SideQuestions
from clouds.doctor.cors import origin_of
from clouds.doctor.probe import Report, probe
from clouds.doctor.shared import SharedStore
from clouds.doctor.warm import CHECKED
from clouds.permissions import Permission, State
from core import log_context
from core.threads import ContextPool
from datasources import followers, states
from datasources.alerts import services as alerts
from datasources.checks.intervals import interval_of, next_time
from datasources.checks.verdicts import outcome_of, stored_verdicts, unreadable_verdicts
from datasources.endpoints import configured_endpoints
from datasources.grants import platform_for
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

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
# A check that runs this much longer than its deadline has lost its worker.
GRACE = timedelta(seconds=10)
# A message that waits this long may be lost; sending it twice is harmless.
RESEND_AFTER = timedelta(seconds=60)
KEPT_PER_DATASOURCE = 100
KEPT_OF_WAITING = 20

Job = tuple[PermissionCheck, CloudConfig, SharedStore]
Known = tuple[PermissionCheck, CloudConfig, Report]


# ---- queued ----


def new_check(
    datasource: Datasource, trigger: Trigger, *, requested_by: Any = None, queued_at: datetime | None = None
) -> PermissionCheck:
    """An unsaved check of the datasource's present revision. Every row of a check is made here."""
    return PermissionCheck(
        datasource=datasource,
        revision=datasource.revision,
        provider=datasource.provider,
        path=datasource.path,
        requested_by=requested_by,
        trigger=trigger,
        queued_at=queued_at or timezone.now(),
    )


def queue(datasource: Datasource, requested_by: Any, trigger: Trigger = Trigger.PERSON) -> PermissionCheck:
    """Queue a check, which the pages show from now on unless it is a quiet one. Call it inside a transaction.

    The next scheduled check is due an interval from now.
    """
    check = new_check(datasource, trigger, requested_by=requested_by)
    check.save(force_insert=True)
    changed = {"next_check_at": next_time(interval_of(datasource), check.queued_at)}
    if not trigger.is_quiet:
        changed |= {"latest_check": check} | states.columns_of(check)
    for name, value in changed.items():
        setattr(datasource, name, value)
    datasource.save(update_fields=[*changed])
    transaction.on_commit(partial(_log_start, check))
    return check


def _log_start(check: PermissionCheck) -> None:
    """In the request that asked for it: if the message is lost, this line still tells which request it was."""
    with _about(check):
        logger.info("The check %s is queued: %s", check.pk, check.trigger.lower())


def forget_old(datasource: Datasource) -> None:
    """Keep the newest checks of a datasource, so that history stays useful and the table bounded."""
    _keep(datasource, datasource.checks.exclude(trigger=Trigger.WAIT), KEPT_PER_DATASOURCE)


def forget_old_waits(datasource: Datasource) -> None:
    """Waiting makes many checks that say the same. They are counted apart: they must not push out the others."""
    _keep(datasource, datasource.checks.filter(trigger=Trigger.WAIT), KEPT_OF_WAITING)


def _keep(datasource: Datasource, some: QuerySet[PermissionCheck], most: int) -> None:
    kept = list(some.order_by("-queued_at").values_list("pk", flat=True)[:most])
    old = some.exclude(pk__in=kept).exclude(pk=datasource.latest_check_id)
    old.exclude(state__in=OPEN_STATES).delete()


def mark_dispatched(check_id: str) -> None:
    """The broker has taken the message."""
    PermissionCheck.objects.filter(pk=check_id).update(dispatched_at=timezone.now())


# ---- run by a worker ----


def run(*check_ids: str, patience: bool = True) -> None:
    """Claim these checks, probe their clouds all at once, and write down the results.

    An id whose check is finished, is run by another worker or no longer exists is passed over.

    Verdicts are written down as soon as they are known, before the probe has removed its test file. CORS rules and the
    facts of the key are looked up beside the probes and may take longer. They are stored after the verdicts; without
    patience, only what is known by then.
    """
    claimed = [check for check_id in check_ids if (check := _claim(check_id))]
    jobs = [(check, config, SharedStore()) for check in claimed if (config := _readable_config(check))]
    seconds = settings.LIGHTLY_CHECK_DEADLINE_SECONDS
    endpoints = configured_endpoints()
    origin = origin_of(settings.LIGHTLY_PUBLIC_URL)
    asides = []
    for check, config, shared in jobs:
        with _about(check):
            asides.append(SideQuestions(config, endpoints, origin, seconds, shared))
    written: dict[str, Any] = {}
    for check, config, report in _reports(jobs, endpoints, seconds):
        verdicts = stored_verdicts(report, config, platform_for(check.datasource.dataset.team), seconds)
        if check.pk not in written:
            _finish(
                check,
                state=CheckState.DONE,
                outcome=outcome_of(report, _needs(check)),
                milliseconds=report.milliseconds,
                empty=report.empty,
                no_files=_has_no_files(check, report),
                similar=[config.display_key(key) for key in report.similar],
                verdicts=verdicts,
            )
        elif verdicts != written[check.pk]:  # the test file was removed
            _rewrite(check, verdicts)
        written[check.pk] = verdicts
    for (check, config, _), aside in zip(jobs, asides, strict=True):
        _note(check, config, aside.results(wait=patience), origin)


def _reports(jobs: Sequence[Job], endpoints: Endpoints, seconds: float) -> Iterator[Known]:
    """Of each job what is known first, and what is known at the end of its probe.

    The probes wait for the network, so they wait together. Only this thread touches the database.
    """
    told: list[SimpleQueue[Report | Future[Report]]] = [SimpleQueue() for _ in jobs]
    with ContextPool(max_workers=len(jobs) or 1) as pool:
        for (check, config, shared), mine in zip(jobs, told, strict=True):
            asked = (_needs(check), endpoints, seconds, CHECKED, mine.put, shared)
            with _about(check):
                probing = pool.submit(_probed, check, config, *asked)
            probing.add_done_callback(mine.put)
        going_on = []
        for (check, config, _), mine in zip(jobs, told, strict=True):
            first = mine.get()
            if isinstance(first, Report):
                going_on.append((check, config, mine))
            yield check, config, first if isinstance(first, Report) else first.result()
        for check, config, mine in going_on:
            ended = mine.get()
            yield check, config, ended if isinstance(ended, Report) else ended.result()


def _probed(check: PermissionCheck, config: CloudConfig, *rest: Any) -> Report:
    """In a thread of its own. No database here."""
    with spans.span("check", check_id=check.pk, provider=check.provider) as told:
        report = probe(config, *rest)
        told.note(**{permission.value: verdict.state.value for permission, verdict in report.verdicts.items()})
        return report


def _claim(check_id: str) -> PermissionCheck | None:
    """The check, now RUNNING, if this worker may do it. A check of an older revision is given up instead."""
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
    """The decrypted config. If it can't be decrypted, the check is finished here, with verdicts that say so."""
    try:
        return check.datasource.config
    except UnreadableConfigError:
        verdicts = unreadable_verdicts(_needs(check))
        _finish(check, state=CheckState.DONE, outcome=Outcome.UNKNOWN, verdicts=verdicts)
        return None


def _has_no_files(check: PermissionCheck, report: Report) -> bool:
    """Whether raw data was looked for at a path that does not exist, as far as anybody can tell."""
    if not report.empty or report.is_directory or check.datasource.purpose == Purpose.LIGHTLY:
        return False
    same = PermissionCheck.objects.filter(datasource=check.datasource_id, path=check.path, provider=check.provider)
    held_something = same.filter(state=CheckState.DONE, empty=False, verdicts__list__state=State.GRANTED)
    return not held_something.exists()


def _about(check: PermissionCheck) -> AbstractContextManager[None]:
    """For log lines."""
    return log_context.about(check_id=check.pk, dataset_id=check.datasource.dataset_id)


def _needs(check: PermissionCheck) -> frozenset[Permission]:
    return Purpose(check.datasource.purpose).needs


# ---- finished ----


def _finish(check: PermissionCheck, **result: Any) -> None:
    """Write the result once: a second run of the same check, or one given up meanwhile, changes nothing.

    The alert that the result raises is written in the same transaction: neither comes without the other, nor twice.
    """
    with transaction.atomic():
        # The datasource is locked first, as saves do it: two that lock in different orders would wait for each other.
        states.lock({check.datasource_id})
        running = PermissionCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING)
        if running.update(finished_at=timezone.now(), **result):
            finished = PermissionCheck.objects.get(pk=check.pk)
            _show(finished)
            alerts.after_check(finished)
            transaction.on_commit(partial(_log_end, check, finished.outcome or finished.state, finished.milliseconds))
            for follower in followers.all_of_them():
                _tell_later(follower, finished)


def _rewrite(check: PermissionCheck, verdicts: Mapping[str, Any]) -> None:
    """They changed after the end, and their causes may have changed with them."""
    with transaction.atomic():
        states.lock({check.datasource_id})
        PermissionCheck.objects.filter(pk=check.pk, state=CheckState.DONE).update(verdicts=verdicts)
        states.keep(PermissionCheck.objects.get(pk=check.pk))


def _log_end(check: PermissionCheck, outcome: str, milliseconds: int | None) -> None:
    with _about(check):
        took = "" if milliseconds is None else f" after {milliseconds} ms"
        logger.info("The check %s ended: %s%s", check.pk, outcome.lower(), took)


def _tell_later(follower: followers.Follower, check: PermissionCheck) -> None:
    def tell() -> None:
        follower(check)

    transaction.on_commit(tell, robust=True)


def _show(check: PermissionCheck) -> None:
    """What it says. A quiet check is shown now that it is done, unless a newer one is shown already.

    All other checks are shown from the moment they are queued.
    """
    if Trigger(check.trigger).is_quiet and check.state == CheckState.DONE:
        newer = Q(latest_check__queued_at__gt=check.queued_at)
        rows = Datasource.objects.filter(pk=check.datasource_id).exclude(newer)
        rows.update(latest_check=check, **states.columns_of(check))
    else:
        states.keep(check)


def _note(check: PermissionCheck, config: CloudConfig, found: Asides, origin: str) -> None:
    """Write down what was learnt beside the verdicts: whether browsers may load, and when the credential ends."""
    pasted = [] if found.cors is cors.CorsState.ALLOWED else cors.documents(config, origin, configured_endpoints())
    stored: StoredCors = {
        "state": found.cors.value,
        "origin": origin,
        "summary": cors.summary(found.cors, origin),
        "documents": [StoredDocument(title=made.title, where=made.where, text=made.text) for made in pasted],
        "key_made_at": found.key.made.isoformat() if found.key else "",
    }
    PermissionCheck.objects.filter(pk=check.pk, state=CheckState.DONE).update(cors=stored)
    # An end that could not be asked this time stays as it was. services.save clears it for a new credential.
    if expires_at := found.expires_at(config):
        Datasource.objects.filter(pk=check.datasource_id, revision=check.revision).update(expires_at=expires_at)


def wait_for(check_ids: list[str]) -> list[PermissionCheck]:
    """The checks once all are finished, or as they are when the worker of one should have finished long ago."""
    give_up_at = time.monotonic() + settings.LIGHTLY_CHECK_DEADLINE_SECONDS + 1
    while True:
        found = list(PermissionCheck.objects.filter(pk__in=check_ids).select_related("datasource"))
        if not any(check.is_open for check in found) or time.monotonic() > give_up_at:
            return found
        time.sleep(0.1)


# ---- lost ----


def find_lost() -> list[str]:
    """Ids of open checks to send (again): never sent, sent long ago, or running in a worker that must have died."""
    now = timezone.now()
    overdue = now - timedelta(seconds=settings.LIGHTLY_CHECK_DEADLINE_SECONDS) - GRACE
    # Times to come are of before the clock was set back, and tell nothing.
    is_over = Q(started_at__lt=overdue) | Q(started_at__gt=now + RESEND_AFTER)
    running = PermissionCheck.objects.filter(is_over, state=CheckState.RUNNING)
    _expire(running.filter(attempts__gte=MOST_ATTEMPTS))
    running.filter(attempts__lt=MOST_ATTEMPTS).update(state=CheckState.QUEUED, dispatched_at=None, started_at=None)
    waiting = Q(dispatched_at=None) | Q(dispatched_at__lt=now - RESEND_AFTER) | Q(dispatched_at__gt=now + RESEND_AFTER)
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
        count += _expire(some)
    return count


def _expire(some: QuerySet[PermissionCheck]) -> int:
    """Give up these checks, each if it is still what was asked for once its datasource is locked. Returns how many."""
    found = dict(some.values_list("pk", "datasource"))
    if not found:
        return 0
    with transaction.atomic():
        states.lock(set(found.values()))
        count = some.filter(pk__in=found).update(state=CheckState.EXPIRED, finished_at=timezone.now())
        for check in PermissionCheck.objects.filter(pk__in=found, state=CheckState.EXPIRED):
            states.keep(check)
    return count


def scheduled_among(check_ids: list[str]) -> set[str]:
    """Which of these the schedule asked for: nobody waits for them."""
    scheduled = PermissionCheck.objects.filter(pk__in=check_ids, trigger=Trigger.SCHEDULE)
    return set(scheduled.values_list("pk", flat=True))
