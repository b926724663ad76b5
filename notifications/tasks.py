"""What the workers send and forget. Names of tasks outlive releases, as their messages do, so they are written out."""

from celery import shared_task

from core import broker
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
    delivery.deliver(delivery_id)


@shared_task(name="datasources.tasks.deliver_webhooks")
def deliver_webhooks() -> None:
    """Every minute: those whose pause is over, and those whose message was lost."""
    for delivery_id in delivery.due_ids():
        if not broker.send(DELIVER_TASK, delivery_id):
            break


@shared_task(name="notifications.tasks.prune_notices")
def prune_notices() -> None:
    pruning.prune()
