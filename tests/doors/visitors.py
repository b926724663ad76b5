"""Everybody who may come to a page, and what each of them finds there."""

from __future__ import annotations

from tests.doors.rules import Access

IN, SIGN_IN, ADMIN_SIGN_IN, REFUSED, HIDDEN, NO_METHOD = "in", "sign-in", "admin sign-in", "403", "404", "405"

_NOTHING = dict.fromkeys(Access, HIDDEN) | {
    Access.NONE: NO_METHOD,
    Access.PUBLIC: IN,
    Access.SIGNED_IN: IN,
    Access.WATCHES_ANY: REFUSED,
    Access.STAFF: ADMIN_SIGN_IN,
    Access.STAFF_SIGN_IN: REFUSED,
}
_GUEST = _NOTHING | {
    **dict.fromkeys((Access.SEES, Access.EDITS), IN),
    **dict.fromkeys((Access.EDITS_AS_MEMBER, Access.MANAGES, Access.INVITES), REFUSED),
}
_MEMBER = _NOTHING | {
    **dict.fromkeys((Access.SEES, Access.IN_TEAM), IN),
    **dict.fromkeys((Access.EDITS, Access.EDITS_AS_MEMBER, Access.MANAGES), REFUSED),
    **dict.fromkeys((Access.INVITES, Access.MANAGES_TEAM), REFUSED),
}
_KEEPER = _MEMBER | dict.fromkeys((Access.EDITS, Access.EDITS_AS_MEMBER, Access.MANAGES), IN)
_ADMIN = _KEEPER | {
    **dict.fromkeys((Access.INVITES, Access.MANAGES_TEAM, Access.WATCHES_JOB, Access.WATCHES_ANY), IN),
}
_STAFF = _NOTHING | dict.fromkeys((Access.WATCHES_JOB, Access.WATCHES_ANY, Access.STAFF, Access.STAFF_SIGN_IN), IN)

FINDS: dict[str, dict[Access, str]] = {
    "nobody": dict.fromkeys(Access, SIGN_IN) | {Access.PUBLIC: IN},
    "outsider": _NOTHING | {Access.WATCHES_ANY: IN},  # owner of another team
    "guest with an unproven address": _NOTHING,
    "guest": _GUEST,
    "member": _MEMBER,
    "dataset's owner": _KEEPER,
    "team's admin": _ADMIN,
    "team's owner": _ADMIN | {Access.OWN: IN, Access.OWNS_TEAM: IN},
    "staff": _STAFF,
    "superuser": _STAFF,
}
