"""How often somebody may be invited, so that nobody's mailbox is filled: each time may send a mail."""

import hashlib

from core.web import throttle
from teams.models import Team

WINDOW_SECONDS = 3600
MOST_OF_A_TEAM = 5
# Every member may create further teams.
MOST_OF_ALL_TEAMS = 20


def allow(team: Team, email: str) -> bool:
    """Count one more invitation of this team to this address; False if it would be too many within an hour.

    Called inside the transaction that invites: what is refused there does not count.
    """
    address = hashlib.sha256(email.encode()).hexdigest()[:32]
    counts = {f"invite:{team.pk}:{address}": MOST_OF_A_TEAM, f"invite:{address}": MOST_OF_ALL_TEAMS}
    return all(throttle.count(key, WINDOW_SECONDS) <= most for key, most in counts.items())
