"""The log of a team, for its owners and admins."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from core.web.spreadsheets import download
from teams.access import managing_membership_for
from teams.actions import AuditAction
from teams.audit import queries
from teams.audit.export import activity_lines
from teams.audit.forms import ActivityForm
from teams.audit.services import record
from teams.models import AuditEntry
from teams.requests import PageRequest

PAGE_SIZE = 50


@require_GET
def activity(request: PageRequest, team_id: str) -> HttpResponse:
    mine = managing_membership_for(request.user, team_id)
    form = ActivityForm(request.GET)
    entries: list[AuditEntry] = []
    following = None
    if form.is_valid():
        entries, following = queries.page_of(
            queries.activity_of(mine.team, form.filters), PAGE_SIZE, form.before_cursor
        )
    context = {
        "mine": mine,
        "team": mine.team,
        "may_manage": True,
        "form": form,
        "entries": entries,
        "following": following,
        "is_later_page": bool(request.GET.get("before")),
        "narrows": bool(form.errors) or form.filters.narrows,
    }
    return render(request, "teams/activity.html", context, status=422 if form.errors else 200)


@require_GET
def export(request: PageRequest, team_id: str) -> HttpResponseBase:
    """All filtered entries, not just a page of them. That somebody took them away is an entry as well."""
    mine = managing_membership_for(request.user, team_id)
    form = ActivityForm(request.GET)
    if not form.is_valid():  # the page says what is wrong
        return redirect(f"{reverse('teams:activity', args=[mine.team_id])}?{request.GET.urlencode()}")
    record(team=mine.team, actor=request.user, action=AuditAction.EXPORTED, target="the activity of the team")
    return download("activity", activity_lines(queries.all_of(queries.activity_of(mine.team, form.filters))))
