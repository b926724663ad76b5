"""Who calls the REST API: the official client puts its token into the query, others send a bearer header.

Each route says in its `auth` what a token needs for it: `@router.get("/datasets", auth=needs(Scope.READ), …)`. One that
says nothing is refused to everybody.
"""

from django.http import HttpRequest
from ninja.security.base import AuthBase

from core.api import places
from core.api.errors import ApiError, unauthorized
from core.api.lanes import Lane
from core.web import throttle
from teams.audit import origin
from teams.models import ApiToken, Scope, User
from teams.services import live_token, token_digest

# So many wrong tokens an address may send in a minute before it has to wait.
MOST_FAILURES = 30


class TokenAuth(AuthBase):
    """For django-ninja: sets request.auth to the person, or raises ApiError 401, 403 or 429."""

    # What the document says, and so what the docs page sends: a header, which no log and no history keeps.
    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: Scope | None = None, lane: Lane | None = None) -> None:
        self.scope = scope
        self.lane = lane
        super().__init__()

    def __call__(self, request: HttpRequest) -> User:
        sent = token_in(request)
        places.take_early(request, self.lane, token_digest(sent), _dataset_id(request))
        token = live_token(sent)
        if token is None:
            # Only failures count, and they refuse only wrong tokens: others may be behind the same address.
            if throttle.count(f"wrong-tokens:{throttle.address_of(request)}") > MOST_FAILURES:
                words = "Too many wrong tokens from this address. Wait a minute."
                raise ApiError(429, "UNAUTHORIZED", words, retry_after=throttle.WINDOW_SECONDS)
            raise unauthorized()
        places.remember(token.digest, token.user_id)
        self._demand_rights(token)
        request.user = token.user
        origin.came_with(token)
        return token.user

    def _demand_rights(self, token: ApiToken) -> None:
        if token.lacks_second_factor:
            raise _forbidden(
                "A team of yours requires two-factor authentication, and your account has none, so your API tokens"
                " don't work. Set it up in the dashboard under Sign-in and security; then this token works again."
            )
        if self.scope is None:
            raise _forbidden("This operation does not say which right it needs. Tell the people who run this server.")
        if not token.may(self.scope):
            raise _forbidden(
                f"This token has no right to '{self.scope}', only to '{token.scopes}'. Create another token that has it"
                " in the dashboard, under API."
            )


def needs(scope: Scope, *, lane: Lane | None = None) -> TokenAuth:
    """What stands in a route's `auth`. `lane`: of a route that talks to a cloud; it also calls `places.enter`."""
    return TokenAuth(scope, lane)


def _forbidden(words: str) -> ApiError:
    return ApiError(403, "FORBIDDEN", words)


def caller(request: HttpRequest) -> User:
    """Who calls, behind TokenAuth."""
    user: User = request.auth  # type: ignore[attr-defined]  # set by TokenAuth
    return user


def _dataset_id(request: HttpRequest) -> str:
    return str(request.resolver_match.kwargs.get("dataset_id", "")) if request.resolver_match else ""


def token_in(request: HttpRequest) -> str:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        return credential.strip()
    return request.GET.get("token", "")
