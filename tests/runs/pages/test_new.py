"""A new run: form and JSON, its permissions, the dry run, scheduling, and beginning with what another run had."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contents.models import FileKind, Reading
from datasets.models import Dataset, DatasetType
from datasets.services import create_dataset
from datasources.models import PermissionCheck, Purpose
from runs.configuration import parse
from runs.models import ConfigVersion, Run, RunConfig, RunState, ScheduledRun
from runs.pages.building import encoded
from runs.scheduling import gate, references, services
from runs.scheduling.errors import PermissionsMissingError
from runs.selection.config import Balance, ClassDistribution, Distribution, Diversity, Metadata, Operation, Threshold
from samples.models import Sample
from teams.models import Team, User
from tests.conftest import Login
from tests.contents.annotation_reports.support import made_report
from tests.contents.annotations.trees import good
from tests.contents.index.memory import connected, made_index, made_reading
from tests.runs.making import run_of
from tests.runs.pages.making import CONTENT, ended
from tests.runs.scheduling.making import worker

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FORM = {"mode": "form", "size_by": "count", "count": "3", "diversity": "on", "priority": "HIGH", "runs_on": "gpu, eu"}


@pytest.fixture
def page(dataset: Dataset) -> str:
    return f"/datasets/{dataset.pk}/runs/new/"


@pytest.fixture
def desk(login: Login, alice: User) -> Client:
    return login(alice)


@pytest.fixture
def green(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate lets everything through: its own tests are in tests/runs/scheduling."""
    monkeypatch.setattr(gate, "findings", lambda dataset, *, by, trigger: [])
    monkeypatch.setattr(references, "check", lambda dataset, settings, *, by: None)


def settings_of(scheduled: ScheduledRun) -> Any:
    return parse(scheduled.config.version, scheduled.config.content)


def test_who_may(login: Login, bob: User, charlie: User, page: str) -> None:
    assert login(bob).get(page).status_code == 403
    assert login(bob).post(page, FORM).status_code == 403
    assert login(charlie).get(page).status_code == 404


def test_it_says_which_permission_is_missing_and_leads_there(desk: Client, dataset: Dataset, page: str) -> None:
    html = desk.get(page).content.decode()
    assert "Not all bulbs are green" in html
    assert f'href="/datasets/{dataset.pk}/connect/lightly/"' in html
    datasource = connected(dataset)
    html = desk.get(page).content.decode()
    assert f'href="/datasets/{dataset.pk}/settings/input/"' in html
    assert f"dataset-changed-{dataset.pk} from:body" in html
    assert "load delay" not in html.partition('id="run-permissions"')[2].partition(">")[0]
    datasource.latest_check = PermissionCheck.objects.create(
        datasource=datasource, revision=datasource.revision, provider=datasource.provider, path=datasource.path
    )
    datasource.save()
    html = desk.get(f"{page}permissions/", headers=HTMX).content.decode()
    assert "They are being checked." in html
    assert f'hx-get="{page}permissions/" hx-trigger="load delay:' in html


@pytest.mark.usefixtures("green")
def test_scheduling(desk: Client, dataset: Dataset, alice: User, page: str) -> None:
    answer = desk.post(page, FORM)
    scheduled = ScheduledRun.objects.get()
    assert answer["Location"] == f"/datasets/{dataset.pk}/runs/waiting/{scheduled.pk}/"
    assert (scheduled.priority, scheduled.runs_on, scheduled.requested_by) == ("HIGH", ["eu", "gpu"], alice)
    assert (scheduled.config.version, scheduled.creator) == (ConfigVersion.V4, "USER_WEBAPP")
    assert settings_of(scheduled).selection.strategies == (Diversity(),)
    assert "The run is scheduled." in desk.get(answer["Location"]).content.decode()
    answer = desk.post(page, FORM, headers=HTMX)
    assert answer["HX-Redirect"].startswith(f"/datasets/{dataset.pk}/runs/waiting/")


