#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    if sys.argv[1:2] in (["backup"], ["restore"]):
        # Before the settings are loaded: they make keys where there are none.
        from lightly_platform.backup import commands

        commands.run(sys.argv[1:])
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
        execute_from_command_line(sys.argv)
