"""Everybody who may call the REST API, and how far each of them gets with a route."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.utils import timezone

from datasets.models import Dataset
from datasets.services import share_dataset
from teams.models import ApiToken, Membership, Role, Scope, Team, User
from teams.service_accounts import services as service_accounts
from teams.services import create_token
from tests.api.rules import Access, Rule
from tests.conftest import PASSWORD, person

NO_TOKEN, FORBIDDEN, UNKNOWN, IN = "401", "403", "404", "in"

# How far they get with a route of each kind, if their token has its right.
_OUTSIDE = {
    Access.ANYBODY: IN,
    Access.SEES: UNKNOWN,
    Access.EDITS: UNKNOWN,
    Access.MANAGES: UNKNOWN,
    Access.IN_TEAM: UNKNOWN,
    Access.MANAGES_TEAM: UNKNOWN,
    Access.OWN_IN_TEAM: UNKNOWN,
}
_GUEST = _OUTSIDE | {Access.SEES: IN, Access.EDITS: IN, Access.MANAGES: FORBIDDEN}
_MEMBER = _OUTSIDE | {
    Access.SEES: IN,
    Access.EDITS: FORBIDDEN,
    Access.MANAGES: FORBIDDEN,
    Access.IN_TEAM: IN,
    Access.MANAGES_TEAM: FORBIDDEN,
    Access.OWN_IN_TEAM: FORBIDDEN,
}
_KEEPER = _MEMBER | {Access.EDITS: IN, Access.MANAGES: IN}
_EVERYTHING = dict.fromkeys(_OUTSIDE, IN)
_RIGHTS = {
    "outsider": _OUTSIDE,
    "superuser": _OUTSIDE,  # the API is for members; superusers have the admin panel
    "guest with an unproven address": _OUTSIDE,
    "guest": _GUEST,
    "member": _MEMBER,
    "service account": _MEMBER,
    "dataset's owner": _KEEPER,
    "team's admin": _EVERYTHING | {Access.OWN_IN_TEAM: FORBIDDEN},
    "team's owner": _EVERYTHING,
}
# Whose token opens nothing, whatever its owner may.
_WITHOUT = {
    "nobody": NO_TOKEN,
    "wrong token": NO_TOKEN,
    "revoked token": NO_TOKEN,
    "expired token": NO_TOKEN,
    "disabled person": NO_TOKEN,
    "token of all rights but this": FORBIDDEN,
    "without the demanded second factor": FORBIDDEN,
}
EVERYBODY = (*_WITHOUT, *_RIGHTS)


def expected(caller: str, rule: Rule) -> str:
    """How far this caller gets: NO_TOKEN, FORBIDDEN, UNKNOWN or IN."""
    if rule.access is Access.PUBLIC:
        return IN
    if caller == "token of all rights but this" and rule.scope is Scope.READ:
        return IN  # every token may read
    return _WITHOUT[caller] if caller in _WITHOUT else _RIGHTS[caller][rule.access]


class Callers:
    """Makes the people around a dataset, and the token of each of them for a route of a right."""

    def __init__(self, dataset: Dataset, owner: User, member: User, outsider: User) -> None:
        team, elsewhere = dataset.team, Team.objects.create(name="Guests")
        self._account = service_accounts.create(team=team, name="callers", by=owner)
        self._people = {
            "team's owner": owner,
            "team's admin": person("admin@example.com", team, Role.ADMIN),
            "dataset's owner": person("keeper@example.com", team),
            "member": member,
            "service account": self._account,
            "guest": person("guest@example.com", elsewhere),
            "guest with an unproven address": person("unproven@example.com", elsewhere),
            "outsider": outsider,
            "superuser": User.objects.create_superuser("chief@example.com", PASSWORD),
            "disabled person": person("disabled@example.com", team, Role.OWNER),
            "without the demanded second factor": person("careless@example.com", team, Role.OWNER),
        }
        people = self._people
        User.objects.filter(pk=people["guest with an unproven address"].pk).update(email_is_proven=False)
        Dataset.objects.filter(pk=dataset.pk).update(owner=people["dataset's owner"])
        share_dataset(dataset=dataset, emails=["guest@example.com", "unproven@example.com"])
        strict = Team.objects.create(name="Strict", mfa_required=True)
        Membership.objects.create(team=strict, user=people["without the demanded second factor"])

    def token(self, caller: str, scope: Scope) -> str:
        """With this right alone, beside reading, which every token may."""
        special: dict[str, Callable[[], str]] = {
            "nobody": lambda: "",
            "wrong token": lambda: "lp_wrong",
            "revoked token": lambda: self._ended(revoked_at=timezone.now()),
            "expired token": lambda: self._ended(expires_at=timezone.now() - timedelta(seconds=1)),
            "token of all rights but this": lambda: self._token_of("team's owner", _others(scope)),
            "disabled person": self._of_disabled,
        }
        return special[caller]() if caller in special else self._token_of(caller, [scope])

    def _token_of(self, caller: str, scopes: Sequence[str]) -> str:
        return create_token(user=self._people[caller], name="test", scopes=scopes)

    def _ended(self, **changes: object) -> str:
        token = self._token_of("team's owner", Scope.values)
        ApiToken.objects.filter(pk=ApiToken.objects.latest("created_at").pk).update(**changes)
        return token

    def _of_disabled(self) -> str:
        token = self._token_of("disabled person", Scope.values)
        User.objects.filter(pk=self._people["disabled person"].pk).update(is_active=False)
        return token


def _others(scope: Scope) -> list[str]:
    return [value for value in Scope.values if value != scope]
