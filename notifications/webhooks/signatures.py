"""How deliveries are signed: by the rules of Standard Webhooks, and for receivers of older releases as before. Pure.

docs/alerts.md tells receivers how to verify both. The time is signed too, so that they can refuse what somebody
recorded and repeats.
"""

import base64
import hashlib
import hmac
import secrets

SECRET_PREFIX = "whsec_"  # noqa: S105 - a recognisable prefix, so that secret scanners can find leaked ones
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
# Until the release after 0.3: receivers need time to change over.
OLD_SIGNATURE = "Lightly-Signature"
_BYTES = 32


def new_secret() -> str:
    """As Standard Webhooks spells secrets: base64 of random bytes, behind the prefix."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def standard_spelling(secret: str) -> str:
    """The same secret as libraries for Standard Webhooks read it: the key in base64.

    Secrets of releases up to 0.2 were spelled in the alphabet that is safe in URLs, and without padding.
    """
    key = secret.removeprefix(SECRET_PREFIX).replace("-", "+").replace("_", "/")
    return SECRET_PREFIX + key + "=" * (-len(key) % 4)


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """`secret` as it was shown to people; `timestamp` in Unix seconds, of this attempt."""
    return {
        ID: message_id,
        TIMESTAMP: str(timestamp),
        SIGNATURE: _signature(secret, message_id, timestamp, body),
        OLD_SIGNATURE: old_signature(secret, timestamp, body),
    }


def _signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(standard_spelling(secret).removeprefix(SECRET_PREFIX), validate=True)
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def old_signature(secret: str, timestamp: int, body: bytes) -> str:
    """The key is the secret's own text, prefix and all."""
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
