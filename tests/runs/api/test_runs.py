"""What the REST API answers of workers, configurations, scheduled runs and runs, to clients of all ages."""

from __future__ import annotations

from typing import Any

import pytest

from datasets.models import Dataset
from datasets.services import create_dataset, delete_dataset
from jobs.services import cancel as cancel_job
from runs import artifacts, progress
from runs.models import Artifact, ArtifactType, ConfigVersion, LogLevel, Run, RunState, ScheduledRun
from runs.scheduling import configs, registry
from samples import growing
from samples.growing import NewSample
from samples.models import SampleType
from teams.models import User
from tests.conftest import Call, Script
from tests.runs.engine import TestRunner
from tests.runs.scheduling.making import RANDOM, begun, open_run, worker

pytestmark = pytest.mark.django_db

OLDEST, OLD, NEW = "Lightly/1.3.3 (Linux)", "Lightly/1.4.5 (Linux)", "Lightly/1.5.26 (Linux)"


@pytest.fixture
def script(call: Call, alice: User) -> Script:
    return call(alice)


@pytest.fixture
def run(dataset: Dataset, alice: User, engine: TestRunner) -> Run:
    worker()
    open_run(dataset, by=alice)
    return begun()


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestWorkers:
    def test_registered_read_and_removed(self, script: Script, alice: User) -> None:
        body = {"name": "Default", "workerType": "FULL", "labels": ["gpu"], "creator": "USER_PIP"}
        first, again = script.post("/v1/docker/worker", body), script.post("/v1/docker/worker", body)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        own = worker("server")
        found = script.get("/v1/docker/worker").json()
        assert [(each["name"], each["userId"], each["isDefault"], each["state"]) for each in found] == [
            ("Default", alice.pk, False, "OFFLINE"),
            ("server", "", True, "IDLE"),
        ]
        assert script.delete(f"/v1/docker/worker/{first.json()['id']}").status_code == 204
        assert refused(script.delete(f"/v1/docker/worker/{first.json()['id']}")) == (404, "DOCKER_WORKER_UNKNOWN")
        assert refused(script.delete(f"/v1/docker/worker/{own.pk}")) == (403, "FORBIDDEN")

    @pytest.mark.parametrize("name", ["ab", "with.dot", "-x-", "line\n"])
    def test_names(self, script: Script, name: str) -> None:
        answer = script.post("/v1/docker/worker", {"name": name, "workerType": "FULL"})
        assert refused(answer) == (400, "MALFORMED_REQUEST")
        assert answer.json()["error"].startswith("name: ")

    def test_of_colleagues(self, call: Call, alice: User, bob: User, charlie: User) -> None:
        registry.register(owner=bob, name="bobs", labels=[])
        registry.register(owner=charlie, name="foreign", labels=[])

        def names(**query: str) -> list[str]:
            return [each["name"] for each in call(alice).get("/v1/docker/worker", query).json()]

        assert names() == []
        assert names(getAssetsOfTeam="True") == ["bobs"]
        assert names(getAssetsOfTeamInclusiveSelf="True") == ["bobs"]


