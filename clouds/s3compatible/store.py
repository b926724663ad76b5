"""Storage that speaks the protocol of S3 at an address a user typed: MinIO, Ceph, Garage, R2 and others."""

from dataclasses import replace
from typing import Any

import urllib3.exceptions

from clouds import preflight
from clouds.config import Endpoints
from clouds.failures import Cause, Failure, StoreError, safe_code
from clouds.s3.clients import client_config, make_client, refuse_other_region
from clouds.s3.quick_pages import read_quickly
from clouds.s3.store import S3Store
from clouds.s3compatible.config import S3CompatibleConfig
from clouds.s3compatible.connection import GuardedConnections, failure_of_transport
from clouds.store import Deadline, Preflight, TimeLimit


def open_with_key(config: S3CompatibleConfig, endpoints: Endpoints, limit: TimeLimit, /) -> "S3CompatibleStore":
    return S3CompatibleStore(config, endpoints, limit)


def _refuse_redirect(response: Any, **_: Any) -> None:
    """Another address for the same region: AWS would mean a region by it."""
    if response is None or not 300 <= response[0].status_code < 400 or response[0].status_code == 304:
        return
    http, parsed = response
    named = "x-amz-bucket-region" in http.headers or parsed.get("Error", {}).get("Region")
    if not named:
        code = safe_code(parsed.get("Error", {}).get("Code"))
        raise StoreError(Failure(Cause.REDIRECTED, code, http.status_code))


class S3CompatibleStore(S3Store):
    knows_payers = False  # nobody but AWS lets callers pay

    def __init__(self, config: S3CompatibleConfig, endpoints: Endpoints, limit: TimeLimit) -> None:
        secret = config.secret_access_key.get_secret_value()
        self.connections = GuardedConnections(limit, endpoints.allowed_private_hosts, config.ca_certificate)
        client = make_client(
            "s3",
            region_name=config.signing_region,
            endpoint_url=config.endpoint,
            aws_access_key_id=config.access_key_id,
            aws_secret_access_key=secret,
            config=client_config(
                limit,
                signature_version="s3v4",
                s3={"addressing_style": config.addressing.value},
                # Of AWS's newer checksums many servers know nothing.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        client.meta.events.register_first("needs-retry.s3", _refuse_redirect)  # before the next one
        client.meta.events.register_first("needs-retry.s3", refuse_other_region)
        client.meta.events.register_first("before-send.s3", self.connections.send)
        read_quickly(client)
        super().__init__(client, config.bucket, secret, owners_may_read=True)
        self.sockets = self.connections.sockets

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url, _, _ = self.sign(key, seconds=60).partition("?")
        answer = self.connections.ask("OPTIONS", url, preflight.question(origin))
        try:
            body = answer.read(preflight.MOST_BYTES)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise StoreError(failure_of_transport(error)) from None
        finally:
            answer.close()
        understood = preflight.understood(answer.status, dict(answer.headers), body)
        # Ceph has no code of its own for pages that no rule lets in, and asks nobody here for a signature.
        return replace(understood, code="AccessForbidden") if understood.code == "AccessDenied" else understood

    def close(self) -> None:
        super().close()
        self.connections.close()
