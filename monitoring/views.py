"""The health page for who answers for datasources, and the figures for Prometheus."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from clouds import PROVIDERS
from core.web.spreadsheets import download
from core.words import duration_words
from datasources.models import Datasource, DatasourceState, Purpose
from datasources.runners import start_check_all
from monitoring import health as reading
from monitoring.export import health_lines
from monitoring.health import Filters, Scope
from monitoring.machinery import machinery
from monitoring.metrics import CONTENT_TYPE, exposition
from monitoring.paging import Listed
from monitoring.rates import provider_rates
from monitoring.summary import bars, cause_choices, columns, machine_lines
from teams import audit
from teams.models import AuditAction
from teams.queries import managed_teams
from teams.requests import PageRequest, teams_of

PAGE_SIZE = 50
# Of the page for paper: some 200 sheets. For more there is the CSV.
MOST_PRINTED = 5000


@require_GET
def health(request: PageRequest) -> HttpResponse:
    scope, filters = _scope(request), Filters.of(request.GET)
    everything = reading.groups(scope.datasources)
    listed: Any = Listed(reading.found(scope, filters), filters, everything)
    paginator: Paginator[Datasource] = Paginator(listed, PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    top = _summary(scope, everything)
    context = top | {
        "causes": cause_choices(top["summary"], filters.cause),
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "total": paginator.count,
        "providers": {key: provider.short for key, provider in PROVIDERS.items()},
        **_table(request, list(page), filters),
    }
    return render(request, "monitoring/health.html", context)


@require_GET
def health_print(request: PageRequest) -> HttpResponse:
    """The filtered rows on one page, for paper: a browser prints what is there, and a list in pages is not all."""
    scope, filters = _scope(request), Filters.of(request.GET)
    found = reading.found(scope, filters)
    context = {
        "total": found.count(),
        "most": MOST_PRINTED,
        "printed_at": timezone.now(),
        **_table(request, list(reading.with_all(found)[:MOST_PRINTED]), filters),
    }
    return render(request, "monitoring/health_print.html", context)


def _table(request: PageRequest, rows: list[Datasource], filters: Filters) -> dict[str, Any]:
    return {
        "rows": [_row(row) for row in rows],
        "may_open": reading.visible_among(request.user, rows),
        "filters": filters,
        "states": DatasourceState,
        "columns": columns(filters),
        "chosen_cause": reading.cause_words(filters.cause),
    }


@require_POST
def check_all(request: PageRequest) -> HttpResponse:
    """Start a job that checks all datasources on the page again, and show it."""
    _scope(request)  # who may not see the page may not do this either
    teams = None if request.user.is_staff else list(managed_teams(request.user))
    job, is_new = start_check_all(teams=teams, by=request.user)
    if not is_new:
        messages.info(request, gettext("These datasources are being checked already."))
    return redirect("jobs:job", job.pk)


@require_GET
def summary(request: PageRequest) -> HttpResponse:
    """The numbers at the top, which refresh themselves."""
    return render(request, "monitoring/_health_summary.html", _summary(_scope(request)))


@require_GET
def export(request: PageRequest) -> StreamingHttpResponse:
    """All filtered rows, not just a page of them."""
    found = reading.found(_scope(request), Filters.of(request.GET))
    rows = reading.with_all(found).iterator(chunk_size=500)
    # Of staff it is everybody's, which is for operators to know.
    for team in [None] if request.user.is_staff else list(managed_teams(request.user)):
        audit.record(team=team, actor=request.user, action=AuditAction.EXPORTED, target="the table of the health page")
    return download("health", health_lines(rows))


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, which sends LIGHTLY_METRICS_TOKEN. Not there at all until the operator sets one."""
    if settings.LIGHTLY_METRICS_TOKEN is None:
        raise Http404
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token.strip(), settings.LIGHTLY_METRICS_TOKEN):
        text = "This needs the token of LIGHTLY_METRICS_TOKEN, sent as Authorization: Bearer.\n"
        return HttpResponse(text, content_type="text/plain", status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _scope(request: PageRequest) -> Scope:
    teams = teams_of(request)
    if teams is None or not teams.manages:
        raise PermissionDenied(gettext("Only the owners and admins of a team see its health."))
    return reading.scope_of(request.user)


def _summary(scope: Scope, everything: Iterable[reading.Group] | None = None) -> dict[str, Any]:
    counted = reading.summary(scope, everything)
    with_names = scope.user is not None and scope.user.is_staff
    now = timezone.now()
    return {
        "summary": counted,
        "oldest": duration_words(now - counted.oldest) if counted.oldest else "",
        "bars": [(state, bars(counted, state)) for state in counted.causes if counted.states[state]],
        "rates": provider_rates(scope),
        "lines": machine_lines(machinery(scope), with_names=with_names),
        "counted_at": now,
    }


def _row(row: Datasource) -> dict[str, Any]:
    return {
        "datasource": row,
        "purpose": Purpose(row.purpose),
        "tab": "lightly" if row.purpose == Purpose.LIGHTLY else "input",
        "provider": PROVIDERS[row.provider].short,
        "state": DatasourceState(row.state),
        "cause": row.cause,
        "cause_words": reading.cause_words(row.cause),
        "check": row.latest_check,
        "expired": bool(row.expires_at and row.expires_at <= timezone.now()),
    }
