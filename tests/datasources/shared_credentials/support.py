"""What the tests of shared credentials have in common: datasources, and the form that replaces a credential."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from clouds import parse_config
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import services
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from teams.models import User
from tests.conftest import s3_fields

NEW_SECRET = "planted-other-77bQ+/Zx"


def datasource(name: str, owner: User, *, purpose: str = "INPUT", **changes: str) -> Any:
    dataset = Dataset.objects.filter(name=name).first() or create_dataset(name=name, owner=owner)
    fields = s3_fields() if "type" not in changes else {}
    config = parse_config(fields | changes)
    check = services.save(dataset=dataset, purpose=Purpose(purpose), config=config, thumb_suffix="[filename]", by=owner)
    return check.datasource


def turn_red() -> None:
    verdict = {"milliseconds": 5, "code": "", "state": "denied", "cause": "wrong_secret", "summary": "wrong secret"}
    verdict |= {"tried": "it", "answered": "403", "likely_cause": "The key was replaced.", "fix": "Enter the new one."}
    verdicts = {"list": verdict, "read": verdict}
    PermissionCheck.objects.update(
        state=CheckState.DONE, outcome=Outcome.RED, finished_at=timezone.now(), verdicts=verdicts
    )


def settings_url(one: Datasource, tab: str = "input") -> str:
    return reverse("datasources:settings", args=[one.dataset_id, tab])


def typed(**changes: str) -> dict[str, str]:
    return {
        "provider": "S3",
        "path": "s3://acme-raw/street/",
        "region": "eu-central-1",
        "access_key_id": "AKIANEW",
        "secret_access_key": NEW_SECRET,
        "everywhere": "1",
    } | changes


def credential_of(one: Datasource) -> dict[str, str]:
    return Datasource.objects.get(pk=one.pk).config.credential()
