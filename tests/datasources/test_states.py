"""The state of a datasource is the same, whoever asks: a filter, an annotation, or of the check itself."""

import pytest

from datasets.models import Dataset
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from datasources.states import DatasourceState, in_state, state_expression, state_of

pytestmark = pytest.mark.django_db

CHECKS = [
    (None, "", DatasourceState.NEVER),
    (CheckState.QUEUED, "", DatasourceState.CHECKING),
    (CheckState.RUNNING, "", DatasourceState.CHECKING),
    (CheckState.DONE, Outcome.GREEN, DatasourceState.GREEN),
    (CheckState.DONE, Outcome.RED, DatasourceState.RED),
    (CheckState.DONE, Outcome.UNKNOWN, DatasourceState.UNKNOWN),
    (CheckState.EXPIRED, "", DatasourceState.UNKNOWN),
]


@pytest.mark.parametrize(("check_state", "outcome", "expected"), CHECKS)
def test_all_ways_to_ask_agree(
    dataset: Dataset, check_state: CheckState | None, outcome: str, expected: DatasourceState
) -> None:
    source = Datasource.objects.create(dataset=dataset, purpose=Purpose.INPUT, provider="S3", path="s3://acme/")
    if check_state:
        source.latest_check = PermissionCheck.objects.create(
            datasource=source, revision=0, provider="S3", path=source.path, state=check_state, outcome=outcome
        )
        source.save()
    assert state_of(source.latest_check) is expected
    assert Datasource.objects.annotate(state=state_expression()).get().state == expected
    assert [state for state in DatasourceState if Datasource.objects.filter(in_state(state)).exists()] == [expected]


def test_files_that_are_not_there_are_a_state_of_their_own(dataset: Dataset) -> None:
    source = Datasource.objects.create(dataset=dataset, purpose=Purpose.INPUT, provider="S3", path="s3://acme/")
    for outcome, expected in ((Outcome.GREEN, DatasourceState.NO_FILES), (Outcome.RED, DatasourceState.RED)):
        source.latest_check = PermissionCheck.objects.create(
            datasource=source, revision=0, provider="S3", path="", state=CheckState.DONE, outcome=outcome, no_files=True
        )
        source.save()
        assert state_of(source.latest_check) is expected
        assert Datasource.objects.annotate(state=state_expression()).get().state == expected
        assert [state for state in DatasourceState if Datasource.objects.filter(in_state(state)).exists()] == [expected]


def test_a_filter_by_several_states_takes_each(dataset: Dataset) -> None:
    Datasource.objects.create(dataset=dataset, purpose=Purpose.INPUT, provider="S3", path="s3://acme/")
    assert Datasource.objects.filter(in_state(DatasourceState.RED, DatasourceState.NEVER)).count() == 1
    assert Datasource.objects.filter(in_state(DatasourceState.RED, DatasourceState.GREEN)).count() == 0
