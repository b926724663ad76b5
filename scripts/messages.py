"""`make messages` collects the words people see into locale/, for every language that has a folder there.

It is Django's makemessages and compilemessages, which need GNU gettext, without what would change in every run: dates
and line numbers. English needs no compiled catalogue: its words stand in the code.
"""

import os
import re
from pathlib import Path

import django
from django.core.management import call_command

LOCALE = Path(__file__).parent.parent / "locale"
NOT_OURS = ["tests/*", "bench/*", "var/*", "node_modules/*"]
# Gettext writes them anew each time, or asks for names and addresses that a repository does not need.
VOLATILE = (
    "Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Language"
)
_VOLATILE_LINE = re.compile(rf'^"(?:{VOLATILE}):.*\n', re.MULTILINE)
_COMMENT = "# The words of Lightly Platform. See docs/translating.md.\n"


def tidy(catalogue: str, language: str) -> str:
    """The text of a .po file that is the same tomorrow, if no word has changed."""
    _, first, rest = catalogue.partition('msgid ""\nmsgstr ""\n')
    return f'{_COMMENT}{first}"Language: {language}\\n"\n{_VOLATILE_LINE.sub("", rest)}'


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    os.chdir(LOCALE.parent)
    django.setup()
    languages = sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir())
    # The list is changed there.
    call_command("makemessages", locale=languages, add_location="file", no_obsolete=True, ignore_patterns=[*NOT_OURS])
    for language in languages:
        path = LOCALE / language / "LC_MESSAGES" / "django.po"
        path.write_text(tidy(path.read_text(encoding="utf-8"), language), encoding="utf-8")
    translated = [language for language in languages if language != "en"]
    if translated:
        call_command("compilemessages", locale=translated)


if __name__ == "__main__":
    main()
