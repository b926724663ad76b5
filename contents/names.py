"""Names of files, which anybody may have made, so that people see what they are."""

from __future__ import annotations

import re
import unicodedata

# Controls, characters without width, and what turns the direction of the text around.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def shown(name: str) -> str:
    """The name with all that can't be seen spelled out, such as ⟨line feed⟩."""
    return INVISIBLE.sub(lambda found: f"⟨{_word(found[0])}⟩", name)


def _word(character: str) -> str:
    known = {"\n": "line feed", "\r": "carriage return", "\t": "tab"}
    return known.get(character) or unicodedata.name(character, f"U+{ord(character):04X}").lower()
