"""The links of invitations: signed with the server's key over id and nonce, and so stored nowhere."""

from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse

from teams.models import Invitation

_SALT = "teams.invitation"


def path_of(invitation: Invitation) -> str:
    """Path and query of the link. In the query, because logs leave queries out."""
    token = signing.Signer(salt=_SALT).sign(f"{invitation.pk}.{invitation.nonce}")
    return f"{reverse('teams:invitation')}?{urlencode({'token': token})}"


def read(token: str) -> tuple[str, str]:
    """Id and nonce. Raises signing.BadSignature for what this server did not sign."""
    invitation_id, _, nonce = signing.Signer(salt=_SALT).unsign(token).partition(".")
    return invitation_id, nonce
