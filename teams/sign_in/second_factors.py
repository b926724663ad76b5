"""What allauth stores of second factors, as far as it is encrypted: the key of an app, the seed of recovery codes."""

from typing import Any

from core.rotation import renewed

# Names in the column `data`. Recovery codes that were taken over from elsewhere stand there one by one.
_SEALED = ("secret", "seed")
_SEALED_LISTS = ("migrated_codes",)


def columns_under_newest_key(authenticator: Any) -> dict[str, Any]:
    """What to store after the key that encrypts has changed; empty if nothing. Raises CannotDecryptError."""
    data = dict(authenticator.data)
    data |= {name: renewed(data[name]) for name in _SEALED if data.get(name)}
    data |= {name: [renewed(each) for each in data[name]] for name in _SEALED_LISTS if data.get(name)}
    return {"data": data} if data != authenticator.data else {}
