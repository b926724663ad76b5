"""No room names a page or a template of a room above it: import-linter sees imports, and this sees names.

What ties rooms across a layer is a plain argument, an id, or a registry that the lower one offers, such as
core/web/navigation.py.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From the lowest up, as in pyproject.toml. Those of one line don't know each other.
LAYERS = [
    {"core"},
    {"teams"},
    {"datasets"},
    {"jobs"},
    {"notifications"},
    {"datasources"},
    {"contents"},
    {"samples"},
    {"runs"},
    {"monitoring", "dashboard"},
    {"lightly_platform"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
# Names of pages without a room's namespace that are ours. Those of allauth and of Django's admin site, where each room
# has its own pages, are a library's and so below everything.
PAGES_OF = {"home": "dashboard", "help": "dashboard", "help_page": "dashboard"}
NAMESPACES_OF = {"api": "lightly_platform"}
# Folders that replace templates of libraries, by the room that does it.
TEMPLATES_OF = {
    "account": "teams",
    "mail": "core",
    "mfa": "teams",
    "socialaccount": "teams",
    "allauth": "teams",
    "admin": "lightly_platform",
    "ninja": "lightly_platform",
}
_NAME = re.compile(r"[a-z_]+:[a-z_-]+")
_TEMPLATE = re.compile(r"[a-z_]+/[\w/]+\.html")
_TAG = re.compile(r"""\{%\s*(?:url|include|extends)\s+['"]([^'"]+)['"]""")


def room_of(name: str) -> str | None:
    """Whose page or template this is; None if it is nobody's of ours."""
    if _TEMPLATE.fullmatch(name):
        folder = name.split("/")[0]
        return folder if folder in RANK else None
    if _NAME.fullmatch(name):
        namespace = name.split(":")[0]
        return namespace if namespace in RANK else NAMESPACES_OF.get(namespace)
    return PAGES_OF.get(name)


def in_templates() -> Iterator[tuple[str, str, str]]:
    """Room, file and name, of all names in templates."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        folder, *rest = path.relative_to(ROOT / "templates").parts
        room = (folder if folder in RANK else TEMPLATES_OF[folder]) if rest else "core"
        for found in _TAG.finditer(path.read_text(encoding="utf-8")):
            yield room, str(path.relative_to(ROOT)), found[1]


def in_python(room: str) -> Iterator[tuple[str, str, str]]:
    for path in sorted((ROOT / room).rglob("*.py")):
        if "migrations" not in path.parts:
            for name in names_in(path.read_text(encoding="utf-8")):
                yield room, str(path.relative_to(ROOT)), name


def names_in(source: str) -> Iterator[str]:
    """Texts that look like the name of a page or a template, and plain names where a page is asked for."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _NAME.fullmatch(node.value) or _TEMPLATE.fullmatch(node.value):
                yield node.value
        elif isinstance(node, ast.Call) and node.args:
            function, first = getattr(node.func, "id", getattr(node.func, "attr", "")), node.args[0]
            if function in {"reverse", "reverse_lazy", "redirect"} and isinstance(first, ast.Constant):
                yield str(first.value)


def upward() -> set[tuple[str, str]]:
    names = [*in_templates(), *(found for room in RANK for found in in_python(room))]
    return {(file, name) for room, file, name in names if (other := room_of(name)) and RANK[other] > RANK[room]}


def test_no_room_names_a_page_or_template_of_a_room_above_it() -> None:
    assert upward() == set()


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('reverse("home")', ["home"]),
        ('redirect("datasources:dataset", pk)', ["datasources:dataset", "datasources:dataset"]),
        ('render(request, "datasources/settings.html")', ["datasources/settings.html"]),
        ('x = "monitoring:health"', ["monitoring:health"]),
        ('print("home")', []),
        ('log("at 12:30, see a/b")', []),
    ],
)
def test_names_are_found(source: str, names: list[str]) -> None:
    assert sorted(names_in(source)) == sorted(names)


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("help_page", "dashboard"),
        ("datasets:create", "datasets"),
        ("api:openapi-view", "lightly_platform"),
        ("admin:index", None),
        ("account_login", None),
        ("_icon.html", None),
        ("notifications/_bell.html", "notifications"),
        ("mfa/index.html", None),
    ],
)
def test_whose_a_name_is(name: str, room: str | None) -> None:
    assert room_of(name) == room
