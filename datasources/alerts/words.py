"""What people are told in an alert, the same in the inbox, in mails and in webhooks. Pure, and free of secrets."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from clouds.permissions import Permission, State
from core.words import moment_words
from datasources.transitions import PATIENCE, AlertKind


class PermissionFact(TypedDict):
    permission: str
    state: str
    """A probe.State."""
    summary: str
    cause: str
    """A clouds.Cause; empty when granted."""
    likely_cause: str
    fix: str


class Facts(TypedDict):
    """Everything an alert tells, as it was when it was raised."""

    dataset_id: str
    dataset: str
    datasource_id: str
    purpose: str
    purpose_label: str
    provider: str
    path: str
    permissions: list[PermissionFact]
    """As the check found them; empty in a warning of an expiry."""
    expires_at: str | None
    """ISO 8601; None unless it is about that."""
    days: int
    """How many days ahead it warns; 0 unless it does."""


def permission_facts(verdicts: Mapping[str, Mapping[str, Any]]) -> list[PermissionFact]:
    """From PermissionCheck.verdicts, in the order people know."""
    return [
        {
            "permission": permission.value,
            "state": verdicts[permission]["state"],
            "summary": verdicts[permission]["summary"],
            "cause": verdicts[permission]["cause"],
            "likely_cause": verdicts[permission]["likely_cause"],
            "fix": verdicts[permission]["fix"],
        }
        for permission in Permission
        if permission in verdicts
    ]


def broken_permissions(facts: Facts) -> list[PermissionFact]:
    """Those that are denied; if none is, those that could not be tried because of another one."""
    for state in (State.DENIED, State.SKIPPED):
        found = [fact for fact in facts["permissions"] if fact["state"] == state]
        if found:
            return found
    return []


def title(kind: AlertKind, facts: Facts) -> str:
    """One line; names the dataset first, as people scan for it, then the permission."""
    name, purpose = facts["dataset"], facts["purpose_label"]
    if kind is AlertKind.BROKEN:
        return f"{name}: {_listed(fact['permission'] for fact in broken_permissions(facts))} denied ({purpose})"
    if kind is AlertKind.RECOVERED:
        return f"{name}: {_listed(fact['permission'] for fact in facts['permissions'])} granted again ({purpose})"
    if kind is AlertKind.UNCHECKABLE:
        return f"{name}: could not be checked {PATIENCE} times in a row ({purpose})"
    return f"{name}: the credential ends {within(facts['days'])} ({purpose})"


def sentences(kind: AlertKind, facts: Facts) -> list[str]:
    """What happened, the likely cause, the fix: each at most once, as several permissions often share them."""
    if kind is AlertKind.RECOVERED:
        return ["All permissions it needs are granted."]
    if kind is AlertKind.EXPIRING:
        ends = datetime.fromisoformat(facts["expires_at"] or "")
        return [
            f"The credential for {facts['path']} ends on {moment_words(ends)}.",
            "From then on no bulb is green. Create a new credential and save it in the settings.",
        ]
    if kind is AlertKind.BROKEN:
        shown = broken_permissions(facts)
    else:
        shown = [fact for fact in facts["permissions"] if fact["state"] != State.GRANTED]
    happened = [f"{fact['permission'].capitalize()}: {fact['summary']}." for fact in shown]
    causes = [fact["likely_cause"] for fact in shown]
    fixes = [fact["fix"] for fact in shown]
    return [sentence for sentence in dict.fromkeys([*happened, *causes, *fixes]) if sentence]


def payload(facts: Facts) -> dict[str, Any]:
    """What the webhook's event says of it. docs/alerts.md describes each field."""
    return {
        "dataset": {"id": facts["dataset_id"], "name": facts["dataset"]},
        "datasource": {
            "purpose": facts["purpose"],
            "provider": facts["provider"],
            "path": facts["path"],
            "id": facts["datasource_id"],
        },
        "permissions": facts["permissions"],
        "expires_at": facts["expires_at"],
    }


def within(days: int) -> str:
    return "within a day" if days == 1 else f"within {days} days"


def _listed(words: Iterable[str]) -> str:
    """Read, write and overwrite"""
    *first, last = words
    return (f"{', '.join(first)} and {last}" if first else last).capitalize()
