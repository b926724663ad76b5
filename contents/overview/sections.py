"""The part of the notification page that is about a team's indexes, beside its scheduled checks."""

from typing import Any

from contents.index.services import depth_of, sample_of
from contents.overview.forms import DepthForm
from notifications.preferences.sections import Section
from teams.models import Team


def stored(team: Team) -> dict[str, Any]:
    chosen = {"depth": depth_of(team.pk), "sample": sample_of(team.pk)}
    return {"form": DepthForm(initial=chosen, auto_id=f"{team.pk}-%s")}


INDEXING = Section("indexing", "contents/_indexing.html", stored, rank=20)
