from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from contents.listing.read_urls import revoke_read_urls
from datasets.models import Dataset
from teams import audit
from teams.models import AuditAction


class Command(BaseCommand):
    help = "End all URLs of this server that were given out for a dataset's files. Listings give new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset_id", help="24 hex digits, as shown in the dashboard")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = Dataset.objects.filter(pk=options["dataset_id"]).first()
        if dataset is None:
            raise CommandError("There is no dataset with this id.")
        with transaction.atomic():
            revoke_read_urls(dataset=dataset)
            audit.record(team=dataset.team, action=AuditAction.READ_URLS_REVOKED, target=dataset.name, dataset=dataset)
        self.stdout.write(f"All read URLs of {dataset.name} have ended.")
