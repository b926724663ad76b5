"""Decoders and the clouds' libraries stay out of processes that show pages or look at settings: they take memory and
the time of a start. Hostile files are the decoders' business, and a page that needs a cloud loads its library then.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ["av", "PIL", "numpy", "onnx", "onnxruntime", "boto3", "botocore", "azure", "google.cloud", "obs"]
_WEB = """
import lightly_platform.wsgi
from django.urls import get_resolver
get_resolver().url_patterns  # all views
import lightly_platform.api
"""
# What it is forked from where workers run beside it.
_CREW = """
from lightly_platform.launcher import crew
crew._load_platform()
"""
_CHECK = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "lightly_platform.settings"
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "check"])
"""


@pytest.mark.parametrize("start", [_WEB, _CREW + _WEB, _CHECK], ids=["web", "web of a crew", "check"])
def test_no_decoder_and_no_cloud_is_loaded(start: str) -> None:
    environment = {"PATH": "", "DJANGO_SETTINGS_MODULE": "lightly_platform.settings", "SECRET_KEY": "not secret " * 6}
    code = f"{start}\nimport sys\nprint(sorted(set({_HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
