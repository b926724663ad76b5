"""What the workers send and forget. Names of tasks outlive releases, as their messages do, so they are written out."""

from functools import partial

from celery import shared_task

from core import broker, shares
from notifications import pruning
from notifications.mails import services as mails
from notifications.webhooks import delivery
from notifications.webhooks.services import DELIVER_TASK


@shared_task(name="datasources.tasks.send_mails")
def send_mails() -> None:
    """Every minute."""
    mails.send_due()


@shared_task(name=DELIVER_TASK)
def deliver_webhook(delivery_id: str) -> None:
    whose = delivery.whose(delivery_id)
    if whose is not None:
        attempts, claims = whose
        # Those that have failed before come after those that nobody has tried yet.
        shares.WEBHOOKS.run(delivery_id, claims, partial(delivery.deliver, delivery_id), rank=attempts)


@shared_task(name="datasources.tasks.deliver_webhooks")
def deliver_webhooks() -> None:
    """Every minute: those whose pause is over, and those whose message was lost."""
    for delivery_id in delivery.due_ids():
        if not broker.send(DELIVER_TASK, delivery_id):
            break


@shared_task(name="notifications.tasks.prune_notices")
def prune_notices() -> None:
    pruning.prune()
