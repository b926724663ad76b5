"""Decides that something is news, and announces it to everybody concerned, in the transaction that makes it true.

transitions.py decides when, words.py has the words, topics.py what people may choose of it. How they are told is the
business of notifications.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from datasets.access import managers_of, members_who_see
from datasources.alerts.links import settings_path
from datasources.alerts.topics import TOPICS
from datasources.alerts.words import Facts, payload, permission_facts, sentences, title
from datasources.models import (
    Alert,
    CheckState,
    Datasource,
    Outcome,
    PermissionCheck,
    Purpose,
    Trigger,
)
from datasources.transitions import WARN_DAYS, AlertKind, expiry_warning, step
from notifications.preferences.queries import listeners
from notifications.services import Announcement, announce
from teams.models import User

# In one sweep; the rest is warned of by the next.
MOST_WARNINGS = 500


def after_check(check: PermissionCheck) -> Alert | None:
    """The alert that this finished check gives rise to, if any. Call inside the transaction that stores its result.

    However often it is called for however many checks at once: what people believe changes in one conditional update,
    and only who makes that change raises the alert. A check that is no longer the newest one changes nothing.
    """
    datasource = Datasource.objects.select_related("dataset__team").get(pk=check.datasource_id)
    if check.state != CheckState.DONE or datasource.latest_check_id != check.pk:
        return None
    known = datasource.known_outcome
    unknowns = _unknown_in_a_row(datasource) if check.outcome == Outcome.UNKNOWN else 0
    then = step(known, check.outcome, unknowns)
    if then.known != known:
        believed = Datasource.objects.filter(pk=datasource.pk, known_outcome=known, latest_check=check)
        if not believed.update(known_outcome=then.known):
            return None
    if then.alert is None:
        return None
    # Whoever asked is looking at the bulbs. A script or the schedule looks for nobody.
    looks_on = check.requested_by_id if check.trigger in {Trigger.PERSON, Trigger.WAIT} else None
    facts = _facts(datasource) | {"permissions": permission_facts(check.verdicts)}
    return _raise(then.alert, datasource, facts, check=check, but=looks_on)


def _unknown_in_a_row(datasource: Datasource) -> int:
    done = datasource.checks.filter(state=CheckState.DONE)
    told = done.filter(outcome__in=[Outcome.GREEN, Outcome.RED]).aggregate(last=Max("queued_at"))["last"]
    unknown = done.filter(outcome=Outcome.UNKNOWN, trigger=Trigger.SCHEDULE)
    return unknown.filter(queued_at__gt=told).count() if told else unknown.count()


def warn_of_expiry() -> list[Alert]:
    """One alert for each credential that ends soon, at each of the days in WARN_DAYS before."""
    now = timezone.now()
    soon = Datasource.objects.filter(expires_at__gt=now, expires_at__lte=now + timedelta(days=max(WARN_DAYS)))
    told = Q(expiry_alerted_for=F("expires_at"))
    told_last, told_first = told & Q(expiry_alerted_days=min(WARN_DAYS)), told & Q(expiry_alerted_days=max(WARN_DAYS))
    not_yet_again = told_first & Q(expires_at__gt=now + timedelta(days=min(WARN_DAYS)))
    news = soon.exclude(told_last).exclude(not_yet_again).exclude(_saved_within(now))
    found = news.select_related("dataset__team").order_by("expires_at")[:MOST_WARNINGS]
    return [alert for datasource in found if (alert := _warn(datasource, now))]


def _saved_within(now: datetime) -> Q:
    """Those of which expiry_warning would not warn now, so that they don't fill the sweep."""
    first, last = timedelta(days=max(WARN_DAYS)), timedelta(days=min(WARN_DAYS))
    later = Q(expires_at__gt=now + last, modified_at__gte=F("expires_at") - first)
    return later | Q(modified_at__gte=F("expires_at") - last)


@transaction.atomic
def _warn(datasource: Datasource, now: datetime) -> Alert | None:
    ends, told_for, told_days = datasource.expires_at, datasource.expiry_alerted_for, datasource.expiry_alerted_days
    if ends is None:
        return None
    days = expiry_warning(now, ends, saved_at=datasource.modified_at, warned_days=told_days if told_for == ends else 0)
    same = Datasource.objects.filter(
        pk=datasource.pk, expires_at=ends, expiry_alerted_for=told_for, expiry_alerted_days=told_days
    )
    if not days or not same.update(expiry_alerted_for=ends, expiry_alerted_days=days):
        return None
    facts = _facts(datasource) | {"expires_at": ends.isoformat(timespec="seconds"), "days": days}
    return _raise(AlertKind.EXPIRING, datasource, facts)


def _facts(datasource: Datasource) -> Facts:
    return {
        "dataset_id": datasource.dataset_id,
        "dataset": datasource.dataset.name,
        "datasource_id": datasource.pk,
        "purpose": datasource.purpose,
        "purpose_label": Purpose(datasource.purpose).label,
        "provider": datasource.provider,
        "path": datasource.path,
        "permissions": [],
        "expires_at": None,
        "days": 0,
    }


def _raise(
    kind: AlertKind,
    datasource: Datasource,
    facts: Facts,
    *,
    check: PermissionCheck | None = None,
    but: str | None = None,
) -> Alert:
    alert = Alert.objects.create(datasource=datasource, permission_check=check, kind=kind, facts=facts)
    announce(
        Announcement(
            topic=TOPICS[kind].key,
            key=alert.pk,
            people=_who_hears(datasource, but),
            title=title(kind, facts),
            sentences=sentences(kind, facts),
            path=settings_path(datasource.dataset_id, datasource.purpose),
            about=facts["dataset"],
            about_id=datasource.pk,
            detail=facts["path"],
            team=datasource.dataset.team,
            payload=payload(facts),
            told_at=alert.created_at,
        )
    )
    return alert


def _who_hears(datasource: Datasource, but: str | None) -> list[User]:
    """Those of the team whose settings cover the dataset: its owner unless they said "none", others if "team".

    For an owner who can't hear (a service account, or somebody shut out) the team's owners and admins do.
    """
    people = members_who_see(datasource.dataset).filter(is_active=True, is_service_account=False)
    answers = Q(pk=datasource.dataset.owner_id)
    if not people.filter(answers).exists():
        answers = Q(pk__in=managers_of(datasource.dataset.team).values("pk"))
    return listeners(people.exclude(pk=but or ""), concerned=answers)
