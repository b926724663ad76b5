"""The page somebody opened before they were sent to set up a second factor, so that they get there afterwards.

It is kept in the session, as setting up takes several pages of allauth, none of which passes an address on. It is
sealed, because a session is a row in the database and an address may hold the key of an invitation.
"""

from django.http import HttpRequest

from core.crypto import CannotDecryptError, seal, unseal

_KEY = "wanted_page"
_LONGEST = 2000


def remember(request: HttpRequest) -> None:
    """Only pages are remembered: a form or a part of a page makes no sense on its own."""
    address = request.get_full_path()
    if request.method == "GET" and not request.headers.get("HX-Request") and len(address) <= _LONGEST:
        request.session[_KEY] = seal(address)


def recall(request: HttpRequest) -> str:
    """Path and query on this site; "" if there is none."""
    sealed = request.session.get(_KEY, "")
    try:
        return unseal(sealed) if sealed else ""
    except CannotDecryptError:  # the keys have changed since; then the person looks for the page themselves
        return ""


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
