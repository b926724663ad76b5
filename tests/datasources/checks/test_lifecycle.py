"""The life of a check, with a real bucket where one is asked."""

import json
from datetime import datetime, timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from clouds import Cause, CloudConfig, Failure, KeyFacts, parse_config
from clouds.doctor.asides import Asides, SideQuestions
from clouds.doctor.probe import Report
from clouds.permissions import Permission, State, Verdict
from datasets.models import Dataset
from datasources import services, tasks
from datasources.checks import lifecycle as checks
from datasources.endpoints import configured_endpoints
from datasources.grants import grantable, missing_grant
from datasources.models import CheckState, Datasource, DatasourceState, Outcome, PermissionCheck, Purpose
from datasources.states import state_of
from teams.models import User
from tests.servers import WORKING_RIGHTS, Cloud, GCSCloud, Right, S3Cloud, Trouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def s3(clouds: dict[str, Cloud], settings: Settings) -> S3Cloud:
    cloud = clouds["S3"]
    assert isinstance(cloud, S3Cloud)
    settings.LIGHTLY_S3_ENDPOINT_URL = cloud.environment()["LIGHTLY_S3_ENDPOINT_URL"]
    return cloud


def saved(dataset: Dataset, config: CloudConfig, purpose: Purpose = Purpose.LIGHTLY) -> PermissionCheck:
    return services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="", by=dataset.owner)


