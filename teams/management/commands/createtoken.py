from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.models import User
from teams.services import create_token


class Command(BaseCommand):
    help = "Create an API token for a person and print the token, nothing else. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="created on the command line", help="what the token is for")

    def handle(self, *args: Any, **options: Any) -> None:
        email = User.objects.normalize_email(options["email"])
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}. Create the person first: manage.py createuser {email}")
        self.stdout.write(create_token(user=user, name=options["name"]))
