"""The setup texts of `clouds.doctor.grants`, written for this installation, a team and what a check found.

No secret is needed: a check stores, beside each verdict, the place for which a grant is written.
"""

from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from clouds import PROVIDERS
from clouds.doctor.grants import gap, missing, setup
from clouds.permissions import Permission, State
from clouds.policies import Place, Platform, Snippet
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from datasources.schemas import StoredVerdict
from teams.models import Team


def platform_for(team: Team, *, for_guest: bool = False) -> Platform:
    """This installation as the team's policies have to name it. Guests of the team don't learn its external ID."""
    return Platform(
        aws_principal=settings.LIGHTLY_AWS_PRINCIPAL_ARN or "",
        external_id="" if for_guest else team.external_id,
        today=timezone.now().date(),
        endpoints=configured_endpoints(),
    )


def full_setup(place: Place, purpose: Purpose, team: Team, *, for_guest: bool = False) -> list[Snippet]:
    """Everything that a datasource of this purpose needs at this place."""
    return setup(_shown(place, for_guest), purpose.needs, platform_for(team, for_guest=for_guest))


def grantable(verdicts: Mapping[str, StoredVerdict]) -> list[str]:
    """The permissions whose bulbs a grant (or a new credential) would turn green, in the order of the bulbs."""
    return [name for name, verdict in verdicts.items() if verdict.get("place") and _is_gap(name, verdict)]


def missing_grant(
    verdicts: Mapping[str, StoredVerdict], purpose: Purpose, team: Team, *, for_guest: bool = False
) -> list[Snippet]:
    """Everything that a check found missing, in one grant. Empty if nothing is, or if the check stored no place."""
    place = next((found for verdict in verdicts.values() if (found := verdict.get("place"))), None)
    if place is None:
        return []
    lacking = gap({Permission(name): _finding(verdict) for name, verdict in verdicts.items() if verdict.get("place")})
    shown = _shown(Place.stored(place), for_guest)
    return missing(shown, purpose.needs, lacking, platform_for(team, for_guest=for_guest))


def _shown(place: Place, for_guest: bool) -> Place:
    """The place without what only members of the team may see."""
    if not for_guest:
        return place
    hidden = PROVIDERS[place.provider].config_class.members_only_fields()
    return replace(place, facts={name: value for name, value in place.facts.items() if name not in hidden})


def _is_gap(name: str, verdict: StoredVerdict) -> bool:
    return bool(gap({Permission(name): _finding(verdict)}))


def _finding(verdict: StoredVerdict) -> tuple[State, str]:
    return State(verdict["state"]), verdict["cause"]
