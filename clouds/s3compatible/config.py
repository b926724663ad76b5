"""The fields of storage that speaks the protocol of S3 at an address of its own."""

import functools
import re
import ssl
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from clouds.config import CloudConfig, Endpoints, SecretWord
from clouds.paths import normalise_path, web_address
from clouds.s3.config import BUCKET

PATH_EXAMPLE = "s3://my-bucket/path/to/images/"
ENDPOINT_EXAMPLE = "https://minio.example.com:9000"
# What servers take that know no regions: https://min.io/docs/minio/linux/reference/minio-server/settings/region.html
DEFAULT_REGION = "us-east-1"
# Services whose region stands in the host name, and those that have one for all. A bucket may stand before it.
_IN_HOST = (
    r"s3\.(?P<r1>[a-z0-9-]+)\.(?:wasabisys\.com|backblazeb2\.com|scw\.cloud|io\.cloud\.ovh\.(?:net|us)|perf\.cloud\.ovh\.net)",
    r"(?P<r2>[a-z0-9-]+)\.(?:digitaloceanspaces|linodeobjects|your-objectstorage|vultrobjects)\.com",
)
# https://developers.cloudflare.com/r2/api/s3/api/#bucket-region
_ANYWHERE = r"[0-9a-f]{32}(?:\.(?:eu|fedramp))?\.r2\.cloudflarestorage\.com|storage\.googleapis\.com"
SERVICE_HOST = re.compile(rf"(?:(?P<bucket>.+?)\.)?(?P<endpoint>{'|'.join(_IN_HOST)}|{_ANYWHERE})")


class Addressing(StrEnum):
    PATH = "path"
    VIRTUAL = "virtual"


def _check_endpoint(value: str) -> str:
    parts = web_address(value, example=ENDPOINT_EXAMPLE, hosts=re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"))
    if parts.query or parts.fragment or not re.fullmatch(r"[A-Za-z0-9/._~-]*", parts.path):
        raise ValueError(
            f"The endpoint must not carry a query, a fragment or odd characters. For example: {ENDPOINT_EXAMPLE}"
        )
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path.rstrip('/')}"


def _check_certificate(value: str) -> str:
    text = "\n".join(line.strip() for line in value.strip().splitlines() if line.strip()) + "\n"
    if "PRIVATE KEY" in text:
        raise ValueError("This holds a private key. Enter the certificate of the authority alone.")
    try:
        text.encode("ascii")  # raises a ValueError, where ssl would raise a TypeError
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValueError(
            "This is not a certificate in PEM form: it begins with -----BEGIN CERTIFICATE----- and ends alike."
        ) from None
    return text


class S3CompatibleConfig(CloudConfig):
    scheme: ClassVar[str] = "s3"

    type: Literal["S3Compatible"] = "S3Compatible"
    path: Annotated[
        str,
        AfterValidator(functools.partial(normalise_path, scheme="s3", bucket_pattern=BUCKET, example=PATH_EXAMPLE)),
    ] = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory in your bucket. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the console of your storage open the bucket and follow the directories. In a terminal: `aws "
            "s3 ls s3://my-bucket/path/ --endpoint-url https://…`, or for MinIO `mc ls myminio/my-bucket/path/`.",
        },
    )
    endpoint: Annotated[str, AfterValidator(_check_endpoint)] = Field(
        alias="s3Endpoint",
        title="Endpoint",
        description="The address of your storage's S3 API, without the bucket.",
        examples=[ENDPOINT_EXAMPLE],
        json_schema_extra={
            "binds_secret": True,
            "where": "The address of the S3 API, not that of the web console (MinIO: port 9000, not 9001). Services "
            "name it beside the bucket, R2 in the bucket's Settings. For MinIO in a terminal: `mc alias list`.",
        },
    )
    access_key_id: str = Field(
        alias="s3AccessKeyId",
        title="Access key ID",
        description="Access key of the user with access to this folder.",
        examples=["lightly-reader"],
        min_length=1,
        pattern=r"^[\x21-\x7e]+$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the console of your storage under Access Keys; some call it application key or API token. In "
            "a terminal: `mc admin accesskey list myminio`, `radosgw-admin user info --uid=NAME` for Ceph, `garage "
            "key list`.",
        },
    )
    secret_access_key: SecretWord = Field(
        alias="s3SecretAccessKey",
        title="Secret access key",
        description="Stored encrypted, never shown again.",
        examples=["wJalrXUtnFEMI…"],
        json_schema_extra={
            "where": "Most consoles show it once, when the access key is made. If it is lost, make a new key. Ceph "
            "and Garage show it again: `radosgw-admin user info --uid=NAME`, `garage key info NAME --show-secret`.",
        },
    )
    region: str | None = Field(
        default=None,
        alias="s3Region",
        title="Region",
        description="Only if your storage has regions. If empty: the one in the endpoint's name, else us-east-1.",
        examples=["us-east-1"],
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$",
        json_schema_extra={
            "where": "In the console of your storage, or its documentation: auto for R2, garage for Garage, fsn1 and "
            "the like for Hetzner. Ceph takes any. For MinIO in a terminal: `mc admin config get myminio region`.",
        },
    )
    addressing: Addressing = Field(
        default=Addressing.PATH,
        alias="s3AddressingStyle",
        title="Bucket in the address",
        description="Whether the bucket's name comes after the host or before it.",
        examples=["path"],
        json_schema_extra={
            "choices": {
                "path": "Path-style: https://host/bucket/…",
                "virtual": "Virtual-hosted: https://bucket.host/…",
            },
            "where": "Path-style works with nearly every server. Choose the other if your storage's console shows "
            "addresses with the bucket before the host, and `openssl s_client -connect bucket.host:443` a certificate "
            "for them.",
        },
    )
    ca_certificate: Annotated[str, AfterValidator(_check_certificate)] | None = Field(
        default=None,
        alias="s3CaCertificate",
        title="CA certificate",
        description="Only if your own authority made the server's certificate. PEM text.",
        json_schema_extra={
            "multiline": True,
            "where": "Your network's administrators have it; some consoles offer it for download. A server that sends "
            "it along shows it last in a terminal: `openssl s_client -showcerts -connect HOST:443`.",
        },
    )

    @property
    def principal(self) -> str:
        return self.access_key_id

    @property
    def signing_region(self) -> str:
        """The region that requests are signed for."""
        return self.region or region_of(self.endpoint)

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    def facts(self) -> dict[str, str]:
        known = super().facts()
        known.pop("ca_certificate", None)
        return known

    def unusable(self, now: datetime, endpoints: Endpoints | None = None) -> dict[str, str]:
        parts, host = urlsplit(self.endpoint), self.host
        inside = host.removeprefix(f"{self.bucket}.")
        # A host may be called like the bucket, so only names by which storage is usually called are taken for it.
        usual = SERVICE_HOST.fullmatch(inside) or re.match(r"(s3|obs|oss|cos|minio|storage)[.-]", inside)
        if inside != host and usual:
            return {
                "endpoint": f"The endpoint begins with the bucket's name. Enter it without: "
                f"{self.endpoint.replace(f'{self.bucket}.', '', 1)}"
            }
        if parts.path.strip("/").split("/")[0] == self.bucket:
            return {"endpoint": "The endpoint ends with the bucket's name. Enter the address without it."}
        return {}


def region_of(endpoint: str) -> str:
    """The region that the name of a known service tells, else the one that nearly every server takes."""
    known = SERVICE_HOST.fullmatch(urlsplit(endpoint).hostname or "")
    if known is None:
        return DEFAULT_REGION
    return known["r1"] or known["r2"] or "auto"
