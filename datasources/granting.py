"""What `policies` must know of this installation and of a team, and what to grant where a check found a gap.

No secret is needed for it: a check leaves the other fields of the datasource beside its verdicts.
"""

from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone

from clouds.doctor.grants import gap, missing, setup
from clouds.permissions import Permission, State
from clouds.policies import Place, Platform, Snippet
from datasources.models import Purpose
from datasources.schemas import StoredVerdict
from teams.models import Team


def platform_for(team: Team) -> Platform:
    return Platform(
        aws_principal=settings.LIGHTLY_AWS_PRINCIPAL_ARN or "",
        external_id=team.external_id,
        today=timezone.now().date(),
    )


def whole_setup(place: Place, purpose: Purpose, team: Team) -> list[Snippet]:
    return setup(place, purpose.needs, platform_for(team))


def grantable(verdicts: Mapping[str, StoredVerdict]) -> list[str]:
    """The permissions whose bulbs a grant (or a new credential) would turn green, in the order of the bulbs."""
    return [
        name for name, verdict in verdicts.items() if verdict.get("place") and gap({Permission(name): _told(verdict)})
    ]


def missing_grant(verdicts: Mapping[str, StoredVerdict], purpose: Purpose, team: Team) -> list[Snippet]:
    """Everything that a check found missing, in one grant."""
    place = next((found for verdict in verdicts.values() if (found := verdict.get("place"))), None)
    if place is None:  # all is well, or the check is of a time that kept none
        return []
    lacking = gap({Permission(name): _told(verdict) for name, verdict in verdicts.items() if verdict.get("place")})
    return missing(Place.stored(place), purpose.needs, lacking, platform_for(team))


def _told(verdict: StoredVerdict) -> tuple[State, str]:
    return State(verdict["state"]), verdict["cause"]
