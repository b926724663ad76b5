"""A user's credentials go where the user aimed them, are the only ones used, and are not written down."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from clouds import Cause, Endpoints, parse_config
from clouds.doctor.diagnosis import diagnose
from clouds.doctor.probe import probe
from clouds.permissions import ALL, Permission, State
from tests.clouds.doctor.scenarios import PROVIDERS, AnyCloud, endpoints_of
from tests.servers import ALL_RIGHTS, Config, Right, S3Cloud, S3DelegatedCloud
from tests.servers.ceph.cloud import NAME
from tests.servers.faults import cut, refused, silent
from tests.servers.gate import Request, Response
from tests.servers.process import HOST
from tests.servers.s3.signatures import credential_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def endpoints(cloud_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, cloud_environment[name])
    return endpoints_of(cloud_environment)


def test_wrong_keys_never_fall_back_to_the_machines_own(
    clouds: dict[str, AnyCloud], endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cloud = clouds["S3"]
    assert isinstance(cloud, S3Cloud)
    bucket = cloud.make_bucket()
    good = cloud.grant(bucket, "input/", ALL_RIGHTS)
    keys = {
        "AWS_ACCESS_KEY_ID": good["s3AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": good["s3SecretAccessKey"],
    }
    profile = tmp_path / "credentials"
    profile.write_text("[default]\n" + "".join(f"{name.lower()} = {value}\n" for name, value in keys.items()))
    for name, value in (keys | {"AWS_SHARED_CREDENTIALS_FILE": str(profile)}).items():
        monkeypatch.setenv(name, value)
    for config, cause in (
        (cloud.with_wrong_secret(good), Cause.WRONG_SECRET),
        (cloud.with_unknown_key(good), Cause.UNKNOWN_KEY),
        (cloud.grant(bucket, "input/", set()), Cause.DENIED),
    ):
        report = probe(parse_config(config, endpoints), ALL, endpoints, 15)
        assert State.GRANTED not in {verdict.state for verdict in report.verdicts.values()}
        failure = report.verdicts[Permission.LIST].failure
        assert failure
        assert failure.cause is cause
    assert cloud.keys(bucket) == []


def test_the_platforms_own_keys_sign_nothing_but_the_wish_for_a_role(
    clouds: dict[str, AnyCloud], endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = clouds["S3DelegatedAccess"]
    assert isinstance(cloud, S3DelegatedCloud)
    signed: set[tuple[str, bool]] = set()
    usual = cloud.s3.gate.answer

    def recorded(request: Request) -> Response:
        key, _, service = credential_of(request)
        signed.add((service, key == cloud.s3.platform.access_key))
        return usual(request)

    monkeypatch.setattr(cloud.s3.gate, "answer", recorded)
    for other in ("S3", "S3DelegatedAccess"):
        bucket = clouds[other].make_bucket()
        config = parse_config(clouds[other].grant(bucket, "input/", ALL_RIGHTS), endpoints)
        report = probe(config, ALL, endpoints, 15)
        assert {verdict.state for verdict in report.verdicts.values()} == {State.GRANTED}
    assert signed == {("sts", True), ("s3", False)}


def test_nobody_but_the_configured_hosts_is_contacted(
    clouds: dict[str, AnyCloud], cloud_environment: dict[str, str]
) -> None:
    """Not even by threads of the SDKs: no metadata service, no telemetry, no look-up at Google's for every token."""
    configs = []
    for provider in PROVIDERS:
        cloud, bucket = clouds[provider], clouds[provider].make_bucket()
        cloud.put(bucket, "input/a.jpg", b"1")
        configs.append(cloud.grant(bucket, "input/", ALL_RIGHTS))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LIGHTLY_"))}
    own = {name: value for name, value in cloud_environment.items() if name.startswith("AWS_")}
    task = json.dumps({"environment": cloud_environment, "configs": configs})
    done = subprocess.run(
        [sys.executable, "-m", "tests.clouds.contacts"],
        input=task,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=inherited | own | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == set(PROVIDERS)
    for at in found.values():
        assert at["states"] == ["granted"]
        assert HOST in at["contacts"]
        assert set(at["contacts"]) <= {HOST, NAME, "::1"}  # a name, and what it stands for


# --- logs -----------------------------------------------------------------------------------------------------------
SDKS = ["azure", "boto3", "botocore", "google", "obs", "requests", "s3transfer", "urllib3"]
LOUD = [
    "azure.core.pipeline.policies.http_logging_policy",
    "botocore.auth",
    "botocore.endpoint",
    "botocore.hooks",
    "botocore.parsers",
    "google.auth.transport.requests",
    "google.cloud.storage._http",
    "urllib3.connectionpool",
    "urllib3.util.retry",
]


def test_the_sdks_loggers_are_kept_quiet_by_our_settings() -> None:
    """At DEBUG they write signatures, tokens and signed addresses."""
    configured: Any = settings.LOGGING
    for name in SDKS:
        assert configured["loggers"][name]["level"] in {"WARNING", "ERROR", "CRITICAL"}
    for name in LOUD:
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_secret_gets_into_a_log_even_at_debug(
    provider: str,
    clouds: dict[str, AnyCloud],
    cloud_environment: dict[str, str],
    endpoints: Endpoints,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud = clouds[provider]
    bucket = cloud.make_bucket()
    good = cloud.grant(bucket, "input/", ALL_RIGHTS)
    tries: list[tuple[Config, Endpoints, float]] = [
        (config, endpoints, 15)
        for config in (
            good,
            cloud.grant(bucket, "input/", {Right.LIST}),
            cloud.with_wrong_secret(good),
            cloud.with_unknown_key(good),
            cloud.with_missing_bucket(good),
        )
    ]
    # Torn and broken answers are what SDKs warn of, with the address that was asked for.
    with cut(cloud.address, 60) as torn, refused() as closed, silent() as mute:
        for address in (torn.address, closed, mute.address):
            aimed = endpoints_of(cloud_environment | cloud.environment(address))
            tries.append((cloud.at_address(good, address), aimed, 0.5))
        with caplog.at_level(logging.DEBUG):
            for fields, where, seconds in tries:
                config = parse_config(fields, where)
                report = probe(config, ALL, where, seconds)
                logging.getLogger("datasources").debug("%s %r", config, report)
                for permission, verdict in report.verdicts.items():
                    diagnose(permission, verdict, config, seconds)
    assert caplog.records  # ours, and perhaps warnings
    written = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    secrets = [secret for fields, _, _ in tries for secret in secrets_in(fields)]
    secrets.append(cloud_environment["AWS_SECRET_ACCESS_KEY"])
    assert not [secret for secret in secrets if secret in written]
    assert "ya29." not in written  # Google's tokens


def secrets_in(fields: Config) -> list[str]:
    if fields["type"] == "GCS":
        return str(json.loads(fields["gcsCredentials"])["private_key"]).splitlines()[1:-1]
    if fields["type"] == "AZURE":
        return [part.partition("=")[2] for part in fields["accountKey"].split("&") if part.startswith("sig=")]
    return [fields[name] for name in ("s3SecretAccessKey", "obsSecretAccessKey") if name in fields]
