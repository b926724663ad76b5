"""Who is invited in these tests, and what stands in their links."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from teams.invitations.links import path_of
from teams.models import Invitation
from tests.conftest import PASSWORD

BEN = "ben@example.com"
ACCOUNT: dict[str, Any] = {"name": "Ben", "password": PASSWORD}
LINK = re.compile(r"https?://[^\s<\"&]+/invitation/\?token=[^\s<\"]+")


def token_of(invitation: Invitation) -> str:
    return parse_qs(urlsplit(path_of(invitation)).query)["token"][0]