@pytest.mark.usefixtures("green")
def test_everything_that_the_form_can_say(desk: Client, dataset: Dataset, page: str) -> None:
    lightly = connected(dataset, Purpose.LIGHTLY)
    index = made_index(connected(dataset), ["street/1.jpg"])
    made_report(index, made_index(lightly, [".lightly/predictions/tasks.json"]), good().report())
    html = desk.get(page).content.decode()
    assert "Classes of a task" in html
    assert "boxes: uncertainty_entropy" in html
    classes = encoded({"type": "PREDICTIONS", "name": "CLASS_DISTRIBUTION", "task": "boxes"})
    sharpness = encoded({"type": "METADATA", "key": "lightly.sharpness"})
    values = FORM | {
        "size_by": "share",
        "share": "12.5",
        "diversity_strength": "2",
        "typicality": "on",
        "typicality_neighbours": "",
        "balance_by": classes,
        "balance_distribution": "TARGET",
        "balance_target": "car: 0.3\r\n\r\nbig: bus: 0.2\r\n",
        "threshold_by": sharpness,
        "threshold_operation": "SMALLER",
        "threshold_value": "9.5",
        "use_datapool": "on",
        "seed": "7",
        "embeddings_file": "mine.csv",
    }
    assert desk.post(page, values).status_code == 302
    read = settings_of(ScheduledRun.objects.get())
    assert (read.selection.proportion, read.seed, read.use_datapool) == (0.125, 7, True)
    assert read.embeddings_file == "mine.csv"
    assert (
        Balance(ClassDistribution("boxes"), Distribution.TARGET, (("big: bus", 0.2), ("car", 0.3)))
        in read.selection.strategies
    )
    assert Threshold(Metadata("lightly.sharpness"), Operation.SMALLER, 9.5) in read.selection.strategies


WRONG = [
    ({"count": ""}, "id_count_error", "number of samples"),
    ({"count": "0"}, "id_count_error", "greater than or equal to 1"),
    ({"diversity_distance": "3"}, "id_diversity_distance_error", "less than or equal to 2"),
    ({"relevant_filenames_file": "../x"}, "id_relevant_filenames_file_error", "relative to the Lightly datasource"),
    ({"balance_target": "car"}, "id_balance_target_error", "is not a class, a colon and a share"),
    ({"balance_target": ": 3"}, "id_balance_target_error", "no class before it"),
    ({"threshold_by": encoded({"type": "METADATA", "key": "lightly.snr"})}, "id_threshold_value_error", "a number"),
    ({"weights_by": "nonsense"}, "id_weights_by_error", "not one of the choices"),
    ({"weights_by": "[1]"}, "id_weights_by_error", "not one of the choices"),
    ({"runs_on": "a,b,c,d,e,f,g"}, "id_runs_on_error", "At most 6 labels"),
    ({"priority": "NOW"}, "id_priority_error", ""),
    ({"size_by": "all"}, "id_size_by_error", "not one of the choices"),
    ({"seed": "x" * 50_000}, "id_seed_error", ""),
]


@pytest.mark.usefixtures("green")
@pytest.mark.parametrize(("change", "place", "words"), WRONG)
def test_mistakes_are_told_beside_their_field(
    desk: Client, page: str, change: dict[str, str], place: str, words: str
) -> None:
    answer = desk.post(page, FORM | change)
    assert answer.status_code == 422
    html = answer.content.decode()
    told = html.partition(f'id="{place}"')[2].partition("</p>")[0]
    assert told
    assert words in told
    assert not ScheduledRun.objects.exists()
    assert not RunConfig.objects.exists()


def test_nothing_chosen(desk: Client, page: str) -> None:
    html = desk.post(page, {"mode": "form", "count": "3"}).content.decode()
    assert "Choose at least one way to select" in html


def test_json_tells_all_mistakes_with_their_place(desk: Client, page: str) -> None:
    for text, words in (
        ("{", "line 1, column 2"),
        ("[]", "an object"),
        ('{"seed": NaN}', "no JSON"),
        ("[" * 30_000, "no JSON"),
        ('{"docker": {"useDatapol": true}}', "Did you mean useDatapool?"),
        (json.dumps({"selection": {"nSamples": 3, "strategies": []}, "x": 1}), "/selection/strategies"),
    ):
        answer = desk.post(page, {"mode": "json", "text": text})
        assert answer.status_code == 422, text
        assert words in answer.content.decode(), text
    answer = desk.post(page, {"mode": "json", "text": "{" + " " * 2_000_000})
    assert answer.status_code == 422
    assert len(answer.content) < 100_000


