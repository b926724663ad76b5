"""What people may enter for S3-compatible storage, and what it becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clouds import PROVIDERS, Endpoints, meant_by, parse_config
from clouds.s3compatible.config import S3CompatibleConfig, region_of
from tests.clouds.examples import example
from tests.servers.certificates import Authority

ACCOUNT = "0123456789abcdef" * 2
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def config(**changes: Any) -> S3CompatibleConfig:
    made = parse_config(example("S3Compatible", **changes))
    assert isinstance(made, S3CompatibleConfig)
    return made


@pytest.mark.parametrize(
    "region", ["auto", "garage", "fsn1", "fra1", "minio", "us-east-1", "RegionOne", "eu_west", "x"]
)
def test_any_region_can_be_entered(region: str) -> None:
    assert config(s3Region=region).signing_region == region


@pytest.mark.parametrize("region", ["eu central", "eu/central", "-x", "x-", "eu.evil.example", "x" * 64, "ü"])
def test_what_can_be_no_region(region: str) -> None:
    with pytest.raises(ValidationError):
        config(s3Region=region)


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("https://minio.example.com:9000", "us-east-1"),
        (f"https://{ACCOUNT}.r2.cloudflarestorage.com", "auto"),
        (f"https://{ACCOUNT}.eu.r2.cloudflarestorage.com", "auto"),
        ("https://s3.eu-central-2.wasabisys.com", "eu-central-2"),
        ("https://s3.us-west-004.backblazeb2.com", "us-west-004"),
        ("https://fra1.digitaloceanspaces.com", "fra1"),
        ("https://fsn1.your-objectstorage.com", "fsn1"),
        ("https://s3.fr-par.scw.cloud", "fr-par"),
        ("https://s3.gra.io.cloud.ovh.net", "gra"),
        ("https://storage.googleapis.com", "auto"),
        ("https://s3.evil.wasabisys.com.example.com", "us-east-1"),
    ],
)
def test_a_region_that_nobody_entered(endpoint: str, region: str) -> None:
    assert region_of(endpoint) == config(s3Endpoint=endpoint).signing_region == region


@pytest.mark.parametrize(
    ("typed", "endpoint"),
    [
        ("https://minio.example.com/", "https://minio.example.com"),
        (" http://10.0.0.7:9000 ", "http://10.0.0.7:9000"),
        ("https://MinIO_1.example.com", "https://minio_1.example.com"),
        ("https://x.supabase.co/storage/v1/s3/", "https://x.supabase.co/storage/v1/s3"),
    ],
)
def test_endpoints(typed: str, endpoint: str) -> None:
    assert config(s3Endpoint=typed).endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "minio.example.com",
        "ftp://minio.example.com",
        "https://me:pw@minio.example.com",
        "https://minio.example.com?x=1",
        "https://minio.example.com/#x",
        "https://",
        "https://min io",
        "https://minio.example.com:99999",
        "https://[::1",
    ],
)
def test_what_can_be_no_endpoint(endpoint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(s3Endpoint=endpoint)
    assert "For example: https://" in str(caught.value)
    assert "me:pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "right"),
    [
        ("https://bucket.s3.eu-central-1.wasabisys.com", "https://s3.eu-central-1.wasabisys.com"),
        ("https://bucket.obs.eu-de.otc.invalid", "https://obs.eu-de.otc.invalid"),
        (f"https://bucket.{ACCOUNT}.r2.cloudflarestorage.com", f"https://{ACCOUNT}.r2.cloudflarestorage.com"),
    ],
)
def test_the_buckets_name_before_the_host_is_told(endpoint: str, right: str) -> None:
    problem = config(s3Endpoint=endpoint).unusable(NOW)["endpoint"]
    assert problem == f"The endpoint begins with the bucket's name. Enter it without: {right}"


def test_the_buckets_name_after_the_host_is_told() -> None:
    assert "ends with the bucket's name" in config(s3Endpoint="https://s3.example.com/bucket").unusable(NOW)["endpoint"]


@pytest.mark.parametrize("endpoint", ["https://bucket.example.com", "https://s3.bucket.example.com", "https://bucket"])
def test_a_host_may_be_called_like_the_bucket(endpoint: str) -> None:
    assert config(s3Endpoint=endpoint).unusable(NOW) == {}


def test_a_certificate_however_it_was_pasted(tmp_path: Path) -> None:
    text = Authority(tmp_path).ca_file.read_text()
    assert config(s3CaCertificate="\r\n".join(f"  {line} " for line in text.splitlines())).ca_certificate == text
    assert "ca_certificate" not in config(s3CaCertificate=text).facts()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "ü",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\nsecret-0123\n",
    ],
)
def test_what_is_no_certificate(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(s3CaCertificate=text)
    assert "secret-0123" not in str(caught.value)
    assert "PEM" in str(caught.value) or "private key" in str(caught.value)


# --- by the name of OBS, as the official client knows it -----------------------------------------------------------
@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("https://obs.eu-de.otc.t-systems.com", "OBS"),
        ("https://obs.eu-ch2.sc.otc.t-systems.com", "OBS"),
        ("https://obs.ap-southeast-1.myhuaweicloud.com", "OBS"),
        ("https://obs.eu-west-101.myhuaweicloud.eu:443/", "OBS"),
        ("https://OBS.EU-DE.OTC.T-SYSTEMS.COM", "OBS"),
        ("http://obs.internal:8080", "OBS"),
        ("http://10.20.1.1", "OBS"),
        ("https://minio.example.com:9000", "S3Compatible"),
        ("https://0123.r2.cloudflarestorage.com", "S3Compatible"),
        ("https://myhuaweicloud.com.evil.example", "S3Compatible"),
        ("http://10.21.1.1", "S3Compatible"),
        ("nonsense", "OBS"),  # whose field says what is wrong
        ("https://[::1", "OBS"),
        ("", "OBS"),
    ],
)
def test_which_storage_fields_of_obs_mean(endpoint: str, kind: str) -> None:
    endpoints = Endpoints(obs_hosts=("obs.internal", "10.20.0.0/16"))
    assert meant_by("OBS", {"obsEndpoint": endpoint}, endpoints).type == kind


def test_a_type_means_itself() -> None:
    for kind, provider in PROVIDERS.items():
        assert meant_by(kind, example(kind), Endpoints()) is provider


def test_how_the_client_sees_it() -> None:
    guise = PROVIDERS["S3Compatible"].guise
    assert guise
    assert guise.put_on(config(s3Region="garage"), "***") == {
        "type": "OBS",
        "fullPath": "obs://bucket/input/",
        "obsEndpoint": "https://minio.example.com:9000",
        "obsAccessKeyId": "lightly-reader",
        "obsSecretAccessKey": "***",
    }
