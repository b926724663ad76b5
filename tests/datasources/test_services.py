"""Saving and checking again, up to the moment a message goes to the broker."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clouds import CloudConfig, parse_config
from datasets.models import Dataset
from datasources import services, tasks
from datasources.checks import lifecycle as checks
from datasources.models import CheckState, Datasource, PermissionCheck, Purpose, UnreadableConfigError
from teams.models import User
from tests.conftest import SECRET, s3_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of checks handed to the broker."""
    ids: list[str] = []
    monkeypatch.setattr(tasks, "dispatch", ids.append)
    return ids


Save = Callable[..., PermissionCheck]


@pytest.fixture
def save(dataset: Dataset, alice: User, s3_config: CloudConfig) -> Save:
    def save(purpose: Purpose = Purpose.INPUT, config: CloudConfig = s3_config) -> PermissionCheck:
        return services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="[filename]", by=alice)

    return save


def test_saving_stores_encrypted_and_queues_one_check(
    save: Save,
    dataset: Dataset,
    alice: User,
    s3_config: CloudConfig,
    sent: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    changed_before = dataset.modified_at
    with django_capture_on_commit_callbacks(execute=True):
        check = save()
        assert sent == []  # not before the commit: a quick worker would find nothing
    assert sent == [check.pk]
    datasource = dataset.datasources.get()
    assert datasource.config == s3_config
    assert (datasource.provider, datasource.path, datasource.revision) == ("S3", "s3://acme-raw/street/", 1)
    assert datasource.latest_check == check
    assert (check.state, check.revision, check.requested_by) == (CheckState.QUEUED, 1, alice)
    dataset.refresh_from_db()
    assert dataset.modified_at > changed_before


def test_no_secret_is_stored_in_clear(save: Save, sent: list[str]) -> None:
    check = save()
    for row in (check, check.datasource):
        for field in row._meta.concrete_fields:
            assert SECRET not in str(field.value_from_object(row))


def test_saving_again_is_a_new_revision_of_the_same_datasource(save: Save, dataset: Dataset, sent: list[str]) -> None:
    first, second = save(), save(config=parse_config(s3_fields(fullPath="s3://other/")))
    datasource = dataset.datasources.get()
    assert (datasource.path, datasource.revision, datasource.latest_check) == ("s3://other/", 2, second)
    assert PermissionCheck.objects.get(pk=first.pk).revision == 1


def test_one_datasource_for_everything_or_one_for_each_purpose(save: Save, dataset: Dataset, sent: list[str]) -> None:
    def purposes() -> list[str]:
        return sorted(dataset.datasources.values_list("purpose", flat=True))

    save(Purpose.INPUT)
    save(Purpose.LIGHTLY)
    assert purposes() == ["INPUT", "LIGHTLY"]
    save(Purpose.INPUT_OUTPUT)
    assert purposes() == ["INPUT_OUTPUT"]
    save(Purpose.INPUT)
    assert purposes() == ["INPUT"]


def test_check_again_uses_an_open_check_of_the_same_revision(save: Save, alice: User, sent: list[str]) -> None:
    first = save()
    again = services.check_again(datasource=first.datasource, by=alice)
    assert again == first
    PermissionCheck.objects.update(state=CheckState.DONE)
    assert services.check_again(datasource=first.datasource, by=alice) != first


def test_check_again_judges_the_newest_revision(save: Save, alice: User, bob: User, sent: list[str]) -> None:
    datasource = save().datasource
    save()
    PermissionCheck.objects.update(state=CheckState.DONE)
    check = services.check_again(datasource=datasource, by=bob)  # a stale object from before the second save
    assert check
    assert (check.revision, check.requested_by) == (2, bob)


def test_nothing_is_checked_that_is_gone(save: Save, dataset: Dataset, alice: User, sent: list[str]) -> None:
    datasource = save().datasource
    dataset.datasources.all().delete()
    assert services.check_again(datasource=datasource, by=alice) is None
    assert services.verify_now(dataset=dataset, by=alice) == []
    assert PermissionCheck.objects.count() == 0


def test_a_save_while_a_script_verifies_keeps_its_place(
    save: Save, dataset: Dataset, alice: User, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script has seen both datasources and queues the first one's check when somebody saves the second one."""
    for purpose in (Purpose.INPUT, Purpose.LIGHTLY):
        save(purpose)
    PermissionCheck.objects.update(state=CheckState.DONE)
    queue, saved = checks.queue, []

    def interrupted(datasource: Datasource, *arguments: Any) -> PermissionCheck:
        monkeypatch.setattr(checks, "queue", queue)
        other = dataset.datasources.exclude(pk=datasource.pk).get()
        saved.append(save(Purpose(other.purpose), parse_config(s3_fields(fullPath="s3://other/"))))
        return queue(datasource, *arguments)

    monkeypatch.setattr(checks, "queue", interrupted)
    monkeypatch.setattr(checks, "run", lambda *_, **__: None)
    monkeypatch.setattr(checks, "wait_for", lambda ids: PermissionCheck.objects.filter(pk__in=ids))
    found = services.verify_now(dataset=dataset, by=alice)
    (check,) = saved
    assert check in found
    assert Datasource.objects.get(pk=check.datasource_id).latest_check == check
    assert [each.revision for each in found if each.datasource_id == check.datasource_id] == [2]


def test_an_unsent_check_is_sent_by_asking_again(
    save: Save, alice: User, sent: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    check = save()
    with django_capture_on_commit_callbacks(execute=True):
        services.check_again(datasource=check.datasource, by=alice)
    assert sent == [check.pk]


def test_a_broker_out_of_reach_loses_nothing(
    save: Save, dataset: Dataset, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        check = save()  # the tests' own process has no Redis
    check.refresh_from_db()
    assert (check.state, check.dispatched_at) == (CheckState.QUEUED, None)
    assert dataset.datasources.get().latest_check == check


def test_a_config_whose_key_is_gone_says_so(save: Save, sent: list[str], settings: Settings) -> None:
    datasource = Datasource.objects.get(pk=save().datasource_id)
    old = settings.LIGHTLY_ENCRYPTION_KEYS
    new = Fernet.generate_key().decode()
    settings.LIGHTLY_ENCRYPTION_KEYS = (new,)
    with pytest.raises(UnreadableConfigError):
        _ = datasource.config
    settings.LIGHTLY_ENCRYPTION_KEYS = (new, *old)
    assert datasource.config.type == "S3"
