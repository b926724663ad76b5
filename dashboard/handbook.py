"""docs/ as the dashboard shows them: pages, their sections, and a search in these."""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

DOCS = Path(settings.BASE_DIR) / "docs"
# For people who use the dashboard; the other pages are for people who work on it.
FOR_READERS = (
    "first-selection",
    "teams",
    "providers",
    "permission-check",
    "diagnoses",
    "alerts",
    "contents",
    "annotations",
    "gallery",
    "thumbnails",
    "api",
    "security",
    "deploy",
    "monitoring",
    "backup",
    "containers",
    "proxies",
    "admin",
)
MOST_WORDS = 20
MOST_FOUND = 30
_EXCERPT = 220  # characters, about
_LINK = re.compile(r"([a-z-]+)\.md(#[\w-]+)?")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next one. `level` is 1 for the page's title."""

    page: str
    level: int
    title: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Found:
    """`excerpt`: pieces of text in their order, each with whether it is a word that was looked for."""

    section: Section
    page_title: str
    excerpt: list[tuple[str, bool]]


@dataclass(frozen=True)
class Entry:
    """Of a list of contents: a section, and those of the next level in it."""

    section: Section
    inner: list[Section]


def pages() -> dict[str, str]:
    """Title by name, of those that there are."""
    return {name: _title(DOCS / f"{name}.md") for name in FOR_READERS if (DOCS / f"{name}.md").is_file()}


def contents(name: str) -> list[Entry]:
    found: list[Entry] = []
    for section in sections(name):
        if section.level == 2:
            found.append(Entry(section, []))
        elif section.level == 3 and found:
            found[-1].inner.append(section)
    return found


def search(query: str) -> list[Found]:
    """Sections with all words of the query, in any case, in their text, their heading or the page's title.

    Those with the words in the heading come first, then those that have them most often.
    """
    words = list(dict.fromkeys(query.casefold().split()))[:MOST_WORDS]
    if not words:
        return []
    ranked = []
    for name, title in pages().items():
        for section in sections(name):
            heading, text = section.title.casefold(), section.text.casefold()
            if all(word in heading or word in text or word in title.casefold() for word in words):
                # A page's title alone would find all of its sections.
                hits = sum(heading.count(word) + text.count(word) for word in words)
                if hits:
                    ranked.append((-sum(word in heading for word in words), -hits, section, title))
    ranked.sort(key=lambda row: row[:2])
    return [Found(section, title, _excerpt(section.text, words)) for _, _, section, title in ranked[:MOST_FOUND]]


@functools.cache
def rendered(name: str) -> SafeString:
    markdown, tokens = _parsed(name)
    # Our own files, and raw HTML in them stays text.
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return SafeString(html)


@functools.cache
def sections(name: str) -> tuple[Section, ...]:
    """Of a page, from the top, its title with the introduction first."""
    _, tokens = _parsed(name)
    found: list[Section] = []
    heading, texts = ("", "", 1), list[str]()
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open":
            if heading[0]:
                found.append(_section(name, heading, texts))
            heading, texts = (_plain(token), str(before.attrGet("id")), int(before.tag[1:])), []
        elif token.type == "inline":
            texts.append(_plain(token))
        elif token.type == "fence":
            texts.append(token.content)
    return (*found, _section(name, heading, texts))


def _section(page: str, heading: tuple[str, str, int], texts: Sequence[str]) -> Section:
    title, anchor, level = heading
    return Section(page, level, title, anchor, " ".join(" ".join(texts).split()))


def _plain(token: Token) -> str:
    """Words without marks of Markdown."""
    parts = (child.content if child.type in {"text", "code_inline"} else " " for child in token.children or [])
    return re.sub(r"\s+(?=[,.;:)])|(?<=\()\s+", "", " ".join("".join(parts).split()))


def _excerpt(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    first = pattern.search(text)
    start = max(0, first.start() - _EXCERPT // 3) if first else 0
    start = text.find(" ", start) + 1 if start else 0  # no half word
    shown = text[start : start + _EXCERPT]
    if start + _EXCERPT < len(text):
        shown = f"{shown.rpartition(' ')[0] or shown} …"
    return list(_marked(f"… {shown}" if start else shown, pattern))


def _marked(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    end = 0
    for match in pattern.finditer(text):
        if match.start() > end:
            yield text[end : match.start()], False
        yield match[0], True
        end = match.end()
    if end < len(text):
        yield text[end:], False


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").strip()


class _Renderer(RendererHTML):
    """What may be wider than its place scrolls, also with the keyboard, and that needs the focus."""

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return super().fence(tokens, idx, options, env).replace("<pre", '<pre tabindex="0"', 1)

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<div class="prose__table" tabindex="0">{self.renderToken(tokens, idx, options, env)}'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"{self.renderToken(tokens, idx, options, env)}</div>"


def _parsed(name: str) -> tuple[MarkdownIt, list[Token]]:
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse((DOCS / f"{name}.md").read_text(encoding="utf-8"))
    anchors: set[str] = set()
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        _adapt(token, following, anchors)
    return markdown, tokens


def _adapt(token: Token, following: Token | None, anchors: set[str]) -> None:
    """Headings get anchors, links between pages stay in the dashboard."""
    if token.type == "heading_open" and following is not None:
        token.attrSet("id", _unused(slugify(following.content), anchors))
    for child in token.children or []:
        if child.type == "link_open" and (found := _LINK.fullmatch(str(child.attrGet("href") or ""))):
            child.attrSet("href", f"/help/{found[1]}/{found[2] or ''}")


def _unused(anchor: str, anchors: set[str]) -> str:
    """The anchor, or with a number behind it, as on GitHub, where a heading above has it already."""
    numbered = (f"{anchor}-{number}" for number in itertools.count(1))
    free = next(name for name in itertools.chain([anchor], numbered) if name not in anchors)
    anchors.add(free)
    return free
