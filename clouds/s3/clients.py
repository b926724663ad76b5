"""Clients of boto3: of keys that somebody entered, and of the temporary ones of a role."""

import functools
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
from botocore.config import Config
from botocore.handlers import add_expect_header

from clouds.calls.sockets import Sockets, watch_pools
from clouds.config import Endpoints
from clouds.failures import Cause, Failure, StoreError, safe_code
from clouds.s3.config import SESSION_SECONDS, S3DelegatedAccessConfig
from clouds.s3.failures import failure_of_role
from clouds.s3.policies import partition
from clouds.s3.quick_pages import read_quickly
from clouds.store import TimeLimit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def assume_role(config: S3DelegatedAccessConfig, endpoints: Endpoints, limit: TimeLimit) -> Any:
    """Temporary keys of the role. The one place that uses the platform's own AWS identity (environment or profile).

    In regions that its account has not enabled, STS does not know that identity. It is asked in another one then: what
    the STS of a region hands out is good in all regions.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
    """
    try:
        return _assume_role_in(config.region, config, endpoints, limit)
    except StoreError as error:
        if error.failure.code not in _UNKNOWN_IN_REGION:
            raise
        refused = error
    for region in _other_regions(config.region):
        try:
            return _assume_role_in(region, config, endpoints, limit)
        except StoreError as error:
            if error.failure.status is None:  # only the bucket's region has answered
                raise StoreError(replace(refused.failure, region=config.region)) from None
            if error.failure.code not in _UNKNOWN_IN_REGION:
                raise
    raise refused


_UNKNOWN_IN_REGION = {"InvalidClientTokenId", "UnrecognizedClientException", "RegionDisabledException"}
# Enabled in every account of their partition.
_DEFAULT_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def _other_regions(region: str) -> list[str]:
    """Where else the platform's identity may be known: in its own region, or in one that can't be disabled."""
    own = str(_session().region_name or "")
    candidates = [own if partition(own) == partition(region) else "", _DEFAULT_REGIONS.get(partition(region), "")]
    return [other for other in dict.fromkeys(candidates) if other not in {"", region}]


def _assume_role_in(region: str, config: S3DelegatedAccessConfig, endpoints: Endpoints, limit: TimeLimit) -> Any:
    sts = make_client("sts", region_name=region, endpoint_url=endpoints.sts, config=client_config(limit))
    try:
        answer = sts.assume_role(
            RoleArn=config.role_arn,
            ExternalId=config.external_id,
            RoleSessionName="lightly-platform",
            DurationSeconds=SESSION_SECONDS,
        )
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise StoreError(failure_of_role(error)) from None
    finally:
        sts.close()
    return answer["Credentials"]


# Building a Session reads files and takes about 200 ms, a client from it about 11 ms; clients may be used by many
# threads at once, but not made by many at once.
_session = functools.cache(lambda: boto3.session.Session())
_making_clients = threading.Lock()


def client_config(limit: TimeLimit, **more: Any) -> Config:
    """Settings all AWS clients here share: one attempt, and no call longer than the time that is left."""
    return Config(
        connect_timeout=limit.timeout(),
        read_timeout=limit.timeout(),
        retries={"total_max_attempts": 1},
        ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # the stubs lag behind
        **more,
    )


def make_client(service: str, **arguments: Any) -> Any:
    with _making_clients:
        return _session().client(service, **arguments)  # type: ignore[call-overload]


def watch_client(client: Any, sockets: Sockets) -> None:
    """boto3 has no setting for its connections."""
    watch_pools(client._endpoint.http_session._pool_classes_by_scheme, sockets)


def s3_client(
    endpoints: Endpoints,
    limit: TimeLimit,
    region: str,
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None = None,
) -> "S3Client":
    """A client that uses exactly these keys: given explicitly, boto3 never looks for the machine's own."""
    client: S3Client = make_client(
        "s3",
        region_name=region,
        endpoint_url=endpoints.s3,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        aws_session_token=session_token,
        config=client_config(
            limit,
            signature_version="s3v4",
            # Own endpoints (MinIO and the like) seldom have a wildcard DNS entry for bucket.host. At AWS, "auto" would
            # sign links for the global host, which refuses regions opened after March 2019. "virtual" takes the
            # region's own host for links as for calls, and a path where the bucket's name can't be a host's.
            s3={
                "addressing_style": "path" if endpoints.s3 else "virtual",
                "us_east_1_regional_endpoint": "regional",
            },
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    # botocore follows a bucket into its region by itself. Here that would be a false green: signed URLs don't follow.
    client.meta.events.register_first("needs-retry.s3", refuse_other_region)
    # botocore asks before each upload whether it may send the body, a round trip more. What is written here is small.
    client.meta.events.unregister("before-call.s3", add_expect_header)
    read_quickly(client)
    return client


_WRONG_REGION_CODES = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}


def refuse_other_region(response: Any, **_: Any) -> None:
    if response is None:
        return
    http, parsed = response
    error = parsed.get("Error", {})
    headers = {name.lower(): value for name, value in http.headers.items()}
    region = headers.get("x-amz-bucket-region") or error.get("Region") or ""
    code = error.get("Code", "")
    # AuthorizationHeaderMalformed also stands for other faults in the header; with a region in it, it is the region.
    if http.status_code in {301, 307} or (code in _WRONG_REGION_CODES and (region or code == "PermanentRedirect")):
        raise StoreError(Failure(Cause.WRONG_REGION, safe_code(code), http.status_code, region=safe_code(region)))
