"""The clouds there are, one line each, in the order in which they are shown."""

from clouds.azure.provider import AZURE
from clouds.gcs.provider import GCS
from clouds.obs.provider import OBS
from clouds.provider import PROVIDERS
from clouds.s3.provider import S3_KEY, S3_ROLE
from clouds.s3compatible.provider import S3_COMPATIBLE

PROVIDERS.update(
    {
        provider.type: provider
        for provider in (
            S3_KEY,
            S3_ROLE,
            AZURE,
            GCS,
            OBS,
            S3_COMPATIBLE,
        )
    }
)


def import_sdks() -> None:
    """Do now what else the first call to each cloud would do, while somebody waits. It takes a second or more."""
    for provider in PROVIDERS.values():
        provider.opener()
