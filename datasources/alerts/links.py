"""Where alerts lead."""

from django.urls import reverse

from datasources.models import Purpose


def settings_path(dataset_id: str, purpose: str) -> str:
    """The settings in which this datasource is shown."""
    return reverse("datasources:settings", args=[dataset_id, "lightly" if purpose == Purpose.LIGHTLY else "input"])
