"""How django-allauth behaves here: accounts come from the first run, invitations or admins, not from signing up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """allauth lets disabled people pass here, to tell them so later. Nobody sits in front of a service account."""
        user = super().authenticate(request, **credentials)
        return None if user and user.is_service_account else user

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people sign in with their e-mail address."""
