"""docs/ as pages of the dashboard, so that help is where the question is."""

import functools
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.views.decorators.http import require_GET
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

DOCS = Path(settings.BASE_DIR) / "docs"
# For whoever uses the dashboard; the other pages are for people who work on it.
FOR_READERS = (
    "teams",
    "providers",
    "permission-check",
    "diagnoses",
    "alerts",
    "api",
    "security",
    "deploy",
    "admin",
)
_LINK = re.compile(r"([a-z-]+)\.md(#[\w-]+)?")


def pages() -> dict[str, str]:
    """Title by name, of those that there are."""
    return {name: _title(DOCS / f"{name}.md") for name in FOR_READERS if (DOCS / f"{name}.md").is_file()}


class _Renderer(RendererHTML):
    """What may be wider than its place scrolls, also with the keyboard, and that needs the focus."""

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return super().fence(tokens, idx, options, env).replace("<pre", '<pre tabindex="0"', 1)

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<div class="prose__table" tabindex="0">{self.renderToken(tokens, idx, options, env)}'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"{self.renderToken(tokens, idx, options, env)}</div>"


@require_GET
def page(request: HttpRequest, name: str = "providers") -> HttpResponse:
    titles = pages()
    if name not in titles:
        raise Http404
    return render(
        request,
        "dashboard/help.html",
        {"name": name, "title": titles[name], "pages": titles, "content": _rendered(name)},
    )


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").strip()


@functools.cache
def _rendered(name: str) -> SafeString:
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse((DOCS / f"{name}.md").read_text(encoding="utf-8"))
    anchors: set[str] = set()
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        _adapt(token, following, anchors)
    # Our own files, and raw HTML in them stays text.
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return SafeString(html)


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
