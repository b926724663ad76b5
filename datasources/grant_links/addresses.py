"""The addresses of links: the id signed with the server's key, and so stored nowhere."""

from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse

from datasources.models import GrantLink

_SALT = "datasources.grant_link"


def token_of(link: GrantLink) -> str:
    return signing.Signer(salt=_SALT).sign(link.pk)


def path_of(link: GrantLink) -> str:
    """Path and query of the page. The token stands in the query, because logs leave queries out."""
    return f"{reverse('datasources:grant_link')}?{urlencode({'token': token_of(link)})}"


def read(token: str) -> str:
    """The id. Raises signing.BadSignature for what this server did not sign."""
    return signing.Signer(salt=_SALT).unsign(token)
