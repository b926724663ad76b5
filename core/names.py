"""Names that people give to themselves, teams and tokens: any script of the world, and nothing that nobody sees.

Invisible characters make two names look alike, and those that turn the direction of writing around rearrange what
stands beside a name.
"""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

# Control and format characters, halves of characters, and separators of lines: the categories of Unicode.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Persian and Indian languages need these between letters, and emoji of several parts.
_JOINERS = "\u200c\u200d"


def validate_visible(text: str) -> None:
    """Raises ValidationError for a text with a character that is not seen, and says which one it is."""
    for letter in text:
        if _is_invisible(letter):
            raise ValidationError(
                gettext("There is an invisible character in it (%(code)s). Type it anew instead of pasting it.")
                % {"code": f"U+{ord(letter):04X}"}
            )


def visible(text: str) -> str:
    """The text without such characters: for names that are not typed here, which nobody can correct here."""
    return "".join(letter for letter in text if not _is_invisible(letter))


def _is_invisible(letter: str) -> bool:
    return unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS


class NameField(forms.CharField):
    default_validators = [*forms.CharField.default_validators, validate_visible]
