"""E-mail addresses: whether one is right, and lists of them as people paste them."""

import itertools
import re
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

LONGEST = 254  # of a column; Django's own validator lets 320 characters pass, on which PostgreSQL fails
NOT_AN_ADDRESS = _("Enter a valid e-mail address.")  # Django spells it in another way


def validate_address(email: str) -> None:
    """Raises django's ValidationError for what is no e-mail address."""
    if len(email) > LONGEST:
        raise ValidationError(NOT_AN_ADDRESS)
    EmailValidator(NOT_AN_ADDRESS)(email)


# What a list of recipients is made of: a name in quotation marks, an address in brackets, a separator, or a word.
_TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<bracket><[^<>]*>)|(?P<separator>[,;])|(?P<word>[^\s,;<>"]+|[<>"])'
)


def recipients(line: str, words: Collection[str] = ()) -> list[tuple[str, str]]:
    """The addresses of one line, each with the words behind it, as mail programs and people write them.

    `Ben <ben@example.com>; "Doe, Ann" <ann@example.com>`, `ben@example.com, ann@example.com`, `ben@example.com, admin`.
    Names are left out. `words`: what may stand behind an address and is then not the beginning of the next one's name.
    What is no address is answered as one, for `validate_address` to refuse.
    Commas and semicolons separate, blanks between addresses too.
    """
    tokens = [(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(line)]
    people: list[tuple[str, str]] = []
    groups: list[list[str]] = [[]]  # the words since the last address, between separators
    for (kind, text), (following, _text) in itertools.zip_longest(tokens, tokens[1:], fillvalue=("", "")):
        address = _address(kind, text, following)
        if address:
            people = _with_words(people, groups, words, is_named=kind == "bracket")
            people.append((address, ""))
            groups = [[]]
        elif kind == "separator":
            groups.append([])
        else:
            groups[-1].append(text)
    return _with_words(people, [*groups, []], words, is_named=False)


def _address(kind: str, text: str, following: str) -> str:
    """The address that this token is; empty for words, and for a name that looks like an address."""
    if kind == "bracket":
        return _bare(text[1:-1])
    return _bare(text) if "@" in text and following != "bracket" and kind in {"word", "quoted"} else ""


def _bare(text: str) -> str:
    text = text.strip("\ufeff\u200b '\"()[]")
    return text[len("mailto:") :] if text.lower().startswith("mailto:") else text


def _with_words(
    people: list[tuple[str, str]], groups: list[list[str]], words: Collection[str], *, is_named: bool
) -> list[tuple[str, str]]:
    """The people so far, the last of them with its words. The last group is the name of who follows.

    A name in front of an address in brackets may contain separators: `Doe, Ann <ann@example.com>`.
    """
    behind = [" ".join(group) for group in groups[:-1] if group]
    if is_named and not (people and behind and behind[0].lower() in words):
        return people
    if not behind:
        return people
    if not people:
        return [(word, "") for word in behind]
    kept = behind[:1] if is_named else behind
    return [*people[:-1], (people[-1][0], " ".join(kept))]
