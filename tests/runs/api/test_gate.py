"""The permission gate, as a script meets it."""

from __future__ import annotations

import pytest

from datasets.models import Dataset
from datasources.models import Purpose
from runs.models import ScheduledRun
from teams.models import User
from tests.conftest import Call
from tests.contents.support import AGENT, connect
from tests.runs.scheduling.making import RANDOM, bypassing
from tests.servers import WORKING_RIGHTS, Cloud, Right

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


def test_refused_then_fixed_then_bypassed(clouds: dict[str, Cloud], dataset: Dataset, call: Call, alice: User) -> None:
    cloud, script = clouds["S3"], call(alice)
    bucket = cloud.make_bucket()
    cloud.put(bucket, "in/a.jpg", b"a")
    connect(dataset, Purpose.INPUT, cloud.grant(bucket, "in/", {Right.LIST, Right.READ}))
    lightly = connect(dataset, Purpose.LIGHTLY, cloud.grant(bucket, "li/", {Right.LIST, Right.READ}))
    path = f"/v1/datasets/{dataset.pk}/docker/worker/schedule"
    configs = [
        script.post("/v1/docker/worker/config/vX", {"version": "V4", "config": content}).json()["id"]
        for content in (RANDOM, bypassing())
    ]
    body = {"configId": configs[0], "priority": "MID", "runsOn": [], "creator": "USER_PIP"}

    refused = script.post(path, body)
    answer = refused.json()
    assert (refused.status_code, answer["code"]) == (422, "DATASET_DATASOURCE_CREDENTIALS_ERROR")
    lines = answer["error"].splitlines()
    assert lines[0] == "The run was not scheduled. 2 permissions that the run needs are not granted:"
    assert lines[1].startswith(f"- Lightly datasource s3://{bucket}/li/, write: ")
    assert any(line.startswith("  Cause: ") for line in lines)
    assert any(line.startswith("  Fix: ") and "s3:PutObject" in line for line in lines)
    assert "bypass_verify" in lines[-1]
    assert not ScheduledRun.objects.exists()

    assert script.post(path, body | {"configId": configs[1]}).status_code == 201
    assert "write" in ScheduledRun.objects.get().warning

    lightly.delete()
    connect(dataset, Purpose.LIGHTLY, cloud.grant(bucket, "li/", WORKING_RIGHTS))
    assert script.post(path, body).status_code == 201
    assert len(script.get(path, agent=AGENT).json()) == 2
