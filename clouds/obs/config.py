"""The fields of OBS, the object storage of Huawei Cloud and the Open Telekom Cloud."""

import functools
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from clouds import guard
from clouds.config import CloudConfig, Endpoints, SecretWord
from clouds.paths import normalise_path, web_address

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PATH_EXAMPLE = "obs://my-bucket/path/to/images/"
ENDPOINT_EXAMPLE = "https://obs.eu-de.otc.t-systems.com"


# Huawei Cloud, in all its parts, and the Open Telekom Cloud: https://developer.huaweicloud.com/endpoint?OBS
_HOSTS = re.compile(r"(.+\.)?(myhuaweicloud\.(com|eu|cn)|hwclouds\.com|otc\.t-systems\.com)")


def is_obs_host(host: str, own: Iterable[str] = ()) -> bool:
    """Whether OBS answers there. `own`: hosts of private clouds (Huawei Cloud Stack), as the operator named them."""
    return _HOSTS.fullmatch(host.lower()) is not None or guard.is_allowed_host(host, own)


def _check_endpoint(value: str) -> str:
    parts = web_address(value, example=ENDPOINT_EXAMPLE, hosts=re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"))
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"The endpoint is the host alone, without bucket or path. For example: {ENDPOINT_EXAMPLE}")
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


class OBSConfig(CloudConfig):
    scheme: ClassVar[str] = "obs"

    type: Literal["OBS"] = "OBS"
    path: Annotated[
        str,
        AfterValidator(functools.partial(normalise_path, scheme="obs", bucket_pattern=BUCKET, example=PATH_EXAMPLE)),
    ] = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory in your bucket. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the OBS console open the bucket, then Objects, and follow the directories. In a terminal: "
            "`obsutil ls obs://my-bucket`.",
        },
    )
    endpoint: Annotated[str, AfterValidator(_check_endpoint)] = Field(
        alias="obsEndpoint",
        title="Endpoint",
        description="The address of OBS in your region.",
        examples=[ENDPOINT_EXAMPLE],
        json_schema_extra={
            "binds_secret": True,
            "where": "In the OBS console, the bucket's Overview page names its Endpoint; write https:// in front of "
            "it. In a terminal, `obsutil stat obs://my-bucket` names the region, which is a part of the endpoint.",
        },
    )
    access_key_id: str = Field(
        alias="obsAccessKeyId",
        title="Access key ID",
        description="Access key of the user with access to this folder.",
        examples=["H3Q1K2J7ZEXAMPLE"],
        min_length=1,
        pattern=r"^[\x21-\x7e]+$",
        json_schema_extra={
            "binds_secret": True,
            "where": "Sign in to the console as the user of the key. Click the user name at the top right, My "
            "Credentials, Access Keys. On Huawei Cloud in a terminal: `hcloud IAM ListPermanentAccessKeys`.",
        },
    )
    secret_access_key: SecretWord = Field(
        alias="obsSecretAccessKey",
        title="Secret access key",
        description="Stored encrypted, never shown again.",
        examples=["mZk3…"],
        json_schema_extra={
            "where": "It is in the file credentials.csv that the console saves, once, when the access key is made: "
            "the user name at the top right, My Credentials, Access Keys, Create Access Key. On Huawei Cloud in a "
            "terminal: `hcloud IAM CreatePermanentAccessKey`. If it is lost, make a new key.",
        },
    )

    @property
    def principal(self) -> str:
        return self.access_key_id

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        right = without_bucket(self.endpoint, self.bucket)
        if right == self.endpoint:
            return {}
        return {
            "endpoint": "The endpoint begins with the bucket's name, which is put in front of it anyway. "
            f"Enter it without the bucket: {right}"
        }


def without_bucket(endpoint: str, bucket: str) -> str:
    """The endpoint of the domain name that the console shows for a bucket: `obs.…` of `bucket.obs.…`.

    An endpoint whose own first name is that of the bucket is left alone: only a service's name may follow the bucket's.
    """
    service = re.compile(rf"(?P<scheme>https?://){re.escape(bucket)}\.(?P<host>(?:obs|oss|s3)[.-].+)", re.IGNORECASE)
    found = service.fullmatch(endpoint) if bucket else None
    return f"{found['scheme']}{found['host']}" if found else endpoint
