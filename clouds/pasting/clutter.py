"""What sticks to a value when it is copied: quotation marks, commas, `&amp;`, characters that nobody sees."""

import html
import re

# Nothing that people mean to paste is longer: a key file has 2.4 KB. More is left as it is.
MOST_CHARACTERS = 10_000
# The byte order mark, zero-width and direction marks, the soft hyphen. Some of them (U+200C to U+200F) have a meaning
# inside the names of directories, so there only the ends are freed of them.
_INVISIBLE = re.compile("[\ufeff\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069]")
_PAIRS = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "‘": "’", "‚": "‘", "«": "»", "<": ">"}
_QUOTES = "\"'`“”„‘’‚«»"
_ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|#0*3[489]|#x2[267]);", re.IGNORECASE)
# A key as clouds make them. What people make up themselves may well end in a comma.
_GENERATED = re.compile(r"[A-Za-z0-9/+=]{16,}")
_URL = re.compile(r"https?://", re.IGNORECASE)

QUOTES = "quotation marks around it"
COMMA = "a comma or semicolon at its end"
ENTITY = "an HTML entity such as &amp; in it, where & is meant"
INVISIBLE = "an invisible character in it, such as a byte order mark"


def cleaned(text: str, *, word: bool = True) -> str:
    """The value without what sticks to it. `word`: it can't contain spaces, as keys and tokens can't."""
    return _stripped(text, word)[0]


def clutter_of(text: str, *, word: bool = True) -> list[str]:
    """What `cleaned` takes off besides blanks, in words that go on "It has …". Quotes no part of the value."""
    return _stripped(text, word)[1]


def _stripped(text: str, word: bool) -> tuple[str, list[str]]:
    found: list[str] = []
    if len(text) > MOST_CHARACTERS:
        return text, found

    def note(what: str) -> None:
        if what not in found:
            found.append(what)

    before = None
    while text != before:  # quotes may lie around quotes, or around blanks
        before = text
        text, hidden = _without_invisible(text, word)
        if hidden:
            note(INVISIBLE)
        inner, quoted = _unquoted(text)
        if quoted:
            note(QUOTES)
        elif inner != text:
            note(COMMA)
        text = inner
        if (word or _URL.match(text)) and _ENTITY.search(text):
            note(ENTITY)
            text = html.unescape(text) if word else _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text, found


def _without_invisible(text: str, word: bool) -> tuple[str, bool]:
    """The text without blanks around it and without invisible characters; and whether there were any of these."""
    first, behind = 0, len(text)
    while first < behind and (text[first].isspace() or _INVISIBLE.match(text[first])):
        first += 1
    while behind > first and (text[behind - 1].isspace() or _INVISIBLE.match(text[behind - 1])):
        behind -= 1
    kept = _INVISIBLE.sub("", text[first:behind]) if word else text[first:behind]
    around = text[:first] + text[behind:]
    return kept, kept != text[first:behind] or bool(_INVISIBLE.search(around))


def _unquoted(text: str) -> tuple[str, bool]:
    """The text without a pair of quotation marks, or the comma behind them; and whether there were any."""
    bare = text.rstrip(",; ") if text[-1:] in ",;" else text
    for quoted in (bare.replace('\\"', '"') if bare.startswith('\\"') else bare,):
        if len(quoted) > 1 and _PAIRS.get(quoted[0]) == quoted[-1]:
            return quoted[1:-1], True
    if _GENERATED.fullmatch(bare.strip(_QUOTES)) and bare.strip(_QUOTES) != bare:  # one of the two was copied
        return bare.strip(_QUOTES), True
    # A SAS token or a key that ends in a comma came out of a list. Of anything else nobody can tell.
    if bare != text and (_GENERATED.fullmatch(bare) or "sig=" in bare):
        return bare, False
    return text, False