@pytest.mark.usefixtures("green")
def test_form_and_json_edit_the_same(desk: Client, page: str) -> None:
    answer = desk.post(page, FORM | {"action": "json"}, headers=HTMX)
    html = answer.content.decode()
    assert html.lstrip().startswith('<div class="runs__desk" id="new-run">')
    assert 'name="mode" value="json"' in html
    assert "&quot;nSamples&quot;: 3" in html
    assert 'value="gpu, eu"' in html  # what is below both stays
    text = json.dumps(CONTENT | {"docker": {"useDatapool": True}})
    html = desk.post(page, {"mode": "json", "text": text, "action": "form"}, headers=HTMX).content.decode()
    assert 'name="mode" value="form"' in html
    assert "checked" in html.partition('name="use_datapool"')[2].partition(">")[0]
    assert "checked" not in html.partition('name="process_all"')[2].partition(">")[0]
    beyond = json.dumps(CONTENT | {"docker": {"uploadReport": False}})
    html = desk.post(page, {"mode": "json", "text": beyond, "action": "form"}).content.decode()
    assert 'name="mode" value="json"' in html
    assert "The form has no fields for: upload_report." in html
    assert desk.post(page, {"mode": "json", "text": beyond}).status_code == 302
    assert ScheduledRun.objects.get().config.content == json.loads(beyond)


def test_mistakes_stay_where_they_are_when_the_other_way_is_asked_for(desk: Client, page: str) -> None:
    answer = desk.post(page, FORM | {"count": "", "action": "json"})
    assert answer.status_code == 422
    assert 'name="mode" value="form"' in answer.content.decode()


