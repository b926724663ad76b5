"""What a team wants to happen by itself: for its owners and admins, on the notification page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from contents.index.services import choose_depth
from contents.models import Depth
from contents.overview.forms import DepthForm
from contents.overview.sections import INDEXING
from notifications.preferences.pages import PAGE, Changed, settings_page
from teams.access import managing_membership_for
from teams.requests import PageRequest


@require_POST
def indexing(request: PageRequest, team_id: str) -> HttpResponse:
    team = managing_membership_for(request.user, team_id).team
    form = DepthForm(request.POST, auto_id=f"{team.pk}-%s")
    if not form.is_valid():
        return settings_page(request, status=422, changed=Changed(team, INDEXING.key, {"form": form}))
    depth = Depth(form.cleaned_data["depth"])
    choose_depth(team=team, depth=depth, sample=form.cleaned_data["sample"])
    words = {
        Depth.NEVER: gettext("Datasources of %(team)s are indexed only when somebody asks for it."),
        Depth.LISTING: gettext("New Input datasources of %(team)s are indexed by themselves."),
        Depth.SAMPLE: gettext("New Input datasources of %(team)s are indexed, and a sample is opened, by themselves."),
    }
    messages.success(request, words[depth] % {"team": team.name})
    return redirect(PAGE)
