from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clouds import CloudConfig
from core.ids import first_id_at
from datasets.models import Dataset
from datasources import services, states, tasks
from datasources.checks import lifecycle as checks
from datasources.models import Alert, CheckState, Datasource, Outcome, PermissionCheck, Purpose
from datasources.transitions import AlertKind
from teams.models import ApiToken, User
from teams.services import create_token
from tests.conftest import SECRET, Login
from tests.rows import Rows

pytestmark = pytest.mark.django_db
MODELS = [
    "teams_user",
    "teams_team",
    "teams_apitoken",
    "datasets_dataset",
    "datasources_datasource",
    "datasources_permissioncheck",
    "datasources_alert",
]


@pytest.fixture
def content(alice: User, dataset: Dataset, s3_config: CloudConfig, monkeypatch: pytest.MonkeyPatch) -> str:
    """One row of everything; returns the plain API token."""
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    Alert.objects.create(datasource=Datasource.objects.get(), kind=AlertKind.BROKEN)
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    return create_token(user=alice, name="notebook")


def test_every_list_and_page_opens_and_shows_no_secret(login: Login, alice: User, content: str) -> None:
    alice.refresh_from_db()
    client = login(alice)
    sealed = Datasource.objects.get().sealed_config
    digest = ApiToken.objects.get().digest
    for model in MODELS:
        listing = client.get(reverse(f"admin:{model}_changelist"), {"q": "a"})
        assert listing.status_code == 200
        page = next(iter(listing.context["cl"].queryset.model.objects.all()))
        detail = client.get(reverse(f"admin:{model}_change", args=[page.pk]))
        assert detail.status_code == 200
        for answer in (listing, detail):
            html = answer.content.decode()
            assert not [secret for secret in (SECRET, sealed, content, digest) if secret in html]


@pytest.mark.parametrize(
    "model", ["datasources_datasource", "datasources_permissioncheck", "datasources_alert", "teams_apitoken"]
)
def test_what_is_for_looking_can_not_be_made_by_hand(login: Login, alice: User, content: str, model: str) -> None:
    alice.refresh_from_db()
    assert login(alice).get(reverse(f"admin:{model}_add")).status_code == 403


def test_members_do_not_get_in(login: Login, bob: User, content: str) -> None:
    assert login(bob).get(reverse("admin:index")).status_code == 302


# --- filters and actions --------------------------------------------------------------------------------------------

DATASOURCES, CHECKS = "/admin/datasources/datasource/", "/admin/datasources/permissioncheck/"


