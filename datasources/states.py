"""A datasource in one word, and why: kept in its row, as its latest check says.

Home, health, overview, CSV, metrics and the admin panel all count and filter by it. Whoever writes what a check says
locks the datasource and writes it here too, in the same transaction.
"""

from typing import Any

from django.db import models, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import In

from clouds.permissions import Permission, State
from datasources.models import OPEN_STATES, CheckState, Datasource, DatasourceState, Outcome, PermissionCheck

NEEDS_ATTENTION = (DatasourceState.RED, DatasourceState.UNKNOWN, DatasourceState.NO_FILES)
GIVEN_UP = "given_up"
NO_CAUSE = "not_told"
# The states of the permissions that make a check's outcome what it is.
_BAD = {Outcome.RED.value: (State.DENIED, State.SKIPPED), Outcome.UNKNOWN.value: (State.UNKNOWN,)}
_READ_AT_ONCE = 1000


def state_of(check: PermissionCheck | None) -> DatasourceState:
    """Of a datasource whose latest check this is; None stands for one without any."""
    if check is None:
        return DatasourceState.NEVER
    if check.is_open:
        return DatasourceState.CHECKING
    if check.no_files and check.outcome == Outcome.GREEN:
        return DatasourceState.NO_FILES
    return {Outcome.GREEN.value: DatasourceState.GREEN, Outcome.RED.value: DatasourceState.RED}.get(
        check.outcome, DatasourceState.UNKNOWN
    )


def cause_of(check: PermissionCheck | None) -> str:
    """Why a check is not green: the cause of the first permission that is as bad as the whole. "" if it is green."""
    if check is None or check.state == CheckState.EXPIRED:
        return GIVEN_UP if check else ""
    if check.outcome not in _BAD:
        return ""
    verdicts = [check.verdicts.get(permission.value, {}) for permission in Permission]
    causes = (verdict.get("cause") for verdict in verdicts if verdict.get("state") in _BAD[check.outcome])
    return next(filter(None, causes), NO_CAUSE)


def cause_of_check() -> Case:
    """The same as cause_of, of each row of a QuerySet[PermissionCheck]."""

    def first(states: tuple[State, ...]) -> Coalesce:
        found = [
            Case(
                When(
                    In(_of_verdict(permission, "state"), [state.value for state in states]),
                    then=NullIf(_of_verdict(permission, "cause"), Value("")),
                ),
                default=None,
                output_field=models.TextField(),
            )
            for permission in Permission
        ]
        return Coalesce(*found, Value(NO_CAUSE), output_field=models.TextField())

    return Case(
        When(state=CheckState.EXPIRED, then=Value(GIVEN_UP)),
        *(When(outcome=outcome, then=first(states)) for outcome, states in _BAD.items()),
        default=Value(""),
        output_field=models.TextField(),
    )


def _of_verdict(permission: Permission, key: str) -> KeyTextTransform:
    return KeyTextTransform(key, KeyTransform(permission.value, "verdicts"))


def columns_of(check: PermissionCheck | None) -> dict[str, Any]:
    """What stands in the row of a datasource whose latest check this is."""
    return {"state": state_of(check), "cause": cause_of(check), "checked_at": check.finished_at if check else None}


def keep(check: PermissionCheck) -> None:
    """The check says something else than before. Nothing changes if another one is shown. Lock the datasource first."""
    Datasource.objects.filter(latest_check=check.pk).update(**columns_of(check))


def lock(datasource_ids: set[str]) -> None:
    """Until the end of the transaction, in one order: two that lock in different ones would wait for each other."""
    list(Datasource.objects.select_for_update().filter(pk__in=datasource_ids).order_by("pk").values("pk"))


def repair_open() -> int:
    """Those that seem to be checked still, although the check has ended. Returns how many there were.

    An older release, which runs beside this one during an upgrade, ends checks without writing it here.
    """
    return _repair(Datasource.objects.filter(state=DatasourceState.CHECKING).exclude(_is_open()))


def repair() -> int:
    """The same of all datasources, whatever they seem to be."""
    return _repair(Datasource.objects.all())


def _is_open() -> Q:
    return Q(latest_check__state__in=OPEN_STATES)


def _repair(among: QuerySet[Datasource]) -> int:
    # Without what is secret or long.
    rows = among.select_related("latest_check").defer("sealed_config", "latest_check__cors")
    return sum(_repair_one(row.pk) for row in rows.iterator(_READ_AT_ONCE) if not _is_true(row))


def _is_true(row: Datasource) -> bool:
    return all(getattr(row, name) == value for name, value in columns_of(row.latest_check).items())


@transaction.atomic
def _repair_one(datasource_id: str) -> bool:
    """Read again: whoever changed it since has written the truth."""
    lock({datasource_id})
    row = Datasource.objects.select_related("latest_check").filter(pk=datasource_id).first()
    if row is None or _is_true(row):
        return False
    Datasource.objects.filter(pk=datasource_id).update(**columns_of(row.latest_check))
    return True
