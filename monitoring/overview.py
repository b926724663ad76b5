"""The whole installation in numbers, for the admin panel. No question here grows beyond one pass over a table."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.db.models import Count, Min, Q
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core import pulse
from core.ids import first_id_at
from datasets.models import Dataset
from datasources.models import OPEN_STATES, Datasource, DatasourceState, PermissionCheck
from teams.models import Team, User

# Each of two questions to the broker may take this long, so a page that asks both waits a second at most.
_PATIENCE_SECONDS = 0.4


@dataclass(frozen=True)
class Queue:
    """`waiting`: messages that no worker has taken; None if the broker did not say. `worker`: whether one answered."""

    waiting: int | None
    worker: bool

    @property
    def reachable(self) -> bool:
        return self.waiting is not None


@dataclass(frozen=True)
class Overview:
    people: int
    disabled: int
    teams: int
    datasets: int
    datasources: int
    states: dict[DatasourceState, int]
    open_checks: int
    oldest_open: datetime | None
    checks_today: int
    queue: Queue


def overview() -> Overview:
    people = User.objects.aggregate(all=Count("*"), disabled=Count("pk", filter=Q(is_active=False)))
    states = {state.value: Count("pk", filter=Q(state=state)) for state in DatasourceState}
    datasources = Datasource.objects.aggregate(all=Count("*"), **states)
    waiting = PermissionCheck.objects.filter(state__in=OPEN_STATES).aggregate(all=Count("*"), oldest=Min("queued_at"))
    yesterday = timezone.now() - timedelta(hours=24)
    return Overview(
        people=people["all"],
        disabled=people["disabled"],
        teams=Team.objects.count(),
        datasets=Dataset.objects.count(),
        datasources=datasources["all"],
        states={state: datasources[state.value] for state in DatasourceState},
        open_checks=waiting["all"],
        oldest_open=waiting["oldest"],
        checks_today=PermissionCheck.objects.filter(pk__gte=first_id_at(yesterday)).count(),
        queue=queue(),
    )


def queue() -> Queue:
    """Asks the broker and the workers behind it. Nothing to wait for: whoever does not answer soon, does not answer."""
    options = {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS, "max_retries": 0}
    try:
        with current_app.connection_for_write(transport_options=options) as connection:
            waiting = sum(pulse.messages_behind(connection).values())
            answers = current_app.control.ping(timeout=_PATIENCE_SECONDS, limit=1, connection=connection)
    except (OperationalError, RedisError, OSError):
        return Queue(waiting=None, worker=False)
    return Queue(waiting=waiting, worker=bool(answers))
