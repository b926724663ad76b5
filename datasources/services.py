"""Everything that changes datasources. The web pages and the REST API both come through here."""

from functools import partial

from django.db import transaction
from django.utils import timezone

from clouds import PROVIDERS, CloudConfig
from datasets.models import Dataset
from datasets.services import touch
from datasources import tasks
from datasources.checks import lifecycle as checks
from datasources.models import Datasource, PermissionCheck, Purpose, Trigger
from teams import audit
from teams.models import AuditAction, User

# What a save of this purpose replaces: there is either one datasource for everything, or one for each purpose.
_REPLACES = {
    Purpose.INPUT: [Purpose.INPUT_OUTPUT],
    Purpose.LIGHTLY: [Purpose.INPUT_OUTPUT],
    Purpose.INPUT_OUTPUT: [Purpose.INPUT, Purpose.LIGHTLY],
}


@transaction.atomic
def save(
    *,
    dataset: Dataset,
    purpose: Purpose,
    config: CloudConfig,
    thumb_suffix: str,
    by: User | None,
    trigger: Trigger = Trigger.PERSON,
) -> PermissionCheck:
    """Store a datasource and queue its check, which is returned. What served the same purpose before is replaced."""
    check = store(dataset=dataset, purpose=purpose, config=config, thumb_suffix=thumb_suffix, by=by, trigger=trigger)
    # tasks.dispatch and not delay_on_commit: a broker that is down must not turn a save that succeeded into an error.
    transaction.on_commit(partial(tasks.dispatch, check.pk))
    return check


def store(
    *,
    dataset: Dataset,
    purpose: Purpose,
    config: CloudConfig,
    thumb_suffix: str,
    by: User | None,
    trigger: Trigger = Trigger.PERSON,
) -> PermissionCheck:
    """As save, for callers who store several in one transaction and hand all their checks to the broker at once."""
    # Saves of one dataset wait for each other here, so that revisions have an order.
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    _remove_replaced(dataset, purpose, by)
    # Locked, as the save writes every column: it must not undo what a check that ends now writes about alerts.
    stored = dataset.datasources.select_for_update().filter(purpose=purpose).first()
    datasource = stored or Datasource(dataset=dataset, purpose=purpose)
    credential_before = datasource.credential_digest
    datasource.set_config(config)
    datasource.thumbnail_suffix = thumb_suffix
    datasource.revision += 1
    datasource.modified_at = timezone.now()
    expiry = config.expiry()
    datasource.expires_at = expiry.moment if expiry else None
    datasource.save()
    touch(dataset=dataset)
    credential = "" if datasource.credential_digest == credential_before else " with a new credential"
    words = f"{_named(datasource)}: {PROVIDERS[config.type].short}, {config.path}{credential}"
    audit.record(team=dataset.team, actor=by, action=AuditAction.DATASOURCE_SAVED, target=words, dataset=dataset)
    return _queue(datasource, by, trigger)


def _remove_replaced(dataset: Dataset, purpose: Purpose, by: User | None) -> None:
    replaced = list(dataset.datasources.filter(purpose__in=_REPLACES[purpose]).defer("sealed_config"))
    for datasource in replaced:
        audit.record(
            team=dataset.team,
            actor=by,
            action=AuditAction.DATASOURCE_REMOVED,
            target=_named(datasource),
            dataset=dataset,
        )
        datasource.delete()


@transaction.atomic
def check_again(
    *, datasource: Datasource, by: User | None, trigger: Trigger = Trigger.PERSON
) -> PermissionCheck | None:
    """Queue a check of what is stored, or return the one that is open for it. None if the datasource is gone."""
    check, is_new = _open_or_new(datasource.pk, by, trigger)
    if check and is_new:
        _record_checks([check], by)
    if check and check.dispatched_at is None:
        transaction.on_commit(partial(tasks.dispatch, check.pk))
    return check


MOST_CHECKED_AGAIN = 200


