"""The first steps follow the facts; sample data is there only where the operator put it."""

import json
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from clouds import CloudConfig
from dashboard.onboarding import Checklist, checklist
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import services, states, tasks
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from runs.models import Run, RunState
from teams.models import ApiToken, Team, User
from teams.services import create_token
from tests.conftest import Login, s3_fields
from tests.runs.making import run_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def steps(user: User, team: Team) -> Checklist:
    found = checklist(user, team)
    assert found is not None
    return found


def done(user: User, team: Team) -> list[str]:
    return [step.key for step in steps(user, team).steps if step.done]


def connect(dataset: Dataset, purpose: Purpose, config: CloudConfig, outcome: Outcome) -> None:
    check = services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="", by=dataset.owner)
    finish(check, outcome)


def finish(check: PermissionCheck | None, outcome: Outcome, *, no_files: bool = False) -> None:
    assert check is not None
    check.state, check.outcome, check.no_files = CheckState.DONE, outcome, no_files
    check.save()
    states.keep(check)


def test_each_step_is_done_by_its_fact(alice: User, team: Team, s3_config: CloudConfig) -> None:
    assert done(alice, team) == []
    assert [step.key for step in steps(alice, team).steps] == ["dataset", "input", "lightly", "run", "invite", "client"]
    dataset = create_dataset(name="street-scenes", owner=alice)
    assert done(alice, team) == ["dataset"]
    assert (steps(alice, team).steps[1].dataset, steps(alice, team).steps[2].dataset) == (dataset.pk, dataset.pk)
    connect(dataset, Purpose.INPUT, s3_config, Outcome.RED)
    assert done(alice, team) == ["dataset"]
    connect(dataset, Purpose.INPUT, s3_config, Outcome.GREEN)
    assert done(alice, team) == ["dataset", "input"]
    connect(dataset, Purpose.LIGHTLY, s3_config, Outcome.GREEN)
    create_token(user=alice, name="unused")
    assert done(alice, team) == ["dataset", "input", "lightly"]
    run = run_of(dataset)
    assert done(alice, team) == ["dataset", "input", "lightly"]
    Run.objects.filter(pk=run.pk).update(state=RunState.COMPLETED)
    assert done(alice, team) == ["dataset", "input", "lightly", "run"]
    ApiToken.objects.update(last_used_at=timezone.now())
    assert done(alice, team) == ["dataset", "input", "lightly", "run", "client"]


def test_a_step_stays_done_while_it_is_checked_again(alice: User, team: Team, s3_config: CloudConfig) -> None:
    connect(create_dataset(name="both", owner=alice), Purpose.INPUT_OUTPUT, s3_config, Outcome.GREEN)
    datasource = Datasource.objects.get()
    for believed, steps_done in (("GREEN", ["dataset", "input", "lightly"]), ("RED", ["dataset"])):
        Datasource.objects.update(known_outcome=believed)
        services.check_again(datasource=datasource, by=alice)
        assert done(alice, team) == steps_done


def test_a_path_without_files_is_no_step_done_while_it_is_checked_again(
    alice: User, team: Team, s3_config: CloudConfig
) -> None:
    """Whatever the checks between could not tell, and whatever was there at an earlier time."""
    connect(create_dataset(name="both", owner=alice), Purpose.INPUT_OUTPUT, s3_config, Outcome.GREEN)
    datasource = Datasource.objects.get()
    Datasource.objects.update(known_outcome="GREEN")
    finish(services.check_again(datasource=datasource, by=alice), Outcome.GREEN, no_files=True)
    assert done(alice, team) == ["dataset"]
    check = services.check_again(datasource=datasource, by=alice)
    assert done(alice, team) == ["dataset"]
    finish(check, Outcome.UNKNOWN)
    check = services.check_again(datasource=datasource, by=alice)
    assert done(alice, team) == ["dataset"]
    finish(check, Outcome.GREEN)
    assert done(alice, team) == ["dataset", "input", "lightly"]
    services.check_again(datasource=datasource, by=alice)
    assert done(alice, team) == ["dataset", "input", "lightly"]


def test_one_for_both_counts_twice(alice: User, team: Team, s3_config: CloudConfig) -> None:
    connect(create_dataset(name="both", owner=alice), Purpose.INPUT_OUTPUT, s3_config, Outcome.GREEN)
    assert done(alice, team) == ["dataset", "input", "lightly"]


