"""What a response tells the rest of the page. htmx fires each as an event on the body, and parts of pages listen."""

from django.http import HttpResponse
from django_htmx.http import trigger_client_event

from datasets.models import Dataset


def dataset_changed(response: HttpResponse, dataset: Dataset) -> HttpResponse:
    """Whatever shows this dataset fetches itself again."""
    return trigger_client_event(response, f"dataset-changed-{dataset.pk}")


def check_finished(response: HttpResponse) -> HttpResponse:
    """The bell fetches itself again, as the check may have raised an alert."""
    return trigger_client_event(response, "check-finished")
