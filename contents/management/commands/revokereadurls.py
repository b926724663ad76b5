from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contents.listing.read_urls import revoke_read_urls
from datasets.models import Dataset


class Command(BaseCommand):
    help = "End all URLs of this server that were given out for a dataset's files. Listings give new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset_id", help="24 hex digits, as shown in the dashboard")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = Dataset.objects.filter(pk=options["dataset_id"]).first()
        if dataset is None:
            raise CommandError("There is no dataset with this id.")
        revoke_read_urls(dataset=dataset)
        self.stdout.write(f"All read URLs of {dataset.name} have ended.")
