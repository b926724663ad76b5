"""The links of invitations: signed with the server's key over id and nonce, and so stored nowhere."""

from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse

from teams.models import Invitation

_SALT = "teams.invitation"


# Only in links that were mailed: who opens one has the mailbox. What was on a screen proves nothing.
_MAILED = "mailed"


def path_of(invitation: Invitation, *, by_mail: bool = False) -> str:
    """Path and query of the link. In the query, because logs leave queries out.

    `by_mail` is for the mail alone: such a link proves that the address is the person's own.
    """
    parts = [invitation.pk, invitation.nonce, *([_MAILED] if by_mail else [])]
    token = signing.Signer(salt=_SALT).sign(".".join(parts))
    return f"{reverse('teams:invitation')}?{urlencode({'token': token})}"


def read(token: str) -> tuple[str, str]:
    """Id and nonce. Raises signing.BadSignature for what this server did not sign."""
    invitation_id, nonce, *_ = [*signing.Signer(salt=_SALT).unsign(token).split("."), ""]
    return invitation_id, nonce


def came_by_mail(token: str) -> bool:
    """Whether this is a mailed link. Raises signing.BadSignature for what this server did not sign."""
    return signing.Signer(salt=_SALT).unsign(token).split(".")[2:] == [_MAILED]