def test_a_check_ends_with_a_verdict_for_each_permission(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    s3.put(bucket, "street/a.jpg", b"x")
    check = saved(dataset, parse_config(s3.grant(bucket, "street/", WORKING_RIGHTS)))
    checks.run(check.pk)
    check.refresh_from_db()
    assert (check.state, check.outcome, check.empty, check.attempts) == (CheckState.DONE, Outcome.GREEN, False, 1)
    assert {name: verdict["state"] for name, verdict in check.verdicts.items()} == dict.fromkeys(
        ["list", "read", "write", "overwrite"], "granted"
    )
    assert check.milliseconds is not None
    assert check.finished_at is not None


def test_a_check_that_is_deleted_as_it_begins_disturbs_nobody(
    s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = parse_config(s3.grant(s3.make_bucket(), "street/", WORKING_RIGHTS))
    gone, other = saved(dataset, config, Purpose.INPUT), saved(dataset, config)
    real = PermissionCheck.objects.select_related

    def interrupted(*names: str) -> QuerySet[PermissionCheck]:
        Datasource.objects.filter(pk=gone.datasource_id).delete()
        return real(*names)

    monkeypatch.setattr(PermissionCheck.objects, "select_related", interrupted)
    checks.run(gone.pk, other.pk)
    assert PermissionCheck.objects.get().outcome == Outcome.GREEN


@pytest.mark.parametrize(
    ("code", "detail", "helps"),
    [
        ("AccessDenied", "", True),
        ("AccessDenied", "identity-based policy", True),
        ("AccessDenied", "service control policy", False),
        ("AccessDenied", "permissions boundary", False),
        ("AllAccessDisabled", "", False),
        ("AccountIsDisabled", "", False),
        ("disabled_client", "", False),
    ],
)
def test_a_grant_is_offered_where_it_helps(
    s3: Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, code: str, detail: str, *, helps: bool
) -> None:
    denied = Verdict(State.DENIED, 3, Failure(Cause.DENIED, code, 403, detail=detail), "street/a.jpg")
    verdicts = {Permission.LIST: Verdict(State.GRANTED, 3), Permission.READ: denied}
    monkeypatch.setattr(checks, "probe", lambda *_: Report(verdicts, 3))
    check = saved(dataset, parse_config(s3.grant(s3.make_bucket(), "street/", set())), Purpose.INPUT)
    checks.run(check.pk, patience=False)
    check.refresh_from_db()
    assert check.outcome == Outcome.RED
    assert bool(missing_grant(check.verdicts, Purpose.INPUT, dataset.team)) is helps
    assert grantable(check.verdicts) == (["read"] if helps else [])


def test_a_red_bulb_comes_with_words(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    s3.put(bucket, "street/a.jpg", b"x")
    check = saved(dataset, parse_config(s3.grant(bucket, "street/", {Right.LIST, Right.READ})))
    checks.run(check.pk)
    check.refresh_from_db()
    assert check.outcome == Outcome.RED
    write = check.verdicts["write"]
    assert (write["state"], write["cause"]) == ("denied", "denied")
    assert "403 AccessDenied" in write["answered"]
    assert "s3:PutObject" in write["fix"]
    assert check.verdicts["overwrite"]["state"] == "skipped"
    # Verify it yourself, and what a grant is written for: no secret among it.
    assert "aws s3api put-object" in write["command"]
    assert write["how_to_be_sure"]
    assert (write["place"]["bucket"], write["place"]["prefix"]) == (bucket, "street/")
    assert check.verdicts["list"]["place"] == {}
    assert check.datasource.config.revealed()["s3SecretAccessKey"] not in str(check.verdicts)


def test_a_verdict_names_the_field_at_fault(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    config = s3.with_wrong_secret(s3.grant(bucket, "street/", WORKING_RIGHTS))
    check = saved(dataset, parse_config(config))
    checks.run(check.pk)
    check.refresh_from_db()
    assert check.verdicts["list"]["field"] == "secret_access_key"


def test_input_is_judged_by_two_permissions_and_never_written_to(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    s3.put(bucket, "street/a.jpg", b"x")
    check = saved(dataset, parse_config(s3.grant(bucket, "street/", {Right.LIST, Right.READ})), Purpose.INPUT)
    s3.requests.clear()
    checks.run(check.pk)
    check.refresh_from_db()
    assert check.outcome == Outcome.GREEN
    # OPTIONS is the CORS note's question.
    assert {exchange.method for exchange in s3.requests} == {"GET", "OPTIONS"}


def test_what_can_not_be_told_is_neither_green_nor_red(s3: Cloud, dataset: Dataset, settings: Settings) -> None:
    settings.LIGHTLY_CHECK_DEADLINE_SECONDS = 0.5
    bucket = s3.make_bucket()
    config = parse_config(s3.grant(bucket, "street/", WORKING_RIGHTS))
    s3.trouble(bucket, Trouble.SILENT)
    check = saved(dataset, config)
    checks.run(check.pk)
    check.refresh_from_db()
    assert check.outcome == Outcome.UNKNOWN
    assert check.verdicts["list"]["summary"] == "no answer within 0.5 s"


def test_an_empty_path_is_noted_with_the_nearest_name(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    s3.put(bucket, "input/a.jpg", b"x")
    config = parse_config(s3.with_path(s3.grant(bucket, "", WORKING_RIGHTS), bucket, "inptu/"))
    check = saved(dataset, config, Purpose.INPUT)
    checks.run(check.pk)
    check.refresh_from_db()
    assert (check.empty, check.similar) == (True, [f"s3://{bucket}/input/"])
    assert (check.outcome, check.no_files) == (Outcome.GREEN, True)


@pytest.mark.parametrize(
    ("path", "marked", "purpose"),
    [("input/", True, Purpose.INPUT), ("", False, Purpose.INPUT), ("lightly/", False, Purpose.LIGHTLY)],
    ids=["a directory marker", "the root of a bucket", "what is written to"],
)
def test_an_empty_folder_is_no_typo(s3: Cloud, dataset: Dataset, path: str, marked: bool, purpose: Purpose) -> None:
    bucket = s3.make_bucket()
    if marked:
        s3.put(bucket, path, b"")
    config = parse_config(s3.with_path(s3.grant(bucket, "", WORKING_RIGHTS), bucket, path))
    check = saved(dataset, config, purpose)
    checks.run(check.pk)
    check.refresh_from_db()
    assert (check.outcome, check.empty, check.no_files) == (Outcome.GREEN, True, False)
    assert state_of(check) is DatasourceState.GREEN


def test_a_folder_that_held_something_before_is_no_typo(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    config = parse_config(s3.with_path(s3.grant(bucket, "", WORKING_RIGHTS), bucket, "input/"))
    first = saved(dataset, config, Purpose.INPUT)
    checks.run(first.pk)
    first.refresh_from_db()
    assert state_of(first) is DatasourceState.NO_FILES
    s3.put(bucket, "input/a.jpg", b"x")
    check = saved(dataset, config, Purpose.INPUT)
    checks.run(check.pk)
    check.refresh_from_db()
    assert state_of(check) is DatasourceState.GREEN
    # The same path without files: another bucket, whose path the check before is made to carry.
    other = s3.make_bucket()
    moved = parse_config(s3.with_path(s3.grant(other, "", WORKING_RIGHTS), other, "input/"))
    PermissionCheck.objects.filter(pk=check.pk).update(path=moved.path)
    again = saved(dataset, moved, Purpose.INPUT)
    checks.run(again.pk)
    again.refresh_from_db()
    assert (again.empty, again.no_files) == (True, False)


def test_what_browsers_may_is_noted_beside_the_bulbs(s3: S3Cloud, dataset: Dataset, settings: Settings) -> None:
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com:443"
    bucket = s3.make_bucket()
    config = parse_config(s3.grant(bucket, "street/", WORKING_RIGHTS))
    check = saved(dataset, config)
    checks.run(check.pk)
    check.refresh_from_db()
    assert (check.outcome, check.cors["state"]) == (Outcome.GREEN, "refused")
    assert check.cors["origin"] == "https://lightly.example.com"
    assert "not allowed for https://lightly.example.com" in check.cors["summary"]
    s3.set_cors(bucket, json.loads(check.cors["documents"][0]["text"]))
    again = services.check_again(datasource=check.datasource, by=None)
    assert again
    checks.run(again.pk)
    again.refresh_from_db()
    assert (again.outcome, again.cors["state"], again.cors["documents"]) == (Outcome.GREEN, "allowed", [])


def test_the_bulbs_do_not_wait_for_the_note(s3: S3Cloud, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the CORS answer comes late, the verdicts are stored already."""
    seen: list[str] = []
    check = saved(dataset, parse_config(s3.grant(s3.make_bucket(), "", WORKING_RIGHTS)))

    def late(self: SideQuestions, *, wait: bool) -> Asides:
        seen.append(PermissionCheck.objects.get(pk=check.pk).outcome)
        return Asides()

    monkeypatch.setattr(SideQuestions, "results", late)
    checks.run(check.pk)
    assert seen == [Outcome.GREEN]
    check.refresh_from_db()
    assert check.cors["state"] == "unknown"
    assert check.cors["documents"]


def test_no_answer_to_the_cors_question_changes_no_verdict(s3: S3Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    check = saved(dataset, parse_config(s3.with_wrong_secret(s3.grant(bucket, "", WORKING_RIGHTS))))
    checks.run(check.pk)
    check.refresh_from_db()
    # Refused by rules nobody may read: the preflight, which needs no key, knows.
    assert (check.outcome, check.verdicts["list"]["cause"]) == (Outcome.RED, "wrong_secret")
    assert check.cors["state"] == "refused"


def test_the_end_of_a_key_is_known_after_a_check(
    clouds: dict[str, Cloud], dataset: Dataset, settings: Settings
) -> None:
    gcs = clouds["GCS"]
    assert isinstance(gcs, GCSCloud)
    for name, value in gcs.environment().items():
        if name != "LIGHTLY_ALLOWED_PRIVATE_HOSTS":
            setattr(settings, name, value)
    fields = gcs.grant(gcs.make_bucket(), "", WORKING_RIGHTS)
    made, ends = (timezone.now().replace(microsecond=0) + timedelta(days=days) for days in (-400, 3))
    gcs.publish_certificate(fields, made=made, ends=ends)
    check = saved(dataset, parse_config(fields, configured_endpoints()))
    assert Datasource.objects.get().expires_at is None
    checks.run(check.pk)
    assert Datasource.objects.get().expires_at == ends
    check.refresh_from_db()
    assert datetime.fromisoformat(check.cors["key_made_at"]) == made
    # Saved anew it may be another key; and what can't be asked for once is not forgotten.
    services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=check.datasource.config, thumb_suffix="", by=None)
    assert Datasource.objects.get().expires_at is None


def test_an_older_check_says_nothing_of_a_newer_credential(dataset: Dataset, s3_config: CloudConfig) -> None:
    soon = timezone.now() + timedelta(days=3)
    old = saved(dataset, s3_config)
    saved(dataset, s3_config)
    found = Asides(key=KeyFacts(timezone.now(), soon))
    PermissionCheck.objects.filter(pk=old.pk).update(state=CheckState.DONE)
    checks._note(old, s3_config, found, "https://lightly.example.com")
    assert Datasource.objects.get().expires_at is None


def test_running_a_check_twice_changes_nothing(s3: Cloud, dataset: Dataset) -> None:
    check = saved(dataset, parse_config(s3.grant(s3.make_bucket(), "", WORKING_RIGHTS)))
    checks.run(check.pk)
    first = PermissionCheck.objects.values().get(pk=check.pk)
    checks.run(check.pk)
    checks.run("0" * 24)
    assert PermissionCheck.objects.values().get(pk=check.pk) == first


def test_an_older_revision_is_given_up_unasked(s3: Cloud, dataset: Dataset) -> None:
    config = parse_config(s3.grant(s3.make_bucket(), "", WORKING_RIGHTS))
    old, new = saved(dataset, config), saved(dataset, config)
    s3.requests.clear()
    checks.run(old.pk)
    assert s3.requests == []
    old.refresh_from_db()
    assert old.state == CheckState.EXPIRED
    assert dataset.datasources.get().latest_check == new


def test_an_older_check_that_ends_later_does_not_show(s3: Cloud, dataset: Dataset) -> None:
    bucket = s3.make_bucket()
    good = parse_config(s3.grant(bucket, "", WORKING_RIGHTS))
    bad = parse_config(s3.with_wrong_secret(s3.grant(bucket, "", WORKING_RIGHTS)))
    old = saved(dataset, bad)
    PermissionCheck.objects.filter(pk=old.pk).update(state=CheckState.RUNNING)  # a worker has it
    new = saved(dataset, good)
    checks.run(new.pk)
    checks._finish(old, state=CheckState.DONE, outcome=Outcome.RED)  # now the first worker is done too
    shown = Datasource.objects.select_related("latest_check").get().latest_check
    assert shown is not None
    assert (shown.pk, shown.outcome) == (new.pk, Outcome.GREEN)


def test_a_config_that_can_not_be_read_says_so(dataset: Dataset, s3_config: CloudConfig) -> None:
    check = saved(dataset, s3_config)
    Datasource.objects.update(sealed_config="gibberish")
    checks.run(check.pk)
    check.refresh_from_db()
    assert (check.state, check.outcome) == (CheckState.DONE, Outcome.UNKNOWN)
    assert "can't be read" in check.verdicts["list"]["summary"]


class TestLost:
    """What a broker or a worker lost is found again."""

    @pytest.fixture
    def check(self, dataset: Dataset, s3_config: CloudConfig) -> PermissionCheck:
        check = saved(dataset, s3_config)
        checks.mark_dispatched(check.pk)
        return check

    def change(self, check: PermissionCheck, **fields: object) -> None:
        PermissionCheck.objects.filter(pk=check.pk).update(**fields)

    def test_a_fresh_message_is_left_in_the_queue(self, check: PermissionCheck) -> None:
        assert checks.find_lost() == []

    def test_a_check_that_was_never_sent(self, check: PermissionCheck) -> None:
        self.change(check, dispatched_at=None)
        assert checks.find_lost() == [check.pk]

    def test_a_message_that_waits_long_is_sent_again(self, check: PermissionCheck) -> None:
        self.change(check, dispatched_at=timezone.now() - timedelta(minutes=2))
        assert checks.find_lost() == [check.pk]

    def test_a_running_check_is_left_alone_until_its_time_is_over(self, check: PermissionCheck) -> None:
        self.change(check, state=CheckState.RUNNING, started_at=timezone.now() - timedelta(seconds=20))
        assert checks.find_lost() == []

    def test_a_check_whose_worker_died_is_queued_again(self, check: PermissionCheck) -> None:
        self.change(check, state=CheckState.RUNNING, started_at=timezone.now() - timedelta(minutes=1), attempts=1)
        assert checks.find_lost() == [check.pk]
        check.refresh_from_db()
        assert check.state == CheckState.QUEUED

    def test_a_clock_that_was_set_back_holds_nothing_up(self, check: PermissionCheck) -> None:
        later = timezone.now() + timedelta(hours=1)
        self.change(check, dispatched_at=later)
        assert checks.find_lost() == [check.pk]
        self.change(check, state=CheckState.RUNNING, started_at=later, attempts=1)
        assert checks.find_lost() == [check.pk]
        check.refresh_from_db()
        assert check.state == CheckState.QUEUED

    def test_after_three_deaths_it_is_given_up(self, check: PermissionCheck) -> None:
        self.change(check, state=CheckState.RUNNING, started_at=timezone.now() - timedelta(minutes=1), attempts=3)
        assert checks.find_lost() == []
        check.refresh_from_db()
        assert check.state == CheckState.EXPIRED

    def test_finished_ones_never_come_back(self, check: PermissionCheck) -> None:
        for state in (CheckState.DONE, CheckState.EXPIRED):
            self.change(check, state=state, dispatched_at=None)
            assert checks.find_lost() == []

    def test_the_sweep_survives_a_broker_out_of_reach(self, check: PermissionCheck) -> None:
        self.change(check, dispatched_at=None)
        tasks.sweep()  # the tests' own process has no Redis
        check.refresh_from_db()
        assert (check.state, check.dispatched_at) == (CheckState.QUEUED, None)


def test_history_is_bounded_and_keeps_open_checks(
    dataset: Dataset, s3_config: CloudConfig, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "KEPT_PER_DATASOURCE", 3)
    first = saved(dataset, s3_config)
    for _ in range(5):
        PermissionCheck.objects.exclude(pk=first.pk).update(state=CheckState.DONE)
        saved(dataset, s3_config)
    kept = list(PermissionCheck.objects.order_by("queued_at"))
    assert len(kept) == 4
    assert kept[0] == first  # still queued
