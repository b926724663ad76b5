"""Checks what service accounts sign: assertions for a token, and URLs."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.servers.gate import Request
from tests.servers.gcs.accounts import key_pair


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(signature: bytes, signed: bytes) -> bool:
    try:
        key_pair(0).public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def signed_by(request: Request, scope: str) -> bool:
    """Signature version 4 of a signed URL."""
    query = request.query
    names = query["X-Goog-SignedHeaders"]
    headers = "".join(f"{name}:{request.header(name)}\n" for name in names.split(";"))
    raw = request.target.partition("?")[2].split("&")
    rest = "&".join(sorted(part for part in raw if not part.startswith("X-Goog-Signature=")))
    canonical = "\n".join([request.method, request.raw_path, rest, headers, names, "UNSIGNED-PAYLOAD"])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["GOOG4-RSA-SHA256", query["X-Goog-Date"], scope, digest])
    try:
        return verified(bytes.fromhex(query["X-Goog-Signature"]), to_sign.encode())
    except ValueError:
        return False
