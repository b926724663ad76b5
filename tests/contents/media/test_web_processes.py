"""Decoders stay out of web processes: they take memory, and hostile files are their business."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import lightly_platform.wsgi
from django.urls import get_resolver
get_resolver().url_patterns  # all views
import lightly_platform.api
print(sorted({"av", "PIL", "numpy", "onnx", "onnxruntime"} & set(sys.modules)))
"""


def test_web_processes_hold_no_decoder() -> None:
    environment = {"PATH": "", "DJANGO_SETTINGS_MODULE": "lightly_platform.settings", "SECRET_KEY": "not secret " * 6}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