def test_a_refusal_is_shown_and_leaves_nothing(desk: Client, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionsMissingError("The run was not scheduled.\n- Lightly, write: denied.\n  Fix: grant it.", [])

    monkeypatch.setattr(services, "schedule", refuse)
    answer = desk.post(page, FORM)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Fix: grant it." in html
    assert "checked" in html.partition('name="diversity"')[2].partition(">")[0]
    assert not RunConfig.objects.exists()


class TestDryRun:
    def test_without_a_list(self, desk: Client, page: str) -> None:
        html = desk.post(page, FORM | {"action": "dry"}, headers=HTMX).content.decode()
        assert "Nobody has listed Input yet" in html
        assert not ScheduledRun.objects.exists()

    def test_from_the_kept_list(self, desk: Client, dataset: Dataset, page: str) -> None:
        made_index(connected(dataset), [f"street/{number}.jpg" for number in range(250)])
        worker("one", ["gpu", "eu"])
        worker("another")
        html = desk.post(page, FORM | {"action": "dry"}).content.decode()
        # A page of names, a file each; for the parts 2 x 4, a thumbnail each of 3, and 4 more.
        assert "<strong>250</strong> files, with about <strong>266</strong> requests" in html
        assert "less than a minute" in html
        assert "The list of files in Input is of" in html
        assert "40 images a second are assumed, with 1 worker" in html

    def test_only_new_files(self, desk: Client, dataset: Dataset, page: str) -> None:
        made_index(connected(dataset), ["street/1.jpg", "street/2.jpg"])
        Dataset.objects.filter(pk=dataset.pk).update(processed_until=int(timezone.now().timestamp()) + 9)
        html = desk.post(page, FORM | {"action": "dry"}).content.decode()
        assert "<strong>0</strong> files" in html
        assert "Only files that came after the last run count." in html
        html = desk.post(page, FORM | {"action": "dry", "process_all": "on"}).content.decode()
        assert "<strong>2</strong> files" in html

    def test_by_the_speed_of_the_last_run(self, desk: Client, dataset: Dataset, alice: User, page: str) -> None:
        made_index(connected(dataset), [f"street/{number}.jpg" for number in range(500)])
        ended(dataset, alice)  # 10 files in 40 seconds
        html = desk.post(page, FORM | {"action": "dry"}).content.decode()
        assert "read 0.2 files a second" in html
        assert "33 minutes" in html

    def test_warnings(self, desk: Client, dataset: Dataset, page: str) -> None:
        made_index(connected(dataset), ["street/1.jpg"])
        Sample.objects.create(dataset=dataset, position=0, file_name="street/1.jpg")
        assert "unless it uses the datapool" in desk.post(page, FORM | {"action": "dry"}).content.decode()
        values = FORM | {"action": "dry", "use_datapool": "on", "relevant_filenames_file": "some.txt"}
        html = desk.post(page, values).content.decode()
        assert "unless it uses the datapool" not in html
        assert "The relevant filenames file was not read" in html

    def test_videos(self, desk: Client, alice: User, team: Team) -> None:
        videos = create_dataset(name="clips", owner=alice, team=team, dataset_type=DatasetType.VIDEOS)
        index = made_index(connected(videos), ["street/1.mp4", "street/2.mp4", "street/3.jpg"])
        values = FORM | {"action": "dry", "size_by": "share", "share": "50"}
        html = desk.post(f"/datasets/{videos.pk}/runs/new/", values).content.decode()
        assert "<strong>2</strong> files" in html
        assert "No video was opened yet: a frame is assumed to take 20 kB." in html
        made_reading(index, broken="street/2.mp4")
        totals = Reading.objects.get().totals | {"kinds": {str(FileKind.VIDEO.value): [1, 5]}, "frames": 300}
        Reading.objects.update(totals=totals)
        html = desk.post(f"/datasets/{videos.pk}/runs/new/", values).content.decode()
        assert "1 video that was opened has 300 frames." in html
        facts = html.partition("<dt>Frames</dt>")[2]
        assert "<dd>600</dd>" in facts
        assert "<dt>To select</dt><dd>300</dd>" in facts


class TestAgain:
    def test_with_the_form(self, desk: Client, dataset: Dataset, alice: User, page: str) -> None:
        run = ended(dataset, alice)
        html = desk.get(f"{page}?run={run.pk}").content.decode()
        assert 'name="mode" value="form"' in html
        assert 'name="count" value="3"' in html

    def test_a_choice_that_the_last_check_did_not_see(
        self, desk: Client, dataset: Dataset, alice: User, page: str
    ) -> None:
        source = {"type": "METADATA", "key": "weather"}
        entry = {"input": source, "strategy": {"type": "BALANCE", "target": {"sun": 0.5}}}
        run = ended(dataset, alice, content={"selection": {"nSamples": 3, "strategies": [entry]}})
        html = desk.get(f"{page}?run={run.pk}").content.decode()
        assert "From the configuration" in html
        assert "sun: 0.5" in html

    def test_an_old_version_and_what_the_form_can_not_show(
        self, desk: Client, dataset: Dataset, alice: User, page: str
    ) -> None:
        run = ended(dataset, alice, content={"docker": {"method": "coreset", "uploadReport": False}})
        RunConfig.objects.filter(pk=run.config_id).update(version=ConfigVersion.V2)
        html = desk.get(f"{page}?run={run.pk}").content.decode()
        assert 'name="mode" value="json"' in html
        assert "&quot;DIVERSITY&quot;" in html
        assert "The form has no fields for: upload_report." in html

    def test_what_this_release_does_not_accept_any_more(
        self, desk: Client, dataset: Dataset, alice: User, page: str
    ) -> None:
        run = run_of(dataset, {"docker": {"gone": 1}}, by=alice)
        Run.objects.filter(pk=run.pk).update(state=RunState.COMPLETED)
        html = desk.get(f"{page}?run={run.pk}").content.decode()
        assert "does not accept the configuration any more" in html
        html = desk.get(f"/datasets/{dataset.pk}/runs/{run.pk}/").content.decode()
        assert "&quot;gone&quot;" in html

    def test_of_nobody_elses(self, desk: Client, page: str) -> None:
        assert 'name="mode" value="form"' in desk.get(f"{page}?run=nonsense").content.decode()
