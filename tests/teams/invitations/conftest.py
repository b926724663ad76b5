"""An invitation, and a mail server to send it with."""

import pytest
from pytest_django import Settings

from teams.invitations import tasks
from teams.invitations.services import Invited, invite
from teams.models import Invitation, Role, Team, User


@pytest.fixture
def invitation(alice: User, team: Team) -> Invitation:
    (made,) = invite(team=team, people=[Invited("Ben@Example.com", Role.ADMIN)], by=alice)
    return made


@pytest.fixture
def mails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with EMAIL_URL; the worker is this process."""
    settings.LIGHTLY_SENDS_MAIL = True
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    monkeypatch.setattr(tasks, "dispatch_invitation", tasks.mail_invitation)
