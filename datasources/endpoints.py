"""Where the clouds are, as the operator of this installation has configured it."""

from django.conf import settings

from clouds import Endpoints


def configured_endpoints() -> Endpoints:
    return Endpoints(
        s3=settings.LIGHTLY_S3_ENDPOINT_URL,
        sts=settings.LIGHTLY_STS_ENDPOINT_URL,
        azure=settings.LIGHTLY_AZURE_ENDPOINT_URL,
        gcs=settings.LIGHTLY_GCS_ENDPOINT_URL,
        gcs_token=settings.LIGHTLY_GCS_TOKEN_URL,
        gcs_certs=settings.LIGHTLY_GCS_CERTS_URL,
        obs_hosts=tuple(settings.LIGHTLY_OBS_HOSTS),
        allowed_private_hosts=tuple(settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS),
    )
