"""The notification page, as it is stored or with what somebody just typed into one of its forms."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from notifications.preferences.forms import PersonalForm
from notifications.preferences.queries import settings_of
from notifications.preferences.sections import sections
from teams.models import Team
from teams.queries import managed_teams
from teams.requests import PageRequest

# Where the page's own forms lead back to.
PAGE = "notifications:notification_settings"


@dataclass(frozen=True)
class Changed:
    """What replaces the stored state in one team's section: a form with errors, or a new secret."""

    team: Team
    section: str
    context: dict[str, Any] = field(default_factory=dict)


def settings_page(
    request: PageRequest, *, status: int = 200, personal: PersonalForm | None = None, changed: Changed | None = None
) -> HttpResponse:
    context = {
        "personal": personal or PersonalForm.of(settings_of(request.user)),
        "teams": [_sections_of(team, changed) for team in managed_teams(request.user).select_related("webhook")],
        "sends_mail": settings.LIGHTLY_SENDS_MAIL,
    }
    return render(request, "notifications/notification_settings.html", context, status=status)


def _sections_of(team: Team, changed: Changed | None) -> dict[str, Any]:
    return {
        "team": team,
        "sections": [
            {
                "template": section.template,
                "context": section.context(team)
                | (changed.context if changed and (changed.team.pk, changed.section) == (team.pk, section.key) else {}),
            }
            for section in sections()
        ],
    }
