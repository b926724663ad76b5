"""A run is refused as long as a permission that it needs is missing, with its cause and its fix."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest
from django.utils import timezone

from clouds import parse_config
from clouds.permissions import Permission, State
from datasets.models import Dataset
from datasources import services as datasources
from datasources.endpoints import configured_endpoints
from datasources.models import PermissionCheck, Purpose, Trigger
from runs.models import LogLevel, ScheduledRun
from runs.scheduling import gate, services
from runs.scheduling.errors import NoDatasourceError, PermissionsMissingError
from teams.models import AuditEntry, User
from tests.contents.support import connect, green
from tests.runs.engine import TestRunner
from tests.runs.scheduling.making import begun, bypassing, stored_config, worker
from tests.servers import Cloud, Right

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]

NEEDED = {
    Purpose.INPUT: {Right.LIST, Right.READ},
    Purpose.LIGHTLY: {Right.LIST, Right.READ, Right.CREATE, Right.REPLACE, Right.DELETE},
}
PREFIX = {Purpose.INPUT: "input/", Purpose.LIGHTLY: "lightly/"}
# Each permission that a run needs, and the rights that are taken away. Whoever may replace may write, as S3 has it.
RED = [
    (Purpose.INPUT, Permission.LIST, {Right.LIST}),
    (Purpose.INPUT, Permission.READ, {Right.READ}),
    (Purpose.LIGHTLY, Permission.LIST, {Right.LIST}),
    (Purpose.LIGHTLY, Permission.READ, {Right.READ}),
    (Purpose.LIGHTLY, Permission.WRITE, {Right.CREATE, Right.REPLACE}),
    (Purpose.LIGHTLY, Permission.OVERWRITE, {Right.REPLACE}),
]


@pytest.fixture(scope="module")
def bucket(clouds: dict[str, Cloud]) -> str:
    """With a file in either place."""
    name = clouds["S3"].make_bucket()
    clouds["S3"].put(name, "input/a.jpg", b"a")
    clouds["S3"].put(name, "lightly/.lightly/x.txt", b"x")
    return name


class Grants:
    """What the dataset's two datasources may do."""

    def __init__(self, cloud: Cloud, bucket: str, dataset: Dataset) -> None:
        self.cloud, self.bucket, self.dataset = cloud, bucket, dataset
        # Checks leave a file: whoever may not write finds none there yet.
        self.prefix = PREFIX | {Purpose.LIGHTLY: f"lightly-{dataset.pk}/"}

    def save(self, purpose: Purpose, *, without: Collection[Right] = ()) -> None:
        """A new key, as somebody saves it in the settings; its check is left to whoever needs it."""
        rights = NEEDED[purpose] - set(without)
        config = parse_config(self.cloud.grant(self.bucket, self.prefix[purpose], rights), configured_endpoints())
        datasources.store(
            dataset=self.dataset, purpose=purpose, config=config, thumb_suffix="", by=None, trigger=Trigger.PERSON
        )


@pytest.fixture
def grants(clouds: dict[str, Cloud], bucket: str, dataset: Dataset) -> Grants:
    made = Grants(clouds["S3"], bucket, dataset)
    for purpose in NEEDED:
        made.save(purpose)
    return made


@pytest.mark.parametrize(("purpose", "permission", "rights"), RED)
def test_a_red_permission_refuses_and_its_fix_helps(
    grants: Grants, dataset: Dataset, alice: User, purpose: Purpose, permission: Permission, rights: set[Right]
) -> None:
    config = stored_config(by=alice)
    grants.save(purpose, without=rights)
    with pytest.raises(PermissionsMissingError) as refused:
        services.schedule(dataset=dataset, config=config, by=alice)
    finding = next(each for each in refused.value.findings if each.permission == permission)
    assert finding.datasource == purpose.label
    assert finding.state in (State.DENIED, State.SKIPPED)
    assert finding.cause or finding.summary
    assert finding.fix
    text = refused.value.text
    assert f"{purpose.label} datasource s3://" in text
    assert f", {permission.value}: " in text
    assert "Fix: " in text
    assert len(text.splitlines()) >= 4
    assert not ScheduledRun.objects.exists()
    grants.save(purpose)
    scheduled = services.schedule(dataset=dataset, config=config, by=alice)
    assert (scheduled.state, scheduled.warning) == ("OPEN", "")
    assert AuditEntry.objects.filter(action="RUN_SCHEDULED", dataset_id=dataset.pk).count() == 1


