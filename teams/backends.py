"""Who is let in. Both ways to sign in ask the same: service accounts and disabled people are refused.

Django asks again at every request, so a session ends with the request after the account was disabled.
"""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend


class PasswordBackend(ModelBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and not user.is_service_account


class AllauthBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and not user.is_service_account
