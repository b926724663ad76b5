"""All checks of a dataset as one answer, in the shape that the official client asks for."""

from collections.abc import Iterable
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from clouds.permissions import Permission, State
from datasources.models import PermissionCheck, Purpose
from datasources.schemas import StoredVerdict

NO_LIGHTLY = "LIGHTLY: this datasource is not configured, so there is nowhere to write to. Configure it first."
NOT_FINISHED = "the check did not finish. Try again."
KEYS = {
    Permission.LIST: "canList",
    Permission.READ: "canRead",
    Permission.WRITE: "canWrite",
    Permission.OVERWRITE: "canOverwrite",
}
WRITTEN_TO = {Purpose.LIGHTLY, Purpose.INPUT_OUTPUT}


class VerifyErrors(Schema):
    model_config = ConfigDict(populate_by_name=True)

    can_read: str | None = Field(None, alias="canRead")
    can_write: str | None = Field(None, alias="canWrite")
    can_list: str | None = Field(None, alias="canList")
    can_overwrite: str | None = Field(None, alias="canOverwrite")


class VerifyData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    can_read: bool = Field(alias="canRead")
    can_write: bool = Field(alias="canWrite")
    can_list: bool = Field(alias="canList")
    can_overwrite: bool = Field(alias="canOverwrite")
    errors: VerifyErrors | None = None


def verify_data(checks: Iterable[PermissionCheck]) -> dict[str, Any]:
    """List and read must be granted by every check, write and overwrite by those of datasources that are written to.

    An unknown verdict counts as not granted.
    """
    checks = list(checks)
    errors = {KEYS[permission]: sentence for permission in Permission if (sentence := _problems(permission, checks))}
    answer: dict[str, Any] = {key: key not in errors for key in KEYS.values()}
    return answer | ({"errors": errors} if errors else {})


def _problems(permission: Permission, checks: list[PermissionCheck]) -> str:
    writes = permission in {Permission.WRITE, Permission.OVERWRITE}
    judged = [check for check in checks if not writes or check.datasource.purpose in WRITTEN_TO]
    if not judged:
        return NO_LIGHTLY
    return " ".join(problem for check in judged if (problem := _problem(permission, check)))


def _problem(permission: Permission, check: PermissionCheck) -> str:
    verdict: StoredVerdict | None = check.verdicts.get(permission)
    if verdict is None:
        return f"{check.datasource.purpose}: {NOT_FINISHED}"
    if verdict["state"] == State.GRANTED:
        return ""
    parts = [f"{check.datasource.purpose}: {verdict['summary']}.", verdict["likely_cause"], verdict["fix"]]
    return " ".join(part for part in parts if part)