@pytest.fixture
def panel(login: Login, db: None) -> Client:
    return login(User.objects.create_superuser("chief@example.com", "x"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids that the broker got."""
    ids: list[str] = []
    monkeypatch.setattr(tasks, "dispatch_all", lambda check_ids: ids.extend(check_ids))
    return ids


def some(count: int) -> list[Any]:
    """Datasources that were never checked."""
    rows = Rows().make(Datasource, count)
    Datasource.objects.update(latest_check=None)
    states.repair()
    PermissionCheck.objects.all().delete()
    return list(Datasource.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))


def checked(datasource: Datasource, cause: str, **fields: Any) -> PermissionCheck:
    values: dict[str, Any] = {
        "state": CheckState.DONE,
        "outcome": Outcome.RED if cause else Outcome.GREEN,
        "verdicts": {"list": {"state": "granted", "cause": ""}, "read": {"state": "denied", "cause": cause}},
        "revision": 0,
        "provider": "S3",
        "path": datasource.path,
        **fields,
    }
    check = PermissionCheck.objects.create(datasource=datasource, **values)
    datasource.latest_check = check
    datasource.save()
    states.keep(check)
    return check


def found(client: Client, path: str, **query: str) -> list[str]:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.headers
    return sorted(row.pk for row in answer.context["cl"].result_list)


def test_filters_of_checks(panel: Client) -> None:
    one, two = some(2)
    old = checked(one, "denied")
    new = checked(one, "no_bucket", provider="GCS", trigger="SCHEDULE")
    other = checked(two, "", state=CheckState.RUNNING, outcome="", started_at=timezone.now() - timedelta(hours=1))
    # Only the latest check of each datasource is searched for a cause.
    assert found(panel, CHECKS, cause="no_bucket") == [new.pk]
    assert found(panel, CHECKS, cause="denied") == []
    assert found(panel, CHECKS, cause="nonsense") == []
    assert found(panel, CHECKS, outcome__exact="RED") == sorted([old.pk, new.pk])
    assert found(panel, CHECKS, provider="GCS") == [new.pk]
    assert found(panel, CHECKS, trigger__exact="SCHEDULE") == [new.pk]
    assert found(panel, CHECKS, state__exact="RUNNING") == [other.pk]
    assert found(panel, CHECKS, life="stuck") == found(panel, CHECKS, life="open") == [other.pk]
    assert found(panel, CHECKS, datasource=one.pk) == sorted([old.pk, new.pk])
    assert len(found(panel, CHECKS, queued="hour")) == 3
    long_ago = new_id_at(timezone.now() - timedelta(hours=30))
    PermissionCheck.objects.filter(pk=old.pk).update(id=long_ago)
    assert len(found(panel, CHECKS, queued="day")) == 2
    assert len(found(panel, CHECKS, queued="week")) == 3


def test_filters_of_datasources(panel: Client) -> None:
    red, green, running, never = some(4)
    checked(red, "wrong_secret")
    checked(green, "")
    checked(running, "", state=CheckState.QUEUED, outcome="")
    assert found(panel, DATASOURCES, cause="wrong_secret") == [red.pk]
    expected = {"red": red, "green": green, "checking": running, "never": never}
    for look, datasource in expected.items():
        assert found(panel, DATASOURCES, bulbs=look) == [datasource.pk]
    html = panel.get(f"{DATASOURCES}{red.pk}/change/").content.decode()
    assert "wrong_secret" in html
    assert "look--red" in html


def test_checking_again(panel: Client, sent: list[str], django_capture_on_commit_callbacks: Any) -> None:
    rows = some(3)
    for row in rows[:2]:
        checked(row, "denied")
    waiting = checked(rows[2], "", state=CheckState.QUEUED, outcome="", dispatched_at=timezone.now())
    data = {"action": "check_again", "_selected_action": [row.pk for row in rows]}
    before = PermissionCheck.objects.count()
    assert panel.post(DATASOURCES, data).status_code == 200
    assert PermissionCheck.objects.count() == before
    with django_capture_on_commit_callbacks(execute=True):
        answer = panel.post(DATASOURCES, {**data, "confirmed": "1"}, follow=True)
    assert "3 of 3 are being checked." in told(answer)
    new = PermissionCheck.objects.filter(state=CheckState.QUEUED).exclude(pk=waiting.pk)
    assert sorted(sent) == sorted(check.pk for check in new)
    assert {check.datasource_id for check in new} == {row.pk for row in rows[:2]}
    assert {check.requested_by.email for check in new if check.requested_by} == {"chief@example.com"}
    assert LogEntry.objects.filter(change_message="Asked for a check.").count() == 3


def test_checking_again_is_bounded(
    panel: Client, sent: list[str], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(services, "MOST_CHECKED_AGAIN", 2)
    one, *_ = some(5)
    data = {"action": "check_again", "_selected_action": one.pk, "select_across": "1", "confirmed": "1"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = panel.post(DATASOURCES, data, follow=True)
    assert "2 of 5 are being checked. The other 3 have to wait" in told(answer)
    assert PermissionCheck.objects.count() == len(sent) == 2


def test_only_stuck_checks_are_given_up(panel: Client) -> None:
    rows = some(5)
    now, hour = timezone.now(), timedelta(hours=1)
    running = {"state": CheckState.RUNNING, "outcome": ""}
    queued = {"state": CheckState.QUEUED, "outcome": ""}
    stuck = [
        checked(rows[0], "", **running, started_at=now - hour),
        checked(rows[1], "", **queued, queued_at=now - hour),
    ]
    fine = [
        checked(rows[2], "", **running, started_at=now),
        checked(rows[3], "", **queued, queued_at=now),
        checked(rows[4], "denied", queued_at=now - hour, finished_at=now - hour),
    ]
    data = {"action": "expire_stuck", "_selected_action": [check.pk for check in [*stuck, *fine]]}
    assert panel.post(CHECKS, data).status_code == 200
    assert PermissionCheck.objects.filter(state=CheckState.EXPIRED).count() == 0
    answer = panel.post(CHECKS, {**data, "confirmed": "1"}, follow=True)
    assert "2 of 5 were stuck" in told(answer)
    given_up = PermissionCheck.objects.filter(state=CheckState.EXPIRED, finished_at__gte=now)
    assert {check.pk for check in given_up} == {check.pk for check in stuck}
    assert checks.expire_stuck([check.pk for check in fine]) == 0


def test_a_dataset_goes_with_its_checks(panel: Client) -> None:
    one, two = some(2)
    checked(one, "denied")
    checked(two, "denied")
    path = f"/admin/datasets/dataset/{one.dataset_id}/delete/"
    assert panel.get(path).status_code == 200
    assert panel.post(path, {"post": "yes"}).status_code == 302
    assert [check.datasource for check in PermissionCheck.objects.all()] == [two]


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def new_id_at(moment: datetime) -> str:
    return first_id_at(moment) + "0" * 16
