"""A process of the installation that does what a test asks for: `tests.e2e.support.backstage` with more calls."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.support.backstage import Backstage, serve
from tests.servers import Config


class Hands(Backstage):
    def __init__(self, environ: dict[str, str], log: Any) -> None:
        super().__init__(environ, log, module="chaos.hands")

    def sweep(self) -> None:
        """As the scheduler has it done every ten seconds."""
        self._call("sweep")

    def connect(self, datasets: dict[str, Config], owner: str) -> dict[str, str]:
        """Ids of new datasets by their names, each with this Input. Their checks are queued."""
        ids: dict[str, str] = self._call("connect_each", datasets=datasets, owner=owner)
        return ids

    def check_again(self, datasets: list[str], trigger: str = "API") -> int:
        """Queue a check of each Input. How many there are."""
        count: int = self._call("check_each", datasets=datasets, trigger=trigger)
        return count

    def start_job(self, kind: str, total: int, **arguments: Any) -> str:
        job: str = self._call("start_job", kind=kind, total=total, arguments=arguments)
        return job

    def begin_run(self, name: str, source: Config, target: Config, content: dict[str, Any]) -> str:
        """The id of the job of a new run of a new dataset."""
        job: str = self._call("begin_run", name=name, source=source, target=target, content=content)
        return job

    def path_of(self, dataset: str) -> str:
        """Of its Input: what the sealed config says, which must be what the row says."""
        path: str = self._call("path_of", dataset=dataset)
        return path


def sweep() -> None:
    from datasources import tasks as datasources
    from jobs import tasks as jobs

    datasources.sweep()
    jobs.sweep_jobs()


def connect_each(datasets: dict[str, Config], owner: str) -> dict[str, str]:
    from tests.e2e.support.backstage import make_dataset

    return {name: make_dataset(name, owner, {"input": config}) for name, config in datasets.items()}


def check_each(datasets: list[str], trigger: str) -> int:
    from datasources.models import Datasource, Purpose, Trigger
    from datasources.services import check_again

    found = Datasource.objects.filter(dataset__in=datasets, purpose=Purpose.INPUT)
    return sum(check_again(datasource=each, by=None, trigger=Trigger(trigger)) is not None for each in found)


def start_job(kind: str, total: int, arguments: dict[str, Any]) -> str:
    from jobs.services import start

    return start(kind, title="Rehearsal", arguments=arguments, total=total)[0].pk


def begin_run(name: str, source: Config, target: Config, content: dict[str, Any]) -> str:
    from datasets.services import create_dataset
    from datasources.models import Purpose
    from teams.models import User
    from teams.services import create_user
    from tests.contents.support import connect
    from tests.runs.worker.whole import begun

    owner = User.objects.filter(email="runs@example.com").first() or create_user(email="runs@example.com")
    dataset = create_dataset(name=name, owner=owner)
    connect(dataset, Purpose.INPUT, source)
    connect(dataset, Purpose.LIGHTLY, target)
    run = begun(dataset, content)
    assert run.job
    return run.job.pk


def path_of(dataset: str) -> str:
    from datasources.models import Datasource, Purpose

    found = Datasource.objects.get(dataset=dataset, purpose=Purpose.INPUT)
    if found.config.path != found.path:
        raise ValueError(json.dumps([found.config.path, found.path]))
    return found.path


if __name__ == "__main__":
    from tests.jobs import worker_app  # noqa: F401 - the tests' kinds of job, and their limits

    serve(sweep, connect_each, check_each, start_job, begin_run, path_of)
