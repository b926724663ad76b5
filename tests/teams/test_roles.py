"""Who may do what to whom: the whole table, so that a change of it is a change of this file."""

from itertools import product

import pytest

from teams import roles
from teams.models import Role

ALL = ["OWNER", "ADMIN", "MEMBER", "SERVICEACCOUNT"]
# actor -> whom it may change or remove, and what it may make them
MANAGED = {
    "OWNER": {"OWNER", "ADMIN", "MEMBER"},
    "ADMIN": {"ADMIN", "MEMBER"},
    "MEMBER": set(),
    "SERVICEACCOUNT": set(),
    "": set(),  # somebody of another team
}


@pytest.mark.parametrize(("actor", "target", "new"), list(product(MANAGED, ALL, ALL)))
def test_who_may_make_whom_what(actor: str, target: str, new: str) -> None:
    allowed = target in MANAGED[actor] and new in MANAGED[actor]
    assert roles.may_change_role(actor, target, new) is allowed


@pytest.mark.parametrize(("actor", "target"), list(product(MANAGED, ALL)))
def test_who_may_remove_whom(actor: str, target: str) -> None:
    assert roles.may_remove(actor, target) is (target in MANAGED[actor])


@pytest.mark.parametrize("actor", MANAGED)
def test_what_else(actor: str) -> None:
    assert roles.may_manage(actor) is (actor in {"OWNER", "ADMIN"})
    assert roles.may_delete_team(actor) is (actor == "OWNER")
    assert {role.value for role in roles.roles_given_by(actor)} == MANAGED[actor]


def test_the_table_knows_every_role() -> None:
    assert set(Role.values) == set(ALL)
