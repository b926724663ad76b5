"""Datasources with finished checks, for the tests of everything that counts them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from core.crypto import seal
from datasets.models import Dataset
from datasources import states
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from tests.conftest import SECRET

NOW = timezone.now()


def verdicts(purpose: Purpose, state: str, cause: str) -> dict[str, Any]:
    return {
        permission.value: {"state": "granted", "cause": "", "summary": ""}
        | ({"state": state, "cause": cause} if permission.value in {"read", "overwrite"} else {})
        for permission in sorted(purpose.needs)
    }


def add(dataset: Dataset, purpose: Purpose = Purpose.LIGHTLY, cause: str = "", **fields: Any) -> Datasource:
    """A datasource with a finished check: green, or with the cause of it being red or (timeout) unknown."""
    check_fields = {name: fields.pop(name) for name in list(fields) if name in {"state", "finished_at", "milliseconds"}}
    source = Datasource(
        dataset=dataset, purpose=purpose, provider="S3", path="s3://acme/street/", sealed_config=seal(SECRET)
    )
    for name, value in fields.items():
        setattr(source, name, value)
    source.save()
    unknown = cause == "timeout"
    outcome = Outcome.GREEN if not cause else Outcome.UNKNOWN if unknown else Outcome.RED
    state = "granted" if not cause else "unknown" if unknown else "denied"
    if check_fields.get("state", CheckState.DONE) != CheckState.DONE:
        check_fields |= {"outcome": "", "milliseconds": None, "verdicts": {}}
    values: dict[str, Any] = {
        "revision": source.revision,
        "provider": source.provider,
        "path": source.path,
        "trigger": Trigger.SCHEDULE,
        "state": CheckState.DONE,
        "outcome": outcome,
        "finished_at": NOW - timedelta(minutes=5),
        "milliseconds": 200,
        "verdicts": verdicts(purpose, state, cause),
    }
    source.latest_check = PermissionCheck.objects.create(datasource=source, **values | check_fields)
    source.save()
    states.keep(source.latest_check)
    source.refresh_from_db()
    return source
