"""Least-privilege setup for exactly one bucket, path and purpose, as texts to copy. Pure.

Input is read, Lightly is read and written. Nothing here grants deleting, except where a cloud can't replace without.
"""

from collections.abc import Mapping

from clouds.failures import Failure
from clouds.permissions import Permission, State
from clouds.policies import Gap, Place, Platform, Request, Snippet
from clouds.provider import PROVIDERS


def setup(place: Place, needs: frozenset[Permission], platform: Platform) -> list[Snippet]:
    """Everything it takes, from nothing, in the forms people use. The first one is the shortest way."""
    return PROVIDERS[place.provider].policies(Request(place, needs, platform))


def missing(place: Place, needs: frozenset[Permission], lacking: Gap, platform: Platform) -> list[Snippet]:
    """Only what is missing; nothing where no grant would help."""
    return PROVIDERS[place.provider].policies(Request(place, needs, platform, lacking)) if lacking else []


_OF_CREDENTIALS = {"expired", "not_yet_valid", "credential_refused", "wrong_secret", "unknown_key"}


def gap(outcomes: Mapping[Permission, tuple[State, str]]) -> Gap:
    """From the state and the cause of each bulb."""
    causes = {permission: cause for permission, (state, cause) in outcomes.items() if state is not State.GRANTED}
    refused = {permission for permission, cause in causes.items() if cause == "denied"}
    # What is unknown now shows once the rest is granted. It is needed in any case, so it is part of one grant.
    hidden = {permission for permission, cause in causes.items() if cause == "hidden"} if refused else set()
    return Gap(
        permissions=frozenset(refused | hidden),
        kms=frozenset(permission for permission, cause in causes.items() if cause == "kms_denied"),
        trust="cannot_assume_role" in causes.values(),
        credential=bool(_OF_CREDENTIALS & set(causes.values())),
    )


# What a policy of one of these kinds leaves out, no grant gives.
_LIMITS = {"permissions boundary", "service control policy", "resource control policy", "session policy"}


def is_beyond_grants(failure: Failure) -> bool:
    """Whether this is refused for something that granting the right would not change."""
    return failure.detail in _LIMITS or any(failure.code in each.beyond_grants for each in PROVIDERS.values())
