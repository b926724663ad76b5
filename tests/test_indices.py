"""The queries that are asked most often find their rows by an index, on SQLite and on PostgreSQL.

Tables of tests are nearly empty, where PostgreSQL would read them whole. It is told that this is expensive, so it does
so only if no index serves the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contents.models import IndexedFile
from datasets.access import datasets_at_home, seen_among
from datasets.models import Dataset
from datasources.models import CheckState, Datasource, PermissionCheck
from jobs.models import JobShard, ShardState
from monitoring import health
from notifications.models import Notice
from runs.models import Run, ScheduledRun
from samples.models import Sample
from teams.models import ApiToken, Membership, Role, Team, User

pytestmark = pytest.mark.django_db


def _person() -> User:
    return User(pk=SOME, email="x@example.com", email_is_proven=True)


def _member() -> Membership:
    return Membership(user_id=SOME, team_id=SOME, role=Role.MEMBER)


SOME = "6b0b5d5f58246b22ee518d3e"
QUERIES: dict[str, Callable[[], QuerySet[Any]]] = {
    "the session of a request": lambda: Session.objects.filter(session_key="x"),
    "the token of a script": lambda: ApiToken.objects.filter(digest="x"),
    "a team's datasets, newest first": lambda: Dataset.objects.filter(team=SOME).order_by("-modified_at")[:25],
    "a page of the home page": lambda: datasets_at_home(_person(), [_member()], Team(pk=SOME)).order_by(
        "-modified_at", "-pk"
    )[:25],
    "a poll for open rows": lambda: Datasource.objects.filter(dataset__in=seen_among(_person(), [SOME]).values("pk")),
    "the datasources of a row": lambda: Datasource.objects.filter(dataset=SOME),
    "the checks of a datasource": lambda: PermissionCheck.objects.filter(datasource=SOME).order_by("-queued_at")[:20],
    "checks that wait": lambda: PermissionCheck.objects.filter(state=CheckState.QUEUED).order_by("queued_at"),
    "datasources that are due": lambda: Datasource.objects.filter(next_check_at__lte=timezone.now()),
    "shards that wait": lambda: JobShard.objects.filter(state=ShardState.QUEUED, not_before__lte=timezone.now()),
    "a page of the gallery": lambda: IndexedFile.objects.filter(index=1, key__gt="a").order_by("key")[:50],
    "a person's notices": lambda: Notice.objects.filter(user=SOME).order_by("-created_at")[:20],
    "samples by position": lambda: Sample.objects.filter(dataset=SOME, position__gt=5).order_by("position")[:100],
    "runs of a team": lambda: Run.objects.filter(team=SOME).order_by("-created_at")[:20],
    "runs to take up": lambda: ScheduledRun.objects.filter(state="OPEN").order_by("-rank", "created_at")[:20],
}


@pytest.mark.parametrize("what", QUERIES)
def test_an_index_serves_it(what: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = QUERIES[what]().explain()
    if connection.vendor == "postgresql":
        assert re.search(r"Index Cond:", plan), plan
        assert "Seq Scan" not in plan, plan
    else:
        assert re.search(r"SEARCH \S+ USING (COVERING )?INDEX", plan), plan
        assert not re.search(r"^\d+ \d+ \d+ SCAN", plan, re.MULTILINE), plan


def test_health_is_counted_by_an_index_that_has_all_of_it() -> None:
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as captured:
        health.groups(Datasource.objects.all())
        (asked,) = [query["sql"] for query in captured.captured_queries]
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {asked}")
            wanted = "Index Only Scan using datasource_causes"
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
            wanted = "USING COVERING INDEX datasource_causes"
        assert any(wanted in str(row[-1]) for row in cursor.fetchall())
