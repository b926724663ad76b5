"""Encryption of stored secrets: Fernet (AES-128-CBC with HMAC-SHA256), with keys from LIGHTLY_ENCRYPTION_KEYS."""

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


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.LIGHTLY_ENCRYPTION_KEYS])
