"""Variables for who uses other servers than those of the clouds themselves. As variables.py, of which it is a part."""

from __future__ import annotations

from dataclasses import dataclass

from lightly_platform.env import parsers
from lightly_platform.env.declaring import Group, declare, url


@dataclass(frozen=True, kw_only=True)
class CloudAddresses:
    """Other addresses of the clouds. None: not set."""

    s3_endpoint_url: str | None = url(
        "LIGHTLY_S3_ENDPOINT_URL",
        group=Group.CLOUDS,
        shown_default="AWS",
        example="https://s3.example.com",
        help="An S3-compatible service to use instead, such as MinIO.",
    )
    sts_endpoint_url: str | None = url(
        "LIGHTLY_STS_ENDPOINT_URL",
        group=Group.CLOUDS,
        shown_default="AWS",
        example="https://sts.example.com",
        help="The address of STS, which gives temporary credentials for delegated access.",
    )
    azure_endpoint_url: str | None = declare(
        "LIGHTLY_AZURE_ENDPOINT_URL",
        parsers.azure_endpoint,
        group=Group.CLOUDS,
        default=None,
        shown_default="Azure",
        must="an http:// or https:// address that contains {account} once",
        example="http://127.0.0.1:10000/{account}",
        help="The address of the blob service, with `{account}` for the account's name:"
        " `http://127.0.0.1:10000/{account}`.",
    )
    gcs_endpoint_url: str | None = url(
        "LIGHTLY_GCS_ENDPOINT_URL",
        group=Group.CLOUDS,
        shown_default="Google",
        example="https://storage.example.com",
        help="A Google-Cloud-Storage-compatible service to use instead.",
    )
    gcs_token_url: str | None = url(
        "LIGHTLY_GCS_TOKEN_URL",
        group=Group.CLOUDS,
        shown_default="Google",
        example="https://oauth2.example.com/token",
        help="The address where service accounts get their tokens. The one in a pasted key file is ignored.",
    )
    gcs_certs_url: str | None = url(
        "LIGHTLY_GCS_CERTS_URL",
        group=Group.CLOUDS,
        shown_default="Google",
        example="https://iam.example.com/x509",
        help="The address of the public certificates of service accounts' keys. They tell how old a key is and when it"
        " ends. Not used if only `LIGHTLY_GCS_ENDPOINT_URL` is set.",
    )