def test_it_ends_when_all_is_done(alice: User, bob: User, team: Team, dataset: Dataset, s3_config: CloudConfig) -> None:
    connect(dataset, Purpose.INPUT_OUTPUT, s3_config, Outcome.GREEN)
    create_token(user=alice, name="used")
    assert done(alice, team) == ["dataset", "input", "lightly", "invite"]
    run_of(dataset)
    Run.objects.update(state=RunState.COMPLETED)
    ApiToken.objects.update(last_used_at=timezone.now())
    assert checklist(alice, team) is None


def test_members_invite_nobody_and_have_their_own_client(alice: User, bob: User, team: Team, dataset: Dataset) -> None:
    create_token(user=alice, name="used")
    ApiToken.objects.update(last_used_at=timezone.now())
    assert [step.key for step in steps(bob, team).steps] == ["dataset", "input", "lightly", "run", "client"]
    assert done(bob, team) == ["dataset"]


def test_outsiders_see_nothing(charlie: User, team: Team, dataset: Dataset) -> None:
    assert checklist(charlie, team) is None
    assert done(charlie, charlie.teams.get()) == []


def test_putting_away_is_ones_own_and_can_be_undone(login: Login, alice: User, bob: User) -> None:
    assert "Create a dataset" in login(alice).get("/").content.decode()
    page = login(alice).post(reverse("dashboard:dismiss_first_steps"), follow=True).content.decode()
    assert "Create a dataset" not in page
    assert "Undo" in page
    assert "Create a dataset" in login(bob).get("/").content.decode()
    page = login(alice).post(reverse("dashboard:dismiss_first_steps"), {"show": "1"}, follow=True).content.decode()
    assert "Create a dataset" in page


def test_the_fragment_asks_again_until_it_is_gone(login: Login, alice: User) -> None:
    url = reverse("dashboard:first_steps")
    assert "hx-trigger" in login(alice).get(url).content.decode()
    login(alice).post(reverse("dashboard:dismiss_first_steps"))
    answer = login(alice).get(url).content.decode()
    assert "hx-trigger" not in answer
    assert 'id="first-steps"' in answer


class TestSampleData:
    @pytest.fixture
    def file(self, tmp_path: Path, settings: Settings) -> Path:
        settings.LIGHTLY_SAMPLE_DATA_FILE = tmp_path / "samples.json"
        fields = {"INPUT": s3_fields(fullPath="s3://samples/in/"), "LIGHTLY": s3_fields(fullPath="s3://samples/out/")}
        settings.LIGHTLY_SAMPLE_DATA_FILE.write_text(json.dumps(fields))
        return tmp_path

    def test_not_unless_the_operator_says_so(self, login: Login, alice: User) -> None:
        assert "sample data" not in login(alice).get("/").content.decode()
        assert login(alice).post(reverse("dashboard:sample_data")).status_code == 404
        assert not Dataset.objects.exists()

    @pytest.mark.usefixtures("file")
    def test_everybody_gets_their_own(self, login: Login, alice: User, bob: User) -> None:
        assert "Try it with sample data" in login(alice).get("/").content.decode()
        for person in (alice, alice, bob):
            login(person).post(reverse("dashboard:sample_data"))
        datasets = list(Dataset.objects.order_by("created_at"))
        assert [(dataset.name, dataset.owner) for dataset in datasets] == [
            ("sample-images", alice),
            ("sample-images-2", alice),
            ("sample-images", bob),
        ]
        for dataset in datasets:
            paths = dict(dataset.datasources.values_list("purpose", "path"))
            assert paths == {"INPUT": "s3://samples/in/", "LIGHTLY": f"s3://samples/out/{dataset.pk}/"}

    @pytest.mark.usefixtures("file")
    def test_who_is_in_no_team_is_told(self, login: Login, db: None) -> None:
        stray = User.objects.create_user("stray@example.com")
        page = login(stray).post(reverse("dashboard:sample_data"), follow=True).content.decode()
        assert "You are in no team yet" in page

    @pytest.mark.usefixtures("file")
    def test_only_by_post(self, login: Login, alice: User) -> None:
        assert login(alice).get(reverse("dashboard:sample_data")).status_code == 405
        assert not Dataset.objects.exists()
