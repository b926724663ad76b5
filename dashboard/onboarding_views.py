"""The first steps on the home page, and sample data for who has no bucket at hand."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from core.web.undo import success_with_undo
from dashboard.onboarding import Checklist, checklist
from datasets.services import NoTeamError
from datasources.settings import samples
from teams import services
from teams.queries import current_team_of
from teams.requests import PageRequest, own_teams


@require_GET
def first_steps(request: PageRequest) -> HttpResponse:
    """The checklist alone, which asks for itself again."""
    return render(request, "dashboard/_first_steps.html", {"checklist": checklist_of(request)})


def checklist_of(request: PageRequest) -> Checklist | None:
    teams = own_teams(request)
    membership = next((each for each in teams.memberships if each.team == teams.current), None)
    return checklist(request.user, membership.team, membership) if membership else None


@require_POST
def dismiss_first_steps(request: PageRequest) -> HttpResponse:
    team = current_team_of(request.user)
    if team is None:
        raise Http404
    dismissed = request.POST.get("show") != "1"
    services.dismiss_first_steps(user=request.user, team=team, dismissed=dismissed)
    if dismissed:
        url = reverse("dashboard:dismiss_first_steps")
        success_with_undo(request, gettext("The first steps are hidden."), url=url, fields={"show": "1"})
    return redirect("home")


@require_POST
def sample_data(request: PageRequest) -> HttpResponse:
    try:
        dataset = samples.create(owner=request.user, team=current_team_of(request.user))
    except samples.NoSamplesError:
        raise Http404 from None
    except NoTeamError:
        messages.error(request, gettext("You are in no team yet. Ask an admin to add you to one."))
        return redirect("home")
    messages.success(
        request,
        gettext("%(dataset)s is connected to sample data. Watch its bulbs turn green.") % {"dataset": dataset.name},
    )
    return redirect("home")
