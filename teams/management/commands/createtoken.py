from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from teams.models import Scope, User
from teams.services import DEFAULT_LIFETIME, create_token

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Create an API token for a person and print the token, nothing else. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="created on the command line", help="what the token is for")
        parser.add_argument(
            "--rights",
            nargs="+",
            choices=Scope.values,
            default=Scope.values,
            help="what it may do; default: everything that the person may",
        )
        parser.add_argument(
            "--days",
            type=int,
            default=DEFAULT_LIFETIME.days,
            help="after how many days it ends; 0: never; default: %(default)s",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = User.objects.normalize_email(options["email"])
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}. Create the person first: manage.py createuser {email}")
        days = options["days"]
        if not 0 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be between 0 and {MOST_DAYS}, for example --days 90.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        self.stdout.write(
            create_token(user=user, name=options["name"], scopes=options["rights"], expires_at=expires_at)
        )
