"""What Google publishes of the keys of a service account."""

import json
import re
import urllib.parse

import requests
from cryptography import x509

from clouds import preflight
from clouds.config import Endpoints, KeyFacts
from clouds.failures import not_storage
from clouds.gcs.config import GCSConfig
from clouds.gcs.failures import StoreErrors
from clouds.store import Deadline

PUBLIC_CERTS_URL = "https://www.googleapis.com/robot/v1/metadata/x509"
# Of a dozen keys, each with a certificate of about 1 KB, there is no more.
MOST_CERTS_BYTES = 256 * 1024
SERVICE_ACCOUNT = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")


def read_key_facts(config: GCSConfig, endpoints: Endpoints, deadline: Deadline, /) -> KeyFacts | None:
    """From the certificate Google publishes for every key of a service account.

    https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys
    """
    # Another service than Google has other keys, and Google need not hear of them.
    address = endpoints.gcs_certs or (None if endpoints.gcs else PUBLIC_CERTS_URL)
    key = json.loads(config.credentials.get_secret_value())
    if not address or not SERVICE_ACCOUNT.fullmatch(key["client_email"]):
        return None
    with StoreErrors():
        published = _fetch(f"{address}/{urllib.parse.quote(key['client_email'], safe='@')}", deadline)
    try:
        certificate = x509.load_pem_x509_certificate(json.loads(published)[key["private_key_id"]].encode())
    except KeyError:
        return None  # rotated or deleted: the bulbs say so
    except (ValueError, AttributeError, TypeError):
        raise not_storage() from None
    ends = certificate.not_valid_after_utc
    # Google's own way to say: never.
    return KeyFacts(certificate.not_valid_before_utc, None if ends.year >= 9999 else ends)


def _fetch(url: str, deadline: Deadline) -> bytes:
    """What a GET answers, up to MOST_CERTS_BYTES of it; nothing if it isn't 200. Follows no redirect."""
    with requests.get(
        url, timeout=deadline.timeout(), allow_redirects=False, stream=True, auth=preflight.no_credential
    ) as answer:
        if answer.status_code != 200:
            return b"{}"
        return preflight.first_bytes(answer, MOST_CERTS_BYTES, deadline)
