"""Who calls the REST API: the official client puts its token into the query, others send a bearer header."""

from django.http import HttpRequest
from ninja.security.base import AuthBase

from core.api.errors import ApiError, unauthorized
from core.web import throttle
from teams.models import User
from teams.services import user_of_token

# So many wrong tokens an address may send in a minute before it has to wait.
MOST_FAILURES = 30


class TokenAuth(AuthBase):
    """For django-ninja: sets request.auth to the person, or raises ApiError 401."""

    # What the document says, and so what the docs page sends: a header, which no log and no history keeps.
    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> User:
        user = user_of_token(token_in(request))
        if user is None:
            # Only failures count, and they refuse only wrong tokens: others may be behind the same address.
            if throttle.count(f"wrong-tokens:{throttle.address_of(request)}") > MOST_FAILURES:
                words = "Too many wrong tokens from this address. Wait a minute."
                raise ApiError(429, "UNAUTHORIZED", words, retry_after=throttle.WINDOW_SECONDS)
            raise unauthorized()
        request.user = user
        return user


def caller(request: HttpRequest) -> User:
    """Who calls, behind TokenAuth."""
    user: User = request.auth  # type: ignore[attr-defined]  # set by TokenAuth
    return user


def token_in(request: HttpRequest) -> str:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        return credential.strip()
    return request.GET.get("token", "")
