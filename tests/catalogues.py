"""Gettext catalogues without gettext: which words are marked in the code, reading a .po file, writing a .mo file."""

import ast
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

from lightly_platform.env import BASE_DIR

CATALOGUE = BASE_DIR / "locale" / "en" / "LC_MESSAGES" / "django.po"
APPS = (
    *("clouds", "contents", "core", "dashboard", "datasets", "datasources", "jobs", "lightly_platform"),
    *("monitoring", "notifications", "runs", "samples", "scripts", "teams"),
)
SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy", "npgettext"}
_STRING = r"""u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
# What Django's templatize() makes of {% translate %}, {% blocktranslate %} and _("…") in a template.
_IN_TEMPLATE = re.compile(
    rf"\b(?P<name>_|gettext|ngettext|pgettext|npgettext)\(\s*{_STRING}(?:\s*,\s*{_STRING})?(?:\s*,\s*{_STRING})?"
)


class Message(NamedTuple):
    """What a translator translates. `context` and `plural` are empty where there is none."""

    text: str
    plural: str = ""
    context: str = ""


def in_templates() -> Iterator[Message]:
    for path in sorted((BASE_DIR / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            yield from _in_template(path.read_text(encoding="utf-8"))


def _in_template(source: str) -> Iterator[Message]:
    for found in _IN_TEMPLATE.finditer(templatize(source)):
        name, *literals = found.groups()
        texts = [ast.literal_eval(literal) for literal in literals if literal]
        context = texts.pop(0) if "pgettext" in name else ""
        yield Message(texts[0], texts[1] if name.startswith("n") else "", context)


def in_code() -> Iterator[Message]:
    for path in sorted(path for app in APPS for path in (BASE_DIR / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in SINGULAR:
                    texts = _texts(node, 1)
                    yield from [Message(texts[0])] if texts else []
                elif node.func.id in PLURAL:
                    yield Message(*_texts(node, 2))


def _texts(call: ast.Call, count: int) -> list[str]:
    """Empty for a call with a variable: its words are marked elsewhere, by gettext_noop."""
    arguments = call.args[:count]
    return [str(each.value) for each in arguments if isinstance(each, ast.Constant)]


def read_po(path: Path) -> set[Message]:
    """The catalogue's messages, without its header."""
    messages = set()
    for entry in path.read_text(encoding="utf-8").split("\n\n"):
        parts = {"msgctxt": "", "msgid": "", "msgid_plural": "", "msgstr": ""}
        current = "msgstr"
        for line in entry.splitlines():
            keyword, _, literal = line.partition(" ")
            if line.startswith('"'):
                literal = line
            elif keyword.partition("[")[0] in parts:
                current = keyword.partition("[")[0]
            else:
                continue
            parts[current] += ast.literal_eval(literal)
        if parts["msgid"]:
            messages.add(Message(parts["msgid"], parts["msgid_plural"], parts["msgctxt"]))
    return messages


def write_mo(path: Path, translations: Iterable[tuple[Message, list[str]]]) -> None:
    """The binary file that programs read: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html"""
    header = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
    entries = {b"": header.encode()}
    for message, words in translations:
        key = f"{message.context}\x04{message.text}" if message.context else message.text
        key += f"\0{message.plural}" if message.plural else ""
        entries[key.encode()] = "\0".join(words).encode()
    keys = sorted(entries)
    tables, blob, start = [], b"", 28 + 16 * len(keys)
    for texts in (keys, [entries[key] for key in keys]):
        for text in texts:
            tables.append(struct.pack("<2I", len(text), start + len(blob)))
            blob += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    path.parent.mkdir(parents=True)
    path.write_bytes(head + b"".join(tables) + blob)
