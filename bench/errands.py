"""A process of an installation that makes what the bench needs there: `tests.e2e.support.backstage` with more calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.e2e.support.backstage import Backstage, make_person, serve
from tests.servers import Config


class Errands(Backstage):
    def __init__(self, environ: dict[str, str], log: Any) -> None:
        super().__init__(environ, log, module="bench.errands")

    def datasets(self, name: str, configs: list[Config], teams: int) -> list[str]:  # type: ignore[override]
        """Ids of new datasets with these Inputs, of so many people with a team each. No check is sent yet.

        None of them is indexed: that would take a worker as long as its first check."""
        datasets: list[str] = self._call("make_teams", name=name, configs=configs, teams=teams)
        return datasets

    def check_each(self, datasets: list[str]) -> int:
        """Send a check of each Input, as their owners would. How many there are."""
        count: int = self._call("send_checks", datasets=datasets)
        return count

    def schedule_each(self, datasets: list[str]) -> int:
        """As if the time of these had come, and of none else; those that the schedule queues at once are sent."""
        count: int = self._call("send_due", datasets=datasets)
        return count


def make_teams(name: str, configs: list[Config], teams: int) -> list[str]:
    from django.db import transaction
    from django.utils import timezone

    from clouds import parse_config
    from contents.models import Depth, TeamIndexing
    from datasets.services import create_dataset
    from datasources import services
    from datasources.endpoints import configured_endpoints
    from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, CheckState, PermissionCheck, Purpose
    from teams.models import User

    with transaction.atomic():
        people = [make_person(f"{name}-{number}", None, "OWNER", None) for number in range(min(teams, len(configs)))]
        for person in people:
            TeamIndexing.objects.create(team_id=person["team"], depth=Depth.NEVER)
        owners = [User.objects.get(email=person["email"]) for person in people]
        made = []
        for number, config in enumerate(configs):
            owner = owners[number % len(owners)]
            dataset = create_dataset(name=f"{name}-{number}", owner=owner)
            services.store(
                dataset=dataset,
                purpose=Purpose.INPUT,
                config=parse_config(config, configured_endpoints()),
                thumb_suffix=DEFAULT_THUMBNAIL_SUFFIX,
                by=owner,
            )
            made.append(dataset.pk)
        # They are asked for when they are to be measured.
        PermissionCheck.objects.update(state=CheckState.EXPIRED, finished_at=timezone.now())
    return made


def send_checks(datasets: list[str]) -> int:
    from django.db import transaction

    from datasources import tasks
    from datasources.checks import lifecycle
    from datasources.models import Datasource

    found = {each.dataset_id: each for each in Datasource.objects.select_related("dataset__owner")}
    with transaction.atomic():
        checks = [lifecycle.queue(found[each], found[each].dataset.owner).pk for each in datasets]
    if not tasks.dispatch_all(checks):
        raise RuntimeError("the broker did not take them")
    return len(checks)


def send_due(datasets: list[str]) -> int:
    from django.utils import timezone

    from datasources import tasks
    from datasources.checks import schedule
    from datasources.models import Datasource

    now = timezone.now()
    Datasource.objects.update(next_check_at=now + timedelta(days=1))
    for start in range(0, len(datasets), 500):  # more parameters than a statement may have
        some = Datasource.objects.filter(dataset__in=datasets[start : start + 500])
        some.update(next_check_at=now - timedelta(seconds=1))
    count = len(schedule.queue_due())
    tasks.send_scheduled()
    return count


if __name__ == "__main__":
    serve(make_teams, send_checks, send_due)
