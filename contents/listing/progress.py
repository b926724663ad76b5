"""How far clients have processed a dataset's raw samples."""

from datasets.models import Dataset


def set_processed_until(*, dataset: Dataset, seconds: int) -> None:
    """Remember up to which moment (Unix seconds) the client has processed the raw samples."""
    Dataset.objects.filter(pk=dataset.pk).update(processed_until=seconds)
