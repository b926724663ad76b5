"""Brings database and static files up to date. One process for all three steps: starting Django takes longest."""

from __future__ import annotations

import os

import django
from django.core.management import call_command


def prepare() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    prepare()
