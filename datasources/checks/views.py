"""How often a team's datasources are checked: for its owners and admins, on the notification page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from datasources.checks.forms import IntervalForm
from datasources.checks.sections import SCHEDULED_CHECKS
from datasources.checks.services import set_interval
from notifications.preferences.pages import PAGE, Changed, settings_page
from teams.access import managing_membership_for
from teams.requests import PageRequest


@require_POST
def interval(request: PageRequest, team_id: str) -> HttpResponse:
    team = managing_membership_for(request.user, team_id).team
    form = IntervalForm(request.POST, auto_id=f"{team.pk}-%s")
    if not form.is_valid():
        return settings_page(request, status=422, changed=Changed(team, SCHEDULED_CHECKS.key, {"form": form}))
    hours = form.cleaned_data["hours"]
    set_interval(team=team, hours=hours)
    every = gettext("Every datasource of %(team)s is checked about every %(hours)s h.") % {
        "team": team.name,
        "hours": hours,
    }
    never = gettext("The datasources of %(team)s are no longer checked by themselves.") % {"team": team.name}
    messages.success(request, every if hours else never)
    return redirect(PAGE)
