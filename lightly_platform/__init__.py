"""Wiring only: settings, URLs, Celery, WSGI and the launcher. No models, no business."""