class TestConfigurations:
    def test_what_came_is_read_back(self, script: Script) -> None:
        body = {"version": "V4", "creator": "USER_PIP", "config": RANDOM}
        stored = script.post("/v1/docker/worker/config/vX", body)
        assert stored.status_code == 201
        read = script.get(f"/v1/docker/worker/config/vX/{stored.json()['id']}").json()
        assert (read["version"], read["config"]) == ("V4", RANDOM)
        assert set(read) == {"id", "version", "config", "createdAt"}

    @pytest.mark.parametrize("path", ["", "/v2", "/v3"])
    def test_older_ways(self, script: Script, path: str) -> None:
        stored = script.post(f"/v1/docker/worker/config{path}", {"config": {"workerType": "FULL"}})
        assert stored.status_code == 201, stored.content
        identity = stored.json()["id"]
        assert script.get(f"/v1/docker/worker/config{path}/{identity}").status_code == 200
        assert script.get(f"/v1/docker/worker/config/vX/{identity}").json()["version"] == (path[1:].upper() or "V0")

    def test_all_mistakes_at_once(self, script: Script) -> None:
        wrong = RANDOM | {"docker": {"noSuchKey": 1}, "selection": {"nSamples": 1, "proportionSamples": 0.5}}
        answer = script.post("/v1/docker/worker/config/vX", {"version": "V4", "config": wrong})
        assert refused(answer) == (400, "DOCKER_WORKER_CONFIG_INVALID")
        assert len(answer.json()["error"].splitlines()) >= 3
        assert "noSuchKey" in answer.json()["error"]

    @pytest.mark.parametrize("value", ["a\0b", "\ud800", float("nan"), "x" * 300_000])
    def test_what_no_database_keeps(self, script: Script, value: Any) -> None:
        wrong = {"workerType": "FULL", "docker": {"checkpoint": value}}
        answer = script.post("/v1/docker/worker/config/v3", {"config": wrong})
        assert refused(answer) == (400, "DOCKER_WORKER_CONFIG_INVALID")


class TestScheduled:
    @pytest.fixture
    def path(self, dataset: Dataset) -> str:
        return f"/v1/datasets/{dataset.pk}/docker/worker/schedule"

    def test_only_those_that_wait_or_run(self, script: Script, path: str, dataset: Dataset, run: Run) -> None:
        assert run.job
        waiting = open_run(dataset, runs_on=["gpu"])
        found = script.get(path).json()
        assert [(each["state"], each["runsOn"]) for each in found] == [("LOCKED", []), ("OPEN", ["gpu"])]
        assert script.get(path, {"state": "OPEN"}).json() == found[1:]
        cancel_job(run.job)
        assert script.put(f"{path}/{waiting.pk}", {}).status_code == 204
        assert script.get(path).json() == []
        several = script.get(path, {"states": ["DONE", "CANCELED"]}).json()  # type: ignore[dict-item]
        assert [each["state"] for each in several] == ["DONE", "CANCELED"]

    def test_only_what_waits_can_be_cancelled(self, script: Script, path: str, run: Run) -> None:
        answer = script.put(f"{path}/{run.scheduled_key}", {})
        assert refused(answer) == (409, "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED")
        assert "Running" in answer.json()["error"]
        assert refused(script.put(f"{path}/{'f' * 24}", {})) == (404, "DOCKER_WORKER_SCHEDULE_UNKNOWN")

    def test_what_is_missing_is_said(self, script: Script, path: str, dataset: Dataset, alice: User) -> None:
        config = configs.store(version=ConfigVersion.V4, content=RANDOM, by=alice)
        body = {"configId": config.pk, "priority": "MID", "runsOn": [], "creator": "USER_PIP"}
        answer = script.post(path, body)
        assert refused(answer) == (422, "DATASET_DATASOURCE_UNKNOWN")
        assert "no Input and Lightly datasource" in answer.json()["error"]
        assert refused(script.post(path, body | {"configId": "f" * 24})) == (404, "DOCKER_WORKER_CONFIG_UNKNOWN")
        crops = create_dataset(name="crops-of-streets", owner=alice, dataset_type="Crops")
        answer = script.post(path.replace(dataset.pk, crops.pk), body)
        assert refused(answer) == (422, "DATASET_NOT_SUPPORTED")
        assert not ScheduledRun.objects.exists()


