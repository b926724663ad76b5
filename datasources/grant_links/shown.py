"""What the page behind a link shows: one datasource's place, its bulbs, why they are red, and what to grant.

Nothing else of the dataset is read. Of a diagnosis the parts that name a file (what was tried, the command to verify
it) are left out, and of green bulbs everything but that they are green.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from clouds import PROVIDERS
from clouds.policies import Place, Snippet
from datasources.grants import full_setup
from datasources.models import GrantLink, Purpose
from datasources.settings.bulbs import DatasourceStatus, status_of


@dataclass
class Reason:
    """Why these bulbs are not green."""

    summary: str
    likely_cause: str
    fix: str
    answered: str
    permissions: list[str] = field(default_factory=list)


class ShownGrant:
    def __init__(self, link: GrantLink) -> None:
        self.link = link
        self.datasource = link.datasource

    @property
    def sender(self) -> str:
        """First name and e-mail address of who made the link."""
        first = next(iter(self.link.made_by.name.split()), "")
        return f"{first} ({self.link.made_by.email})" if first else self.link.made_by.email

    @property
    def provider(self) -> str:
        return PROVIDERS[self.datasource.provider].label

    @property
    def is_read_only(self) -> bool:
        return self.status.purpose is Purpose.INPUT

    @cached_property
    def status(self) -> DatasourceStatus:
        return status_of(Purpose(self.datasource.purpose), self.datasource)

    @property
    def is_green(self) -> bool:
        """Whether all is granted. Whether files lie there yet is not for the cloud's admin to say."""
        return self.status.granted == len(self.status.bulbs)

    @cached_property
    def reasons(self) -> list[Reason]:
        """One for all bulbs that have the same, in the order of the bulbs."""
        found: dict[tuple[str, str, str], Reason] = {}
        for bulb in self.status.bulbs:
            if bulb.verdict is None or bulb.state == "granted":
                continue
            told = bulb.verdict["summary"], bulb.verdict["likely_cause"], bulb.verdict["fix"]
            reason = found.setdefault(told, Reason(*told, answered=bulb.verdict["answered"]))
            reason.permissions.append(bulb.permission)
        return list(found.values())

    @cached_property
    def setup(self) -> list[Snippet]:
        """Everything this datasource needs; empty if its settings can't be read."""
        config = self.datasource.readable_config()
        if config is None:
            return []
        return full_setup(Place.of(config), self.status.purpose, self.datasource.dataset.team)

    @property
    def stamp(self) -> str:
        """Differs when the bulbs do."""
        check = self.status.check
        state = (check.pk, check.state) if check else ()
        return _digest(self.datasource.revision, state, self.status.warning)

    @cached_property
    def grant_stamp(self) -> str:
        """Differs when the reasons or the texts to copy do, so that what somebody is copying is not taken away."""
        return _digest(self.is_green, self.reasons, self.status.grant, self.setup)


def _digest(*values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]
