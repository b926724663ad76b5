"""`make messages` collects the words people see into locale/, for every language that has a folder there.

It is Django's makemessages, which needs GNU gettext, without what would change in every run: dates and line numbers.
"""

import os
import re
from pathlib import Path

import django
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "locale"
NOT_OURS = ["tests/*", "bench/*", "var/*", "node_modules/*"]
# Gettext writes them anew each time, or asks for names and addresses that a repository does not need.
HEADERS = ("Project-Id-Version", "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date", "Last-Translator")
ASKED_FOR = re.compile(rf'^"(?:{"|".join(HEADERS)}|Language-Team):.*\n', re.MULTILINE)
COMMENT = "# The words of Lightly Platform. See docs/translating.md.\n"


def tidy(text: str) -> str:
    """A catalogue that is the same tomorrow, if no word has changed."""
    head, first, rest = text.partition('msgid ""\n')
    comment = head if COMMENT in head else COMMENT
    return comment + first + ASKED_FOR.sub("", rest)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    os.chdir(ROOT)
    django.setup()
    languages = sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir())
    call_command("makemessages", locale=languages, add_location="file", no_obsolete=True, ignore_patterns=[*NOT_OURS])
    for language in languages:
        catalogue = LOCALE / language / "LC_MESSAGES" / "django.po"
        catalogue.write_text(tidy(catalogue.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
