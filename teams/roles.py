"""Who may do what to whom. Pure: knows roles, no people."""

from django.utils.translation import gettext_lazy as _

from teams.models import MANAGING_ROLES, Role

# Which roles somebody of this role may give, take, invite and remove.
_MANAGES: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset([Role.OWNER, Role.ADMIN, Role.MEMBER]),
    Role.ADMIN: frozenset([Role.ADMIN, Role.MEMBER]),
}


def roles_given_by(actor: str) -> list[Role]:
    """What a person of this role may make others, from least to most."""
    return [role for role in (Role.MEMBER, Role.ADMIN, Role.OWNER) if role in _MANAGES.get(actor, frozenset())]


def may_change_role(actor: str, target: str, new: str) -> bool:
    """Service accounts stay what they are, and nobody becomes one."""
    manages = _MANAGES.get(actor, frozenset())
    return target in manages and new in manages


def may_remove(actor: str, target: str) -> bool:
    return target in _MANAGES.get(actor, frozenset())


def may_manage(actor: str) -> bool:
    """Invite, see the activity, change the team's settings and its service accounts."""
    return actor in MANAGING_ROLES


def may_delete_team(actor: str) -> bool:
    return actor == Role.OWNER


ROLE_HELP = {
    Role.OWNER: _("can do everything, including adding and removing owners"),
    Role.ADMIN: _("can change all datasets, people and settings"),
    Role.MEMBER: _("can see all datasets and change their own"),
}


def role_choices(actor_role: str) -> list[tuple[str, str]]:
    """For a form: each role with its name, and behind a colon what it may."""
    return [(role.value, f"{role.label}: {ROLE_HELP[role]}") for role in roles_given_by(actor_role)]
