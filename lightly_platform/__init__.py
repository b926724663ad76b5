"""Wiring only: settings, URLs, Celery, WSGI and the launcher. No models, no business."""

# Tasks are declared with shared_task; this import is what gives them their broker, in every process.
from lightly_platform.celery import app as celery_app

__all__ = ["celery_app"]