class TestRuns:
    def test_between_schedule_and_end(self, script: Script, dataset: Dataset, alice: User, engine: TestRunner) -> None:
        """At each moment the client finds the run, or the scheduled run in the list: else it ends its loop."""
        scheduled = open_run(dataset, by=alice)
        address = f"/v1/docker/runs/schedule/{scheduled.pk}"
        assert refused(script.get(address)) == (404, "DOCKER_RUN_UNKNOWN")
        worker()
        run = begun()
        answer = script.get(address).json()
        assert (answer["id"], answer["state"], answer["message"]) == (run.pk, "STARTED", "Started")
        delete_dataset(dataset=dataset)
        assert script.get(address).json()["datasetId"] == answer["datasetId"]
        assert script.get(f"/v1/docker/runs/{run.pk}").status_code == 200

    def test_states_that_a_client_knows(self, script: Script, run: Run) -> None:
        progress.enter(run, RunState.LOADING_DATASET)
        path = f"/v1/docker/runs/{run.pk}"
        states = {agent: script.get(path, agent=agent).json()["state"] for agent in (OLDEST, OLD, NEW, "")}
        assert states == {OLDEST: "INITIALIZING", OLD: "LOADING_DATASET", NEW: "LOADING_DATASET", "": "LOADING_DATASET"}
        listed = script.get("/v1/docker/runs", agent=OLDEST).json()
        assert [each["state"] for each in listed] == ["INITIALIZING"]
        progress.log(run, "Hm.", LogLevel.WARNING)
        logs = {agent: script.get(f"{path}/logs", agent=agent).json()["logs"][-1] for agent in (OLDEST, NEW)}
        assert (logs[OLDEST]["level"], logs[OLDEST]["state"]) == ("WARN", "INITIALIZING")
        assert (logs[NEW]["level"], logs[NEW]["state"]) == ("WARNING", "LOADING_DATASET")

    def test_a_bypassed_gate_is_told_until_the_end(self, script: Script, run: Run) -> None:
        ScheduledRun.objects.update(warning="Lightly datasource, write: denied.", bypasses_gate=True)
        progress.enter(run, RunState.EMBEDDING, total=9)
        path = f"/v1/docker/runs/{run.pk}"
        assert "(Permissions are missing: bypass_verify is set." in script.get(path).json()["message"]
        assert run.job
        cancel_job(run.job)
        assert "bypass" not in script.get(path).json()["message"]

    def test_artifacts_that_a_client_knows(self, script: Script, run: Run) -> None:
        for kind in ArtifactType:
            artifacts.add(run, kind, f"{kind.lower()}.txt", b"x")
        path = f"/v1/docker/runs/{run.pk}"
        kinds = {
            agent: {each["type"] for each in script.get(path, agent=agent).json()["artifacts"]} for agent in (OLD, NEW)
        }
        assert kinds[NEW] == set(ArtifactType.values)
        assert kinds[NEW] - kinds[OLD] == {"REPORT_V2_JSON", "RELEVANT_FILENAMES"}

    def test_pages_and_count(self, script: Script, dataset: Dataset, alice: User, run: Run) -> None:
        for number in range(3):
            Run.objects.create(
                dataset=dataset,
                dataset_key=dataset.pk,
                dataset_name=dataset.name,
                team=dataset.team,
                scheduled_key=f"{number:024x}",
                config=run.config,
                requested_by=alice,
                stamp="x",
            )
        everything = [each["id"] for each in script.get("/v1/docker/runs").json()]
        assert everything[0] == run.pk
        assert len(everything) == 4
        for path in ("/v1/docker/runs", f"/v1/docker/runs/query/datasetId/{dataset.pk}"):
            pages = [script.get(path, {"pageSize": "3", "pageOffset": offset}).json() for offset in ("0", "3", "6")]
            assert [[each["id"] for each in page] for page in pages] == [everything[:3], everything[3:], []]
        assert script.get("/v1/docker/runs/count").json() == "4"

    def test_whose(self, call: Call, run: Run, bob: User, charlie: User) -> None:
        assert call(bob).get("/v1/docker/runs").json() == []
        assert len(call(bob).get("/v1/docker/runs", {"getAssetsOfTeam": "True"}).json()) == 1
        assert len(call(bob).get("/v1/docker/runs", {"getAssetsOfTeamInclusiveSelf": "True"}).json()) == 1
        assert call(charlie).get("/v1/docker/runs", {"getAssetsOfTeamInclusiveSelf": "True"}).json() == []

    def test_logs_from_a_cursor(self, script: Script, run: Run) -> None:
        path = f"/v1/docker/runs/{run.pk}/logs"
        first = script.get(path).json()
        assert [each["msg"] for each in first["logs"]] == ["Taken by the worker default."]
        progress.log(run, "Another line.")
        then = script.get(path, {"cursor": str(first["cursor"])}).json()
        assert [each["msg"] for each in then["logs"]] == ["Another line."]
        last = script.get(path, {"cursor": str(then["cursor"])}).json()
        assert last == {"cursor": then["cursor"], "logs": []}

    def test_tags(self, script: Script, run: Run, dataset: Dataset) -> None:
        growing.add(
            dataset,
            [NewSample("a.jpg", SampleType.IMAGE)],
            run_id=run.pk,
            tag_name=run.stamp,
            creator="USER_WORKER",
        )
        (tag,) = script.get(f"/v1/docker/runs/{run.pk}/tags").json()
        assert (tag["name"], tag["runId"], tag["bitMaskData"], tag["totSize"]) == (run.stamp, run.pk, "0x01", 1)

    def test_aborted(self, script: Script, call: Call, run: Run, bob: User) -> None:
        path = f"/v1/docker/runs/{run.pk}/abort"
        assert call(bob).post(path, {}).status_code == 403
        assert script.post(path, {}).status_code == 204
        assert script.get(f"/v1/docker/runs/{run.pk}").json()["state"] == "ABORTED"
        assert refused(script.post(path, {})) == (409, "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED")


