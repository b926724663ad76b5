"""The part of the notification page that is about a team's scheduled checks."""

from typing import Any

from datasources.checks.forms import IntervalForm
from notifications.preferences.sections import Section
from teams.models import Team


def stored(team: Team) -> dict[str, Any]:
    return {"form": IntervalForm(initial={"hours": team.recheck_hours}, auto_id=f"{team.pk}-%s")}


SCHEDULED_CHECKS = Section("scheduled-checks", "datasources/_scheduled_checks.html", stored, rank=10)
