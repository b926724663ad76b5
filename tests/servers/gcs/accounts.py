"""Service accounts, their keys, and what they may do."""

from __future__ import annotations

import functools
import json
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.vocabulary import Right

PROJECT = "lightly-tests"
TOKEN_URI = "https://oauth2.googleapis.com/token"
LIST = "storage.objects.list"
GET = "storage.objects.get"
CREATE = "storage.objects.create"
DELETE = "storage.objects.delete"
PERMISSIONS = {
    Right.LIST: {LIST},
    Right.READ: {GET},
    Right.CREATE: {CREATE},
    Right.REPLACE: {CREATE, DELETE},
    Right.DELETE: {DELETE},
}


class State(StrEnum):
    """What has become of a service account since its key was handed out."""

    GOOD = "good"
    DISABLED = "disabled"
    KEY_GONE = "key gone"
    """Rotated, deleted or expired: Google answers all three alike."""
    TOKENS_EXPIRE_AT_ONCE = "tokens expire at once"


_STARTS_WITH = re.compile(r'resource\.name\.startsWith\(("(?:[^"\\]|\\.)*")\)')
_OF_BUCKETS = 'resource.type == "storage.googleapis.com/Bucket"'


@dataclass(frozen=True)
class Binding:
    """A custom role, bound to an account on a bucket. Of conditions it knows the two forms the product writes."""

    permissions: frozenset[str]
    bucket: str
    condition: str = ""

    def allows(self, permission: str, bucket: str, key: str) -> bool:
        if permission not in self.permissions or bucket != self.bucket:
            return False
        if not self.condition:
            return True
        rest = _STARTS_WITH.sub("", self.condition)
        if rest.replace(_OF_BUCKETS, "").strip(" |"):
            raise NotImplementedError(f"the test server does not know the condition {self.condition}")
        if permission == LIST:  # a right on the bucket, whatever the prefix
            return _OF_BUCKETS in self.condition
        name = f"projects/_/buckets/{bucket}/objects/{key}"
        return any(name.startswith(json.loads(found)) for found in _STARTS_WITH.findall(self.condition))


@dataclass(frozen=True)
class Account:
    """A service account with its one key and what it may do below a prefix of one bucket."""

    email: str
    key_id: str
    bucket: str
    prefix: str
    permissions: frozenset[str]
    state: State = State.GOOD
    bindings: tuple[Binding, ...] = ()

    def may(self, permission: str, bucket: str, key: str) -> bool:
        granted = permission in self.permissions and bucket == self.bucket and key.startswith(self.prefix)
        return granted or any(binding.allows(permission, bucket, key) for binding in self.bindings)


@functools.cache
def key_pair(number: int) -> rsa.RSAPrivateKey:
    """A key pair; generating one takes long, so every account has the first, and wrong ones have the second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def service_account_file(account: Account) -> dict[str, str]:
    """The file that Google's console hands out."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": account.key_id,
        "private_key": pem_of(key_pair(0)),
        "client_email": account.email,
        "client_id": str(secrets.randbelow(10**21)),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": TOKEN_URI,
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{quote(account.email)}",
        "universe_domain": "googleapis.com",
    }