def check_many_again(*, datasource_ids: list[str], by: User | None) -> int:
    """Do check_again for at most MOST_CHECKED_AGAIN of them. Returns how many were found.

    The ids go to the broker over one connection, which gives up at the first failure: a frozen broker costs the person
    who waits a few seconds in all, not a few for each. The sweep sends the rest.
    """
    found = [_open_or_new(datasource_id, by, Trigger.PERSON) for datasource_id in datasource_ids[:MOST_CHECKED_AGAIN]]
    waiting = [check for check, _ in found if check]
    # Not in the transaction of each: one entry tells of all of them.
    _record_checks([check for check, is_new in found if check and is_new], by)
    unsent = [check.pk for check in waiting if check.dispatched_at is None]
    transaction.on_commit(partial(tasks.dispatch_all, unsent))
    return len(waiting)


@transaction.atomic
def _open_or_new(datasource_id: str, by: User | None, trigger: Trigger) -> tuple[PermissionCheck | None, bool]:
    """The check, and whether it is a new one. None if the datasource is gone.

    The datasource is read anew and locked: a check of an old revision must not take the place of a newer save's.
    """
    found = Datasource.objects.select_for_update(of=("self",)).select_related("latest_check", "dataset__team")
    datasource = found.filter(pk=datasource_id).first()
    if datasource is None:
        return None, False
    latest = datasource.latest_check
    if latest and latest.is_open and latest.revision == datasource.revision:
        return latest, False
    return _queue(datasource, by, trigger), True


def verify_now(*, dataset: Dataset, by: User | None) -> list[PermissionCheck]:
    """Check all datasources of the dataset while the caller waits, at most as long as one deadline."""
    ids = list(dataset.datasources.values_list("pk", flat=True))
    found = _queue_each(ids, by, Trigger.API)
    _record_checks([check for check, is_new in found if is_new], by)
    return _finished(found)


def check_now(*, datasource_ids: list[str], by: User | None, trigger: Trigger) -> list[PermissionCheck]:
    """Check these while the caller waits. Those that are gone are left out.

    A check that is open already for the newest revision is used too: whoever claims it first does it.
    """
    return _finished(_queue_each(datasource_ids, by, trigger))


def _queue_each(ids: list[str], by: User | None, trigger: Trigger) -> list[tuple[PermissionCheck, bool]]:
    """Each by itself: who holds one of them waits for no other."""
    found = (_open_or_new(datasource_id, by, trigger) for datasource_id in ids)
    return [(check, is_new) for check, is_new in found if check]


def _finished(found: list[tuple[PermissionCheck, bool]]) -> list[PermissionCheck]:
    ids = [check.pk for check, _ in found]
    checks.run(*ids, patience=False)
    return checks.wait_for(ids)


MOST_NAMED = 20


def _record_checks(new: list[PermissionCheck], by: User | None) -> None:
    """One entry in the log of each team. What the schedule and jobs start is not written there check by check."""
    of_team: dict[str, list[Datasource]] = {}
    for check in new:
        of_team.setdefault(check.datasource.dataset.team_id, []).append(check.datasource)
    for datasources in of_team.values():
        datasets = {datasource.dataset for datasource in datasources}
        more = len(datasources) - MOST_NAMED
        words = ", ".join(_named(datasource) for datasource in datasources[:MOST_NAMED])
        audit.record(
            team=datasources[0].dataset.team,
            actor=by,
            action=AuditAction.CHECK_STARTED,
            target=f"{words} and {more} others" if more > 0 else words,
            dataset=datasets.pop() if len(datasets) == 1 else None,
        )


def _named(datasource: Datasource) -> str:
    return f"{datasource.get_purpose_display()} of {datasource.dataset.name}"


def _queue(datasource: Datasource, by: User | None, trigger: Trigger) -> PermissionCheck:
    check = checks.queue(datasource, by, trigger)
    checks.forget_old(datasource)
    return check