def test_bypassing_schedules_and_says_so(grants: Grants, dataset: Dataset, alice: User, engine: TestRunner) -> None:
    grants.save(Purpose.LIGHTLY, without={Right.CREATE, Right.REPLACE})
    worker()
    scheduled = services.schedule(dataset=dataset, config=stored_config(bypassing(), alice), by=alice)
    assert scheduled.bypasses_gate
    assert "Lightly datasource" in scheduled.warning
    run = begun()
    assert "bypass_verify" in run.message
    assert ", write: " in run.message
    warnings = [line.text for line in run.lines.filter(level=LogLevel.WARNING)]
    assert warnings == [scheduled.warning]


def test_where_all_is_granted_bypassing_changes_nothing(grants: Grants, dataset: Dataset, alice: User) -> None:
    scheduled = services.schedule(dataset=dataset, config=stored_config(bypassing(), alice), by=alice)
    assert (scheduled.bypasses_gate, scheduled.warning) == (True, "")


def test_it_turns_red_before_a_worker_takes_it(grants: Grants, dataset: Dataset, alice: User) -> None:
    """What the engine asks first: whoever saved another key in between is caught, however green the old one was."""
    services.schedule(dataset=dataset, config=stored_config(by=alice), by=alice)
    assert gate.findings(dataset) == []
    grants.save(Purpose.INPUT, without={Right.READ})
    assert {str(each.permission) for each in gate.findings(dataset)} == {"read"}


class TestWhatIsBelieved:
    @pytest.fixture(autouse=True)
    def no_cloud(self, clouds: dict[str, Cloud], bucket: str, dataset: Dataset) -> None:
        """Both bulbs are green, and the Input can't be read: who looks sees it."""
        for purpose, rights in NEEDED.items():
            granted = rights - {Right.READ} if purpose is Purpose.INPUT else rights
            green(connect(dataset, purpose, clouds["S3"].grant(bucket, PREFIX[purpose], granted)))

    def test_a_green_check_of_the_last_ten_minutes(self, dataset: Dataset) -> None:
        count = PermissionCheck.objects.count()
        assert gate.findings(dataset) == []
        assert PermissionCheck.objects.count() == count

    def test_not_an_older_one(self, dataset: Dataset) -> None:
        PermissionCheck.objects.update(finished_at=timezone.now() - timedelta(minutes=10, seconds=1))
        assert {each.permission for each in gate.findings(dataset)} == {Permission.READ}

    def test_not_one_of_older_settings(self, dataset: Dataset) -> None:
        dataset.datasources.update(revision=7)
        assert {each.permission for each in gate.findings(dataset)} == {Permission.READ}


class TestDatasources:
    @pytest.mark.parametrize("there", [[], [Purpose.INPUT], [Purpose.LIGHTLY]])
    def test_one_is_missing(
        self, clouds: dict[str, Cloud], bucket: str, dataset: Dataset, alice: User, there: list[Purpose]
    ) -> None:
        for purpose in there:
            green(connect(dataset, purpose, clouds["S3"].grant(bucket, PREFIX[purpose], NEEDED[purpose])))
        with pytest.raises(NoDatasourceError) as refused:
            services.schedule(dataset=dataset, config=stored_config(bypassing(), alice), by=alice)
        assert refused.value.code == "DATASET_DATASOURCE_UNKNOWN"
        for purpose in NEEDED:
            assert (f"no {purpose.label}" in refused.value.text or f"and {purpose.label}" in refused.value.text) == (
                purpose not in there
            )

    def test_one_serves_both(self, clouds: dict[str, Cloud], bucket: str, dataset: Dataset) -> None:
        connect(dataset, Purpose.INPUT_OUTPUT, clouds["S3"].grant(bucket, "lightly/", NEEDED[Purpose.LIGHTLY]))
        assert gate.findings(dataset) == []
        PermissionCheck.objects.all().delete()
        read_only = clouds["S3"].grant(bucket, "lightly/", NEEDED[Purpose.INPUT])
        dataset.datasources.all().delete()
        connect(dataset, Purpose.INPUT_OUTPUT, read_only)
        assert {each.permission for each in gate.findings(dataset)} == {Permission.WRITE, Permission.OVERWRITE}
