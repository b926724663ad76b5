"""The catalogue: for every cloud, permission and cause its own words. Pure.

`common` has the words for causes that are alike everywhere; the file of a cloud's name has what that cloud can tell
better, and the command of its own tool that shows the cause.
"""

from collections.abc import Callable

from clouds.azure import remedies as azure
from clouds.doctor import common_remedies as common
from clouds.doctor.remedies import RIGHTS, Case, Remedy
from clouds.gcs import remedies as gcs
from clouds.obs import remedies as obs
from clouds.s3 import remedies as aws

_BY_PROVIDER: dict[str, Callable[[Case], Remedy | None]] = {
    "S3": aws.explain,
    "S3DelegatedAccess": aws.explain,
    "AZURE": azure.explain,
    "GCS": gcs.explain,
    "OBS": obs.explain,
}


def remedy(case: Case) -> Remedy:
    return _BY_PROVIDER[case.config.type](case) or common.REMEDIES[case.failure.cause](case)


__all__ = ["RIGHTS", "Case", "Remedy", "remedy"]
