"""The state of a datasource and its cause are the same, whoever asks: its row, the check itself, or the history."""

import pytest

from datasets.models import Dataset
from datasources import states, tasks
from datasources.checks import pruning
from datasources.models import CheckState, Datasource, DatasourceState, Outcome, PermissionCheck, Purpose
from datasources.states import GIVEN_UP, NO_CAUSE, cause_of, cause_of_check, state_of

pytestmark = pytest.mark.django_db

DENIED = {"state": "denied", "cause": "access_denied"}
SKIPPED = {"state": "skipped", "cause": ""}
UNKNOWN = {"state": "unknown", "cause": "timeout"}
GRANTED = {"state": "granted", "cause": ""}
Verdicts = dict[str, dict[str, str]]

CHECKS: list[tuple[CheckState, str, Verdicts, DatasourceState, str]] = [
    (CheckState.QUEUED, "", {}, DatasourceState.CHECKING, ""),
    (CheckState.RUNNING, "", {}, DatasourceState.CHECKING, ""),
    (CheckState.DONE, Outcome.GREEN, {"list": GRANTED, "read": GRANTED}, DatasourceState.GREEN, ""),
    (CheckState.DONE, Outcome.RED, {"list": GRANTED, "read": DENIED}, DatasourceState.RED, "access_denied"),
    (CheckState.DONE, Outcome.RED, {"list": UNKNOWN, "write": DENIED}, DatasourceState.RED, "access_denied"),
    (CheckState.DONE, Outcome.RED, {"list": SKIPPED, "read": DENIED}, DatasourceState.RED, "access_denied"),
    (CheckState.DONE, Outcome.RED, {"list": SKIPPED}, DatasourceState.RED, NO_CAUSE),
    (CheckState.DONE, Outcome.RED, {}, DatasourceState.RED, NO_CAUSE),
    (CheckState.DONE, Outcome.UNKNOWN, {"list": UNKNOWN}, DatasourceState.UNKNOWN, "timeout"),
    (CheckState.DONE, Outcome.UNKNOWN, {"list": {"state": "unknown"}}, DatasourceState.UNKNOWN, NO_CAUSE),
    (CheckState.EXPIRED, "", {}, DatasourceState.UNKNOWN, GIVEN_UP),
]


def make(dataset: Dataset) -> Datasource:
    return Datasource.objects.create(dataset=dataset, purpose=Purpose.INPUT, provider="S3", path="s3://acme/")


def show(source: Datasource, state: CheckState, outcome: str, **fields: object) -> PermissionCheck:
    """As an older release does it, which knows nothing of the datasource's columns."""
    check: PermissionCheck = PermissionCheck.objects.create(
        datasource=source, revision=0, provider="S3", path=source.path, state=state, outcome=outcome, **fields
    )
    Datasource.objects.filter(pk=source.pk).update(latest_check=check)
    return check


def kept(source: Datasource) -> tuple[str, str]:
    found: tuple[str, str] = Datasource.objects.values_list("state", "cause").get(pk=source.pk)
    return found


def test_never_checked(dataset: Dataset) -> None:
    source = make(dataset)
    assert kept(source) == (state_of(None), cause_of(None)) == (DatasourceState.NEVER, "")
    assert states.repair() == 0


@pytest.mark.parametrize(("state", "outcome", "verdicts", "expected", "cause"), CHECKS)
def test_all_ways_to_ask_agree(
    dataset: Dataset, state: CheckState, outcome: str, verdicts: Verdicts, expected: DatasourceState, cause: str
) -> None:
    source = make(dataset)
    check = show(source, state, outcome, verdicts=verdicts)
    assert (state_of(check), cause_of(check)) == (expected, cause)
    assert PermissionCheck.objects.annotate(cause=cause_of_check()).get().cause == cause
    states.keep(check)
    assert kept(source) == (expected, cause)
    assert states.repair() == 0


def test_files_that_are_not_there_are_a_state_of_their_own(dataset: Dataset) -> None:
    source = make(dataset)
    for outcome, expected in ((Outcome.GREEN, DatasourceState.NO_FILES), (Outcome.RED, DatasourceState.RED)):
        check = show(source, CheckState.DONE, outcome, no_files=True)
        states.keep(check)
        assert state_of(check) == kept(source)[0] == expected


def test_a_check_that_is_not_shown_changes_nothing(dataset: Dataset) -> None:
    source = make(dataset)
    old = show(source, CheckState.DONE, Outcome.RED)
    states.keep(show(source, CheckState.DONE, Outcome.GREEN))
    states.keep(old)
    assert kept(source) == (DatasourceState.GREEN, "")


def test_what_an_older_release_ended_is_found_by_the_next_sweep(dataset: Dataset) -> None:
    source = make(dataset)
    check = show(source, CheckState.RUNNING, "")
    states.keep(check)
    tasks.sweep()
    assert kept(source) == (DatasourceState.CHECKING, "")
    PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, outcome=Outcome.GREEN)
    tasks.sweep()
    assert kept(source) == (DatasourceState.GREEN, "")


def test_whatever_else_is_wrong_is_found_within_an_hour(dataset: Dataset) -> None:
    source = make(dataset)
    states.keep(show(source, CheckState.DONE, Outcome.GREEN))
    show(source, CheckState.DONE, Outcome.RED, verdicts={"list": DENIED})
    assert kept(source) == (DatasourceState.GREEN, "")
    pruning.prune()
    assert kept(source) == (DatasourceState.RED, "access_denied")
    assert states.repair() == 0
