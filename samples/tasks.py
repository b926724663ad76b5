"""What workers do for samples."""

from celery import shared_task


@shared_task(name="samples.tasks.make_picture")
def make_picture(sample_id: str, size: str) -> None:
    # Not above: web processes import this module, and stay without decoders.
    from samples.pictures.making import make

    make(sample_id, size)
