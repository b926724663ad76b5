"""Configs as users give them, with planted secrets, and nobody behind them."""

from __future__ import annotations

import functools
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SECRET = "plantedSecret/0123456789+abcdef"
SIGNATURE = "cGxhbnRlZFNpZ25hdHVyZQ"
SAS = f"sv=2025-05-05&sr=c&sp=racwdl&se=2099-01-01T00%3A00%3A00Z&sig={SIGNATURE}%3D"


@functools.cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def service_account(**changes: Any) -> str:
    """The key file; None takes a field out."""
    key = {
        "type": "service_account",
        "project_id": "acme-vision",
        "private_key_id": "0123456789abcdef",
        "private_key": private_key(),
        "client_email": "reader@acme-vision.iam.gserviceaccount.com",
        "client_id": "1234567890",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    } | changes
    return json.dumps({name: value for name, value in key.items() if value is not None})


def example(provider: str, **changes: Any) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {
        "S3": {
            "fullPath": "s3://bucket/input/",
            "s3Region": "eu-central-1",
            "s3AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "s3SecretAccessKey": SECRET,
        },
        "S3DelegatedAccess": {
            "fullPath": "s3://bucket/input/",
            "s3Region": "eu-central-1",
            "s3ARN": "arn:aws:iam::123456789012:role/Lightly",
            "s3ExternalId": "lightly-4f1c9a7be2",
        },
        "AZURE": {"fullPath": "container/input/", "accountName": "account", "accountKey": f"?{SAS}"},
        "GCS": {
            "fullPath": "gs://bucket/input/",
            "gcsProjectId": "acme-vision",
            "gcsCredentials": service_account(),
        },
        "OBS": {
            "fullPath": "obs://bucket/input/",
            "obsEndpoint": "https://obs.eu-de.otc.t-systems.com",
            "obsAccessKeyId": "H3Q1K2J7ZEXAMPLE",
            "obsSecretAccessKey": SECRET,
        },
        "S3Compatible": {
            "fullPath": "s3://bucket/input/",
            "s3Endpoint": "https://minio.example.com:9000",
            "s3AccessKeyId": "lightly-reader",
            "s3SecretAccessKey": SECRET,
        },
    }
    return {"type": provider, **fields[provider], **changes}


def secrets_of(provider: str) -> list[str]:
    """Pieces of what must not be seen."""
    lines = private_key().splitlines()[1:-1]
    return {"AZURE": [SIGNATURE], "GCS": lines, "S3DelegatedAccess": []}.get(provider, [SECRET])
