"""Lists of runs, one run at work and ended, what it left, two side by side, and ending one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset
from datasets.services import share_dataset
from runs.models import ArtifactType, ComputeWorker, Run, RunPick, RunState, ScheduledState
from teams.models import AuditEntry, User
from tests.conftest import Login
from tests.contents.index.memory import connected, made_index
from tests.runs.engine import TestRunner
from tests.runs.making import run_of
from tests.runs.pages.making import CONTENT, DIVERSITY, ended
from tests.runs.scheduling.making import ago, begun, open_run, worker
from tests.samples.making import grow

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def queries(login: Login, user: User, path: str) -> int:
    client = login(user)
    client.get(path)  # what a process keeps is asked for once
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


class TestLists:
    def test_empty_ones_teach(self, login: Login, alice: User, bob: User, dataset: Dataset) -> None:
        page = f"/datasets/{dataset.pk}/runs/"
        html = login(alice).get(page).content.decode()
        assert "No run yet" in html
        assert f'href="{page}new/"' in html
        assert f"{page}new/" not in login(bob).get(page).content.decode()  # who may only look
        html = login(alice).get("/runs/").content.decode()
        assert "Choose a dataset" in html
        assert 'href="/runs/"' in html  # the entry of the sidebar

    def test_live_as_long_as_one_waits_or_works(self, login: Login, alice: User, dataset: Dataset) -> None:
        client, page = login(alice), f"/datasets/{dataset.pk}/runs/"
        waiting = open_run(dataset, by=alice, runs_on=["gpu"])
        html = client.get(page).content.decode()
        assert f'hx-get="{page}list/' in html
        assert f"{page}waiting/{waiting.pk}/" in html
        assert "only on gpu" in html
        waiting.state = ScheduledState.CANCELED
        waiting.save()
        run = ended(dataset, alice)
        html = client.get(f"{page}list/").content.decode()
        assert "hx-get" not in html
        assert run.stamp in html
        assert "Completed" in html
        assert "Compare two runs" not in html  # there is one

    def test_only_what_one_may_see(self, login: Login, alice: User, charlie: User, dataset: Dataset) -> None:
        run = ended(dataset, alice)
        open_run(dataset, by=alice)
        assert run.stamp not in login(charlie).get("/runs/").content.decode()
        share_dataset(dataset=dataset, emails=[charlie.email])
        assert run.stamp in login(charlie).get("/runs/").content.decode()

    def test_runs_of_a_deleted_dataset_stay_readable_for_the_team(
        self, login: Login, alice: User, bob: User, charlie: User, dataset: Dataset
    ) -> None:
        share_dataset(dataset=dataset, emails=[charlie.email])
        run, key = ended(dataset, alice), dataset.pk
        dataset.delete()
        html = login(bob).get("/runs/").content.decode()
        assert "dataset deleted" in html
        html = login(bob).get(f"/datasets/{key}/runs/{run.pk}/").content.decode()
        assert "The dataset is deleted" in html
        assert "Run again" not in html
        assert login(charlie).get(f"/datasets/{key}/runs/{run.pk}/").status_code == 404

    def test_workers_and_what_they_are_at(
        self, login: Login, alice: User, charlie: User, dataset: Dataset, engine: TestRunner
    ) -> None:
        assert "No worker has been started yet" in login(alice).get("/runs/").content.decode()
        worker("gpu-box", ["gpu"])
        ComputeWorker.objects.create(name="planned", owner=alice)
        open_run(dataset, by=alice, runs_on=["gpu"])
        run = begun()
        table = login(alice).get("/runs/").content.decode().partition('id="workers-title"')[2]
        assert "gpu-box" in table
        assert f"/runs/{run.pk}/" in table
        assert "never started" in table
        other = login(charlie).get("/runs/").content.decode()
        assert "gpu-box" in other  # it works for everybody
        assert dataset.name not in other
        assert "planned" not in other
        ComputeWorker.objects.filter(name="gpu-box").update(seen_at=ago(300))
        table = login(alice).get("/runs/").content.decode().partition('id="workers-title"')[2]
        assert "Busy" not in table
        assert "Offline" in table

    def test_queries_do_not_grow(self, login: Login, alice: User, dataset: Dataset) -> None:
        page = f"/datasets/{dataset.pk}/runs/"
        ended(dataset, alice)
        before = [queries(login, alice, path) for path in (page, "/runs/")]
        for _ in range(4):
            ended(dataset, alice)
        assert [queries(login, alice, path) for path in (page, "/runs/")] == before


class TestAtWork:
    def test_what_it_shows(self, login: Login, alice: User, working: Run) -> None:
        page = f"/datasets/{working.dataset_key}/runs/{working.pk}/"
        html = login(alice).get(page).content.decode()
        assert f'hx-get="{page}progress/"' in html
        assert '<progress class="progress__bar" max="100" value="40"' in html
        assert "40 of 100" in html
        assert "to come" in html
        assert "<strong>WARNING</strong> street/7.jpg can&#x27;t be read." in html
        assert "Abort this run" in html
        assert "Asked and achieved" not in html

    def test_the_fragment_is_small_and_brings_everything_in_the_end(
        self, login: Login, alice: User, working: Run
    ) -> None:
        client, page = login(alice), f"/datasets/{working.dataset_key}/runs/{working.pk}/progress/"
        answer = client.get(page, headers=HTMX)
        assert answer.content.decode().lstrip().startswith('<div class="runs__live"')
        Run.objects.filter(pk=working.pk).update(state=RunState.FAILED, message="Write is denied.\nGrant it.")
        answer = client.get(page, headers=HTMX)
        html = answer.content.decode()
        assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#run", "outerHTML")
        assert "notice--error" in html
        assert "Write is denied." in html
        assert "data-announce" in html
        assert "Abort this run" not in html

    def test_who_only_looks_can_not_abort(self, login: Login, bob: User, working: Run) -> None:
        page = f"/datasets/{working.dataset_key}/runs/{working.pk}/"
        assert "Abort this run" not in login(bob).get(page).content.decode()
        assert login(bob).post(f"{page}abort/").status_code == 403

    def test_aborting_asks_once_more(self, login: Login, alice: User, dataset: Dataset, engine: TestRunner) -> None:
        worker()
        open_run(dataset, by=alice)
        run, client = begun(), login(alice)
        page = f"/datasets/{dataset.pk}/runs/{run.pk}/"
        assert "It can't go on later." in client.get(f"{page}abort/", headers=HTMX).content.decode()
        answer = client.post(f"{page}abort/", headers=HTMX)
        assert answer["HX-Redirect"] == page
        assert "The run is being stopped." in client.get(page).content.decode()
        run.refresh_from_db()
        assert run.lines.filter(text__contains="stops the run").exists()

    def test_a_run_that_has_ended_can_not_be_aborted(self, login: Login, alice: User, dataset: Dataset) -> None:
        run, client = ended(dataset, alice), login(alice)
        page = f"/datasets/{dataset.pk}/runs/{run.pk}/"
        client.get(f"{page}abort/")
        assert "The run has ended already." in client.get(page).content.decode()
        client.post(f"{page}abort/")
        assert "It has ended already." in client.get(page).content.decode()


class TestWaiting:
    def test_why_it_waits(self, login: Login, alice: User, dataset: Dataset) -> None:
        scheduled, client = open_run(dataset, by=alice, runs_on=["gpu"]), login(alice)
        page = f"/datasets/{dataset.pk}/runs/waiting/{scheduled.pk}/"
        html = client.get(page).content.decode()
        assert "No running worker has the labels gpu" in html
        assert "make worker QUEUES=runs LABELS=gpu" in html
        worker("box", ["gpu"])
        html = client.get(f"{page}progress/", headers=HTMX).content.decode()
        assert "1 worker can do it" in html
        assert f'hx-get="{page}progress/"' in html

    def test_it_leads_on_to_the_run(self, login: Login, alice: User, dataset: Dataset) -> None:
        run, client = run_of(dataset, CONTENT, by=alice), login(alice)
        page = f"/datasets/{dataset.pk}/runs/waiting/{run.scheduled_key}/"
        assert client.get(page)["Location"] == f"/datasets/{dataset.pk}/runs/{run.pk}/"
        assert client.get(f"{page}progress/", headers=HTMX)["HX-Redirect"] == f"/datasets/{dataset.pk}/runs/{run.pk}/"

    def test_cancelling(self, login: Login, alice: User, bob: User, dataset: Dataset) -> None:
        scheduled = open_run(dataset, by=alice)
        page = f"/datasets/{dataset.pk}/runs/waiting/{scheduled.pk}/"
        assert login(bob).post(f"{page}cancel/").status_code == 403
        client = login(alice)
        assert "nothing is lost" in client.get(f"{page}cancel/", headers=HTMX).content.decode()
        client.post(f"{page}cancel/", headers=HTMX)
        scheduled.refresh_from_db()
        assert scheduled.state == ScheduledState.CANCELED
        assert AuditEntry.objects.filter(actor=alice, action="RUN_CANCELLED").exists()
        html = client.get(page).content.decode()
        assert "Canceled" in html
        assert "hx-trigger" not in html.partition('id="waiting"')[2].partition(">")[0]
        client.post(f"{page}cancel/")
        assert "This one is: Canceled." in client.get(f"/datasets/{dataset.pk}/runs/").content.decode()


class TestResults:
    def test_all_of_it(self, login: Login, alice: User, dataset: Dataset) -> None:
        run = ended(dataset, alice)
        html = login(alice).get(f"/datasets/{dataset.pk}/runs/{run.pk}/").content.decode()
        for words in (
            *("Files looked at", "Exact duplicates", "Asked and achieved", "There is no more of it in the input."),
            *("20.0 %", "5.0 %", "strength 2", "missed", "met", "Largest distance of any file to a selected one"),
            *("luminance", "weather", "Classes of boxes", "Random pick of the same size", "mean 1.5"),
            *("report_v2.json", "log.txt", "1.8 MB", "Why each was chosen", "Run again with changes"),
            "ApiWorkflowClient",
        ):
            assert words in html, words
        assert "Distance to the nearest selected sample" not in html  # a distribution of nothing
        assert "hx-trigger" not in html.partition('id="live"')[2].partition(">")[0]

    def test_a_report_that_is_no_report(self, login: Login, alice: User, dataset: Dataset) -> None:
        run = ended(dataset, alice)
        part = run.artifacts.get(type=ArtifactType.REPORT_V2_JSON).parts.get()
        part.content = b"{"
        part.save()
        html = login(alice).get(f"/datasets/{dataset.pk}/runs/{run.pk}/").content.decode()
        assert "Asked and achieved" in html
        assert "luminance" not in html

    def test_files_come_whole(self, login: Login, alice: User, charlie: User, dataset: Dataset) -> None:
        run = ended(dataset, alice)
        log = run.artifacts.get(type=ArtifactType.LOG)
        page = f"/datasets/{dataset.pk}/runs/{run.pk}/artifacts/{log.pk}/"
        answer = login(alice).get(page)
        assert answer.getvalue() == b"one line\n" * 200_000
        assert answer["Content-Disposition"] == 'attachment; filename="log.txt"'
        assert login(charlie).get(page).status_code == 404
        other = ended(dataset, alice)
        assert login(alice).get(page.replace(run.pk, other.pk)).status_code == 404

    def test_why_each_was_chosen(self, login: Login, alice: User, dataset: Dataset) -> None:
        run, client = ended(dataset, alice, picks=120), login(alice)
        page = f"/datasets/{dataset.pk}/runs/{run.pk}/picks/"
        html = client.get(page).content.decode()
        assert html.count("<bdi>street/") == 50
        assert "DIVERSITY of embeddings: 0.5 away from the nearest one chosen before" in html
        assert "?after=50" in html
        html = client.get(f"{page}?after=100").content.decode()
        assert "street/101.jpg" in html
        assert 'rel="next"' not in html
        html = client.get(f"{page}?name=street/77.jpg").content.decode()
        assert "street/77.jpg</bdi>" in html
        assert html.count("<bdi>street/") == 1
        html = client.get(f"{page}?left_out=1").content.decode()
        assert "It looks like street/1.jpg." in html
        assert "Nothing here" in client.get(f"{page}?name=nothing").content.decode()
        for nonsense in ("-1", "x", "9" * 30, "²"):
            assert client.get(page, {"after": nonsense}).status_code == 200

    def test_queries_do_not_grow_with_what_it_chose(self, login: Login, alice: User, dataset: Dataset) -> None:
        run = ended(dataset, alice)
        page = f"/datasets/{dataset.pk}/runs/{run.pk}/"
        before = [queries(login, alice, path) for path in (page, f"{page}picks/")]
        RunPick.objects.bulk_create(
            RunPick(run=run, place=place, file_name=f"more/{place}.jpg") for place in range(10, 60)
        )
        assert [queries(login, alice, path) for path in (page, f"{page}picks/")] == before


class TestComparing:
    def test_two(self, login: Login, alice: User, dataset: Dataset) -> None:
        content = {"workerType": "FULL", "selection": {"nSamples": 9, "strategies": [DIVERSITY]}}
        one, other = ended(dataset, alice, picks=4), ended(dataset, alice, content=content, picks=4, first=2)
        html = login(alice).get(f"/datasets/{dataset.pk}/runs/compare/?run={one.pk}&run={other.pk}").content.decode()
        assert "2 (33 %)" in html  # 3 and 4, of 1 to 6
        assert "<code>selection.nSamples</code>" in html
        assert "<code>workerType</code>" not in html
        assert "There is no more of it in the input." in html

    def test_other_numbers_of_them(self, login: Login, alice: User, dataset: Dataset) -> None:
        one, client = ended(dataset, alice), login(alice)
        page = f"/datasets/{dataset.pk}/runs/compare/"
        assert client.get(f"{page}?run={one.pk}")["Location"] == f"/datasets/{dataset.pk}/runs/"
        assert "Tick two runs" in client.get(f"/datasets/{dataset.pk}/runs/").content.decode()
        assert client.get(f"{page}?run={one.pk}&run={'f' * 24}").status_code == 404


class TestPictures:
    def test_beside_what_was_chosen_and_what_was_not(self, login: Login, alice: User, dataset: Dataset) -> None:
        """Of samples, with the way to them; of files in the listing; none of what is in neither."""
        made_index(connected(dataset), ["street/1.jpg", "street/2.jpg", "street/3.jpg", "street/dark.jpg"])
        run, client = ended(dataset, alice), login(alice)
        grow(dataset, ["street/2.jpg"])
        sample = dataset.samples.get(file_name="street/2.jpg")
        page = f"/datasets/{dataset.pk}/runs/{run.pk}/picks/"
        html = client.get(page).content.decode()
        assert html.count("picture--waiting") == 3
        assert f'href="/datasets/{dataset.pk}/samples/{sample.pk}/"' in html
        assert f"/datasets/{dataset.pk}/samples/{sample.pk}/thumbnail/tile/" in html
        left_out = client.get(f"{page}?left_out=1").content.decode()
        assert f"/datasets/{dataset.pk}/contents/input/thumbnail/" in left_out
        assert "/samples/" not in left_out.partition('id="picks"')[2]
        RunPick.objects.filter(run=run, place=1).update(file_name="clip-007-mp4.png")
        assert client.get(page).content.decode().count("picture--waiting") == 2

    def test_how_long_stages_took(self, login: Login, alice: User, dataset: Dataset) -> None:
        run = ended(dataset, alice)
        html = login(alice).get(f"/datasets/{dataset.pk}/runs/{run.pk}/").content.decode()
        assert "less than a minute" not in html
        assert "done, 40 s" in html
