"""Signed URLs of S3, made by hand, because a listing needs many of them."""

import hashlib
import hmac
import urllib.parse
from collections.abc import Mapping

EXAMPLE_KEY = "key"

# boto3's arguments, and the headers it makes of them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
ENCRYPTION_HEADERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
}


class UrlSigner:
    """URLs like one that boto3 has signed, for other keys: the same place, moment, lifetime and credential.

    A listing needs a thousand per page, for which boto3 takes a third of a second.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

    `headers` are those that boto3 has signed besides `host`, by their names in lower case: whoever opens the URL must
    send them with these values.
    """

    def __init__(
        self, example: str, method: str, secret_access_key: str, headers: Mapping[str, str] | None = None
    ) -> None:
        address, _, query = example.partition("?")
        self.base = address.removesuffix(EXAMPLE_KEY)
        self.query = "&".join(sorted(part for part in query.split("&") if not part.startswith("X-Amz-Signature=")))
        facts = dict(urllib.parse.parse_qsl(self.query))
        _, self.scope = facts["X-Amz-Credential"].split("/", 1)
        self.moment, self.method = facts["X-Amz-Date"], method
        host = urllib.parse.urlsplit(address).netloc
        self.path = urllib.parse.urlsplit(self.base).path
        signed = dict(sorted({"host": host, **(headers or {})}.items()))
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        self.rest = f"{self.query}\n{lines}\n{';'.join(signed)}\nUNSIGNED-PAYLOAD"
        self.signing_key = f"AWS4{secret_access_key}".encode()
        for part in self.scope.split("/"):
            self.signing_key = hmac.digest(self.signing_key, part.encode(), "sha256")

    def url(self, key: str) -> str:
        quoted = urllib.parse.quote(key, safe="/~")
        asked = hashlib.sha256(f"{self.method}\n{self.path}{quoted}\n{self.rest}".encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.moment}\n{self.scope}\n{asked}"
        signature = hmac.digest(self.signing_key, to_sign.encode(), "sha256").hex()
        return f"{self.base}{quoted}?{self.query}&X-Amz-Signature={signature}"
