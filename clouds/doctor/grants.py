"""Least-privilege setup for exactly one bucket, path and purpose, as texts to copy. Pure.

Input is read, Lightly is read and written. Nothing here grants deleting, except where a cloud can't replace without.
"""

from collections.abc import Callable

from clouds.azure import policies as azure
from clouds.doctor.policies import Gap, Place, Platform, Request, Snippet, gap, is_beyond_grants
from clouds.doctor.probe import Permission
from clouds.gcs import policies as gcs
from clouds.obs import policies as obs
from clouds.s3 import policies as aws

_BY_PROVIDER: dict[str, Callable[[Request], list[Snippet]]] = {
    "S3": aws.snippets,
    "S3DelegatedAccess": aws.snippets,
    "AZURE": azure.snippets,
    "GCS": gcs.snippets,
    "OBS": obs.snippets,
}


def setup(place: Place, needs: frozenset[Permission], platform: Platform) -> list[Snippet]:
    """Everything it takes, from nothing, in the forms people use. The first one is the shortest way."""
    return _BY_PROVIDER[place.provider](Request(place, needs, platform))


def missing(place: Place, needs: frozenset[Permission], lacking: Gap, platform: Platform) -> list[Snippet]:
    """Only what is missing; nothing where no grant would help."""
    return _BY_PROVIDER[place.provider](Request(place, needs, platform, lacking)) if lacking else []


__all__ = ["Gap", "Place", "Platform", "Request", "Snippet", "gap", "is_beyond_grants", "missing", "setup"]