class TestArtifacts:
    CONTENT = b"\x1f\x8b" + bytes(range(256)) * 9000  # more than one part, and it looks compressed

    @pytest.fixture
    def artifact(self, run: Run) -> Artifact:
        return artifacts.add(run, ArtifactType.REPORT_JSON, "report.json", self.CONTENT)

    def url(self, script: Script, artifact: Artifact) -> str:
        answer = script.get(f"/v1/docker/runs/{artifact.run_id}/artifacts/{artifact.pk}/readurl")
        assert answer.status_code == 200
        url: str = answer.json()
        return url

    def test_its_bytes_as_they_are(self, script: Script, artifact: Artifact) -> None:
        answer = script.client.get(self.url(script, artifact), headers={"Accept-Encoding": "gzip, deflate, br"})
        assert answer.getvalue() == self.CONTENT
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Content-Length"] == str(len(self.CONTENT))
        assert answer.headers["Content-Disposition"] == 'attachment; filename="report.json"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-transform" in answer.headers["Cache-Control"]

    def test_the_url_opens_nothing_else(self, script: Script, run: Run, artifact: Artifact) -> None:
        other = artifacts.add(run, ArtifactType.LOG, "log.txt", b"x")
        url = self.url(script, artifact)
        assert script.token not in url
        assert refused(script.client.get(url.replace(artifact.pk, other.pk, 1))) == (401, "JWT_INVALID")
        assert refused(script.client.get(f"{url}x")) == (401, "JWT_INVALID")
        User.objects.update(is_active=False)
        assert refused(script.client.get(url)) == (401, "JWT_INVALID")

    def test_it_ends_with_the_persons_rights(self, call: Call, alice: User, bob: User, artifact: Artifact) -> None:
        url = self.url(call(bob), artifact)
        bob.memberships.all().delete()
        assert refused(call(alice).client.get(url)) == (404, "DOCKER_RUN_UNKNOWN")

    def test_one_that_is_not_there(self, script: Script, run: Run) -> None:
        answer = script.get(f"/v1/docker/runs/{run.pk}/artifacts/{'f' * 24}/readurl")
        assert refused(answer) == (404, "DOCKER_RUN_ARTIFACT_UNKNOWN")
