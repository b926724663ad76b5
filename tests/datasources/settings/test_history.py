"""The check history in the settings: who asked, when, and what came of it."""

import pytest
from django.urls import reverse

from clouds import CloudConfig
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose, Trigger
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def check(dataset: Dataset, alice: User, s3_config: CloudConfig) -> PermissionCheck:
    return services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)


def url(name: str, dataset: Dataset, *more: str) -> str:
    """Of a page of this app; the names of others are whole."""
    return reverse(name if ":" in name else f"datasources:{name}", args=[dataset.pk, *more])


class TestHistory:
    def test_it_tells_who_when_and_what(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck, s3_config: CloudConfig
    ) -> None:
        services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
        PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.EXPIRED, attempts=1)
        html = login(alice).get(url("history", dataset)).content.decode()
        assert html.count("alice@example.com</td>") == 2
        assert html.count("replaced by a newer one") == 1
        assert html.count("bulb--checking") == 2

    def test_it_goes_on_over_pages_also_in_the_dialog(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        finished = {"state": CheckState.DONE, "outcome": Outcome.GREEN, "verdicts": {}}
        PermissionCheck.objects.bulk_create(
            PermissionCheck(datasource=check.datasource, revision=1, provider="S3", path="", **finished)
            for _ in range(25)
        )
        history = url("history", dataset)
        page = login(alice).get(history, headers=IN_DIALOG).content.decode()
        assert f'hx-get="{history}?page=2" hx-target="#dialog">' in page
        assert page.count("<tr>") == 1 + 20
        page = login(alice).get(f"{history}?page=2").content.decode()
        assert page.count("<tr>") == 1 + 6
        assert 'hx-target="#dialog">1<' not in page

    def test_scheduled_checks_that_say_the_same_are_folded_and_drawn(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        scheduled = {"trigger": Trigger.SCHEDULE, "state": CheckState.DONE, "outcome": Outcome.GREEN}
        PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, outcome=Outcome.GREEN)
        PermissionCheck.objects.bulk_create(
            PermissionCheck(datasource=check.datasource, revision=1, provider="S3", path=check.path, **scheduled)
            for _ in range(27)
        )
        page = login(alice).get(url("history", dataset)).content.decode()
        assert "27 identical results, last <time" in page
        assert page.count('class="mark mark--granted"') == 28
        assert 'role="img" aria-label="Input, from the oldest to the newest: 28 checks within' in page
        assert page.count("alice@example.com</td>") == 1

    def test_without_checks_it_says_so(self, login: Login, alice: User, dataset: Dataset) -> None:
        assert "No checks yet" in login(alice).get(url("history", dataset)).content.decode()
