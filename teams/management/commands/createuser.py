import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.models import Role
from teams.roles import roles_given_by
from teams.services import create_user


class Command(BaseCommand):
    help = "Create a person who can sign in. The first person of an installation owns its first team."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="the person's name, as others see it")
        parser.add_argument(
            "--role",
            choices=roles_given_by(Role.OWNER),
            help="default: owner if first, else member",
        )
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input instead of asking"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else getpass.getpass()
        try:
            user = create_user(email=options["email"], password=password, role=options["role"], name=options["name"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stderr.write(f"{user.email} can sign in now.")
