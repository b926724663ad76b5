"""For the list of commands: manage.py does it before Django's settings are loaded, which may make keys."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from lightly_platform.backup import commands


class Command(BaseCommand):
    help = commands.RESTORE_HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        commands.add_restore_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        commands.bring_back(argparse.Namespace(**options))
