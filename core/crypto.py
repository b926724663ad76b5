"""Encryption of stored secrets: Fernet (AES-128-CBC with HMAC-SHA256), with keys from LIGHTLY_ENCRYPTION_KEYS."""

import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecryptError(Exception):
    """None of the configured keys made this text."""


def seal(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotDecryptError from None


def is_newest(sealed: str) -> bool:
    """Whether the key that encrypts today made this."""
    try:
        Fernet(settings.LIGHTLY_ENCRYPTION_KEYS[0]).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def digests(text: str) -> list[str]:
    """What the text is recognised by without being kept: HMAC-SHA256 in hex, one for each configured key, the first
    being that of the key which encrypts. Without the keys nobody can try out guesses.

    A digest is found again as long as its key is configured, which is as long as what was sealed with it can be read.
    """
    return [_hmac(_hmac(key.encode(), _PURPOSE).encode(), text) for key in settings.LIGHTLY_ENCRYPTION_KEYS]


# So that the keys of digests are none that encrypt.
_PURPOSE = "lightly digest of a secret"


def _hmac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.LIGHTLY_ENCRYPTION_KEYS])
