"""`make demo`: `make run` on fresh data, with storage of its own and sample datasets that show every state."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightly_platform.demo import storage as demo_storage
from lightly_platform.env import read_environment, variable_names
from lightly_platform.launcher import serving
from lightly_platform.launcher.supervisor import Supervisor

if TYPE_CHECKING:
    from datasources.models import PermissionCheck
    from teams.models import User

EMAIL = "demo@example.com"
# The dataset of a colleague, and those that have been checked by themselves already.
COLLEAGUES = "dash-cam-night"
WITH_HISTORY = {"forklift-cams", "street-scenes-2026"}
# A demo never touches the database, the queue or the clouds that this shell may be set up for.
_KEPT = {"LIGHTLY_DATA_DIR", "PORT", "BIND", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "WEB_CONCURRENCY", "DEBUG"}


def run() -> None:
    for name in set(variable_names()) - _KEPT:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    data_dir = read_environment().data_dir / "demo"
    os.environ.pop("LIGHTLY_DATA_DIR_FILE", None)
    os.environ["LIGHTLY_DATA_DIR"] = str(data_dir)
    environment = read_environment()
    password = "-".join(secrets.token_hex(2) for _ in range(4))

    def start_storage(supervisor: Supervisor) -> None:
        _clear(data_dir)
        supervisor.start("The demo storage", [sys.executable, "-m", "lightly_platform.demo.storage"])

    def fill_in_samples(supervisor: Supervisor) -> None:
        file = demo_storage.connection_file(data_dir)
        supervisor.wait_until(file.exists, poll=True)
        os.environ["LIGHTLY_S3_ENDPOINT_URL"] = json.loads(file.read_text())["endpoint"]
        os.environ["LIGHTLY_SAMPLE_DATA_FILE"] = str(_sample_data(data_dir))
        environ = {**os.environ, "LIGHTLY_DEMO_PASSWORD": password}
        supervisor.run("filling in the samples", [sys.executable, "-m", "lightly_platform.demo.demo"], environ=environ)

    banner = (
        f"The Lightly demo is ready: {serving.url(environment)}\n"
        f"  E-mail    {EMAIL}\n"
        f"  Password  {password}\n"
        "Everything in it is made up, and gone with the next start."
    )
    serving.serve(environment, banner=banner, start_more=start_storage, before_web=fill_in_samples)


def _sample_data(data_dir: Path) -> Path:
    """What the button "Try it with sample data" connects."""
    keys = json.loads(demo_storage.connection_file(data_dir).read_text())["keys"]
    file = data_dir / "sample-data.json"
    configs = {
        "INPUT": _s3(demo_storage.INPUT_BUCKET, "street/input", keys["input-reader"]),
        "LIGHTLY": _s3(demo_storage.LIGHTLY_BUCKET, "samples", keys["lightly-writer"]),
    }
    file.write_text(json.dumps(configs), encoding="ascii")
    return file


def _s3(bucket: str, path: str, key: list[str]) -> dict[str, Any]:
    return {
        "type": "S3",
        "fullPath": f"s3://{bucket}/{path}/",
        "s3Region": demo_storage.REGION,
        "s3AccessKeyId": key[0],
        "s3SecretAccessKey": key[1],
    }


def _clear(data_dir: Path) -> None:
    """All but the lock, which we hold: another demo on this data never gets here."""
    for path in data_dir.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != serving.LOCK_NAME:
            path.unlink()


def seed() -> None:
    """Runs in a process of its own, with Django, Redis and the storage up."""
    import django

    django.setup()

    from django.conf import settings

    from clouds import parse_config
    from contents.index.services import choose_depth
    from contents.models import Depth
    from datasets.services import create_dataset
    from datasources import services
    from datasources.endpoints import configured_endpoints
    from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Purpose
    from teams.invitations.services import Invited, invite
    from teams.models import Role
    from teams.services import create_owner, create_user

    owner = create_owner(email=EMAIL, password=os.environ["LIGHTLY_DEMO_PASSWORD"], team_name="Acme Vision")
    team = owner.memberships.get().team
    colleague = create_user(email="ben@example.com", name="Ben Adler", team=team)
    invite(team=team, people=[Invited("ava@example.com", Role.ADMIN)], by=owner)
    # More than there are, so that every planted mistake is found.
    choose_depth(team=team, depth=Depth.SAMPLE, sample=1000)
    demo_storage.change_rights(settings.DATA_DIR, "lightly-reader", may_write=True)
    saved = []
    # From last to first, because the home page shows the newest change at the top.
    for name, dataset_type, *configs in _samples(settings.DATA_DIR):
        by = colleague if name == COLLEAGUES else owner
        dataset = create_dataset(name=name, dataset_type=dataset_type, owner=by)
        for purpose, config in zip((Purpose.INPUT, Purpose.LIGHTLY), configs, strict=True):
            if config is not None:
                check = services.save(
                    dataset=dataset,
                    purpose=purpose,
                    config=parse_config(config, configured_endpoints()),
                    thumb_suffix=DEFAULT_THUMBNAIL_SUFFIX,
                    by=by,
                )
                if name in WITH_HISTORY:
                    saved.append(check)
    _live_through_two_intervals(saved)
    _schedule_runs(owner)


# One of images, one of videos: when the first is finished, the second one runs.
_DIVERSE = {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY"}}
_MIXED = {
    "input": {"type": "PREDICTIONS", "name": "CLASS_DISTRIBUTION", "task": "light"},
    "strategy": {"type": "BALANCE", "distribution": "UNIFORM"},
}
_RUNS = {
    "street-scenes-2026": {"nSamples": 40, "strategies": [_DIVERSE, _MIXED]},
    "loading-dock": {"nSamples": 24, "strategies": [_DIVERSE]},
}


def _schedule_runs(owner: User) -> None:
    from datasets.models import Dataset
    from runs.models import ConfigVersion
    from runs.scheduling import configs, services

    for name, selection in _RUNS.items():
        content = {"workerType": "FULL", "selection": selection}
        config = configs.store(version=ConfigVersion.V4, content=content, by=owner)
        services.schedule(dataset=Dataset.objects.get(name=name), config=config, by=owner)


Sample = tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]


def _samples(data_dir: Path) -> list[Sample]:
    """Name, type, Input and Lightly of each dataset. Between them they show every state."""
    keys: dict[str, list[str]] = json.loads(demo_storage.connection_file(data_dir).read_text())["keys"]
    wrong = {name: [key_id, secret[::-1]] for name, (key_id, secret) in keys.items()}
    raw, lightly = demo_storage.INPUT_BUCKET, demo_storage.LIGHTLY_BUCKET
    reader, writer, too_little = keys["input-reader"], keys["lightly-writer"], keys["lightly-reader"]
    return [
        ("warehouse-shelves", "Images", None, None),
        ("dash-cam-night", "Videos", _s3(raw, "dash-cam/night", reader), _s3(lightly, "dash-cam", writer)),
        (
            "leaf-disease",
            "Images",
            _s3(raw, "leaf/input", wrong["input-reader"]),
            _s3(lightly, "leaf", wrong["lightly-writer"]),
        ),
        ("loading-dock", "Videos", _s3(raw, "forklift/cams", reader), _s3(lightly, "loading-dock", writer)),
        ("forklift-cams", "Videos", _s3(raw, "forklift/cams", reader), _s3(lightly, "forklift", too_little)),
        (
            "street-scenes-2026",
            "Images",
            _s3(raw, "street/input", reader),
            _s3(lightly, "street", keys["street-writer"]),
        ),
    ]


def _live_through_two_intervals(saved: list[PermissionCheck]) -> None:
    """Somebody takes the right to write from two users, and gives it back to one: by scheduled checks, that is news."""
    from django.conf import settings
    from django.utils import timezone

    from datasources.checks import lifecycle as checks
    from datasources.checks import schedule
    from datasources.models import Datasource

    def finish(check_ids: list[str]) -> None:
        checks.run(*check_ids)
        checks.wait_for(check_ids)  # should a worker have been quicker

    def check_by_schedule() -> None:
        ours = Datasource.objects.filter(pk__in=[check.datasource_id for check in saved])
        ours.update(next_check_at=timezone.now())
        finish(schedule.queue_due())

    finish([check.pk for check in saved])
    demo_storage.change_rights(settings.DATA_DIR, "lightly-reader", "street-writer", may_write=False)
    check_by_schedule()
    demo_storage.change_rights(settings.DATA_DIR, "street-writer", may_write=True)
    check_by_schedule()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    seed()
