"""Each operation says which right a token needs for it. That others refuse it, is tested in test_doors.py."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from ninja.constants import NOT_SET

from core.api.errors import ApiError
from lightly_platform.api import api
from teams.api.authentication import TokenAuth
from teams.models import User
from teams.services import create_token

pytestmark = pytest.mark.django_db


def test_every_route_declares_one() -> None:
    """Without one it would be refused to everybody."""
    undeclared = []
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if operation.auth_param in (None, []):  # public, which tests/api/rules.py lists
                    continue
                scopes = [auth.scope for auth in operation.auth_callbacks if isinstance(auth, TokenAuth)]
                if operation.auth_param is NOT_SET or not scopes or None in scopes:
                    undeclared.append(f"{operation.methods} {path}")
    assert undeclared == []


def test_a_route_that_declares_none_is_refused_to_everybody(alice: User) -> None:
    request = RequestFactory().get("/", {"token": create_token(user=alice, name="test")})
    with pytest.raises(ApiError) as caught:
        TokenAuth()(request)
    assert caught.value.status == 403
