"""Numbers for Prometheus, counted anew from database and broker at each scrape: several processes serve one product.

The table of checks is pruned, so nothing here is a counter: what happened is told for the last hour, as gauges.
Labels are bounded: providers, purposes, outcomes and triggers, never names or paths.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from clouds import PROVIDERS
from datasources.models import Datasource, Outcome, Purpose, Trigger
from datasources.states import DatasourceState, state_expression
from monitoring.health import Scope
from monitoring.machinery import QueueLine, machinery
from monitoring.rates import milliseconds_of, quantile

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LAST_HOUR = timedelta(hours=1)
QUANTILES = {"0.5": 0.5, "0.9": 0.9, "0.99": 0.99}


def exposition() -> bytes:
    """All metrics in the text format, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything(Collector):
    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: else registering would collect once more, to learn the names."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _datasources()
        yield _expiring()
        yield _checks_last_hour()
        yield _durations()
        yield from _machinery()


def _datasources() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_datasources", "Datasources by what their latest check said.", labels=["provider", "purpose", "outcome"]
    )
    grouped = (
        Datasource.objects.annotate(state=state_expression()).values_list("provider", "purpose", "state").order_by()
    )
    counts = {(provider, purpose, state): count for provider, purpose, state, count in grouped.annotate(n=Count("pk"))}
    for labels in product(PROVIDERS, Purpose.values, DatasourceState.values):
        family.add_metric(labels, counts.get(labels, 0))
    return family


def _expiring() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_datasources_expiring",
        "Datasources whose credential ends within so many days (0: has ended).",
        labels=["days"],
    )
    now = timezone.now()
    days = {
        f"in_{number}": Count("pk", filter=Q(expires_at__lte=now + timedelta(days=number))) for number in (0, 7, 30)
    }
    for name, count in Datasource.objects.exclude(expires_at=None).aggregate(**days).items():
        family.add_metric([name.removeprefix("in_")], count)
    return family


def _checks_last_hour() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_checks_last_hour", "Checks that ended within the last hour.", labels=["provider", "outcome", "trigger"]
    )
    grouped = Scope().finished_checks(LAST_HOUR).values_list("provider", "outcome", "trigger").order_by()
    counts = {
        (provider, outcome, trigger): count for provider, outcome, trigger, count in grouped.annotate(n=Count("pk"))
    }
    for provider, (outcome, name), trigger in product(PROVIDERS, OUTCOMES.items(), Trigger.values):
        family.add_metric([provider, name, trigger.lower()], counts.get((provider, outcome, trigger), 0))
    return family


OUTCOMES = {Outcome.GREEN: "green", Outcome.RED: "red", Outcome.UNKNOWN: "unknown", "": "given_up"}


def _durations() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_check_duration_last_hour_seconds",
        "How long the checks took that ended within the last hour.",
        labels=["provider", "quantile"],
    )
    for provider, times in milliseconds_of(Scope().finished_checks(LAST_HOUR)).items():
        if provider in PROVIDERS:
            for name, share in QUANTILES.items():
                family.add_metric([provider, name], quantile(times, share) / 1000)
    return family


def _machinery() -> Iterator[GaugeMetricFamily]:
    now, found = timezone.now(), machinery(Scope())
    states = GaugeMetricFamily("lightly_open_checks", "Checks that wait or run.", labels=["state"])
    states.add_metric(["queued"], found.queued)
    states.add_metric(["running"], found.running)
    yield states
    yield GaugeMetricFamily(
        "lightly_undispatched_checks", "Checks that wait and that no broker took yet.", value=found.undispatched
    )
    oldest = (now - found.oldest_open).total_seconds() if found.oldest_open else 0
    yield GaugeMetricFamily("lightly_oldest_open_check_seconds", "Age of the oldest open check; 0: none.", value=oldest)
    up = int(found.queue_length is not None)
    yield GaugeMetricFamily("lightly_broker_up", "1 if the message broker answers.", value=up)
    # Absent when not known: a made-up number could look well.
    if found.queue_length is not None:
        yield GaugeMetricFamily("lightly_queue_length", "Messages no worker has taken yet.", value=found.queue_length)
    yield from _queues(found.queues)
    if found.worker:
        yield GaugeMetricFamily(
            "lightly_worker_heartbeat_age_seconds", "Since a worker last did something.", value=found.worker.seconds
        )
    if found.scheduler:
        yield GaugeMetricFamily(
            "lightly_scheduler_heartbeat_age_seconds",
            "Since the broker last took a sweep from the scheduler.",
            value=found.scheduler.seconds,
        )


def _queues(lines: list[QueueLine]) -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily("lightly_queue_messages", "As lightly_queue_length, by queue.", labels=["queue"])
    ages = GaugeMetricFamily(
        "lightly_queue_worker_heartbeat_age_seconds",
        "Since a worker that takes work from this queue last gave a sign of life.",
        labels=["queue"],
    )
    for line in lines:
        if line.waiting is not None:
            waiting.add_metric([line.queue.value], line.waiting)
        if line.worker:
            ages.add_metric([line.queue.value], line.worker.seconds)
    yield waiting
    yield ages
