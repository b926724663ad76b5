from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core import rotation


class Command(BaseCommand):
    help = (
        "Encrypt everything that is stored encrypted with the first of LIGHTLY_ENCRYPTION_KEYS, so that the others can "
        "be removed. It may be stopped at any time, and goes on where it was when it is called again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = 0
        for table in rotation.tables():
            unreadable += self._rotate(table)
        # Once more, for what a process wrote meanwhile that had read it before.
        late = sum(count.renewed for table in rotation.tables() for count in [self._last(table)])
        if late:
            self.stdout.write(f"{late} were written meanwhile, and were encrypted as well.")
        if unreadable:
            self.stdout.write(f"{unreadable} can't be read with any of the keys: enter their secrets anew, see Health.")
        keys = len(settings.LIGHTLY_ENCRYPTION_KEYS)
        if keys > 1:
            self.stdout.write(
                "Everything else is encrypted with the first key. Take the others out of LIGHTLY_ENCRYPTION_KEYS and "
                "restart everything; keep them as long as you keep backups that were made before."
            )
        else:
            self.stdout.write("There is one key alone, so there is nothing to take out.")

    def _rotate(self, table: rotation.SealedTable) -> int:
        for count in rotation.rotate(table):
            self.stdout.write(f"{table.name}: {count.renewed} encrypted anew, {count.already} were already")
            self.stdout.flush()
        for pk in count.unreadable:
            self.stderr.write(f"{table.name}: {pk} can't be read with any of the keys")
        return len(count.unreadable)

    def _last(self, table: rotation.SealedTable) -> rotation.Count:
        *_, count = rotation.rotate(table)
        return count
