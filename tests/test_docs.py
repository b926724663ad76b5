"""Docs stay true: generated pages are current, links lead somewhere, and commands, files and labels they name exist."""

import ast
import functools
import html
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from clouds import PROVIDERS, Cause
from scripts import diagnoses, providers, rules, variables
from tests.catalogues import APPS, in_code, in_templates

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_fields_is_current() -> None:
    assert providers.DOCUMENT.read_text(encoding="utf-8") == providers.document()


def test_the_tables_of_variables_are_current() -> None:
    assert variables.DOCUMENT.read_text(encoding="utf-8") == variables.document()


def test_the_tables_of_rules_are_current() -> None:
    assert rules.DOCUMENT.read_text(encoding="utf-8") == rules.document()


def test_the_catalogue_of_diagnoses_is_current() -> None:
    assert diagnoses.DOCUMENT.read_text(encoding="utf-8") == diagnoses.document()


def test_the_catalogue_has_every_cloud_and_cause() -> None:
    by_some = {cause for provider in PROVIDERS.values() for cause in provider.answers.causes}
    assert by_some | set(diagnoses.EVERYWHERE) | diagnoses.EVERYWHERE_IN_OWN_WORDS == set(Cause)
    assert not by_some & set(diagnoses.EVERYWHERE)
    text = diagnoses.document()
    assert all(f"## {provider.label}\n" in text for provider in PROVIDERS.values())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_named_in_the_docs_exist(page: Path) -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^\s+make (\w+)", listed, re.MULTILINE))
    named = set(re.findall(r"(?:^|`)(?:[A-Z_]+=\S+ )?make (\w+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_the_layout_in_the_architecture_page_is_that_of_the_code() -> None:
    """All rooms, and all folders of Python code in them: none that is gone, none left out."""
    block = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    named: dict[str, set[str]] = {}
    room = ""
    for line in block.strip().splitlines():
        folders = re.findall(r"(\w+)/", re.split(r"\s{2,}(?=[^\s/]+ )", line.strip())[0])
        if line.startswith("  "):
            named[room] |= set(folders)
        else:
            (room,) = folders
            named[room] = set()
    assert all((ROOT / room).is_dir() for room in named)
    packages = [path.parent for path in ROOT.glob("*/__init__.py")]
    code = {path.name: path for path in packages if path.name not in {"tests", "bench", "scripts"}}
    assert code.keys() <= named.keys()
    for room, path in code.items():
        inside = {folder.parent.name for folder in path.glob("*/__init__.py")} - {"migrations"}
        assert named[room] == inside, room


# One and the same emphasis, *so*, marks labels of the pages and nothing else. The history in CHANGELOG.md also names
# labels that are gone.
WITH_LABELS = [page for page in PAGES if page.name not in {"CHANGELOG.md", "diagnoses.md"}]
# The lists and forms of the admin panel are not translated.
OF_THE_ADMIN_PANEL = [ROOT / "teams" / "admin"]


@functools.cache
def labels() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """What the pages say, word for word, and patterns of what has a value in it."""
    plain, patterns = set(), []
    for text in {as_seen(each) for message in [*in_templates(), *in_code()] for each in message[:2]} | set(unmarked()):
        parts = re.split(r"%\(\w+\)s", text)
        if len(parts) == 1:
            plain.add(text)
        elif len("".join(re.findall(r"[a-z]+", text))) > 10:  # else it would match nearly everything
            patterns.append(re.compile(".+".join(map(re.escape, parts))))
    return frozenset(plain), tuple(patterns)


def as_seen(message: str) -> str:
    """Without what is for screen readers alone, and with the capital that Django gives the labels of fields."""
    text = re.sub(r'<span class="visually-hidden">.*?</span>', "", message, flags=re.DOTALL)
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())
    return text[:1].upper() + text[1:]


def unmarked() -> Iterator[str]:
    for folder in OF_THE_ADMIN_PANEL:
        for path in folder.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    yield from (str(info.title) for each in PROVIDERS.values() for info in each.config_class.fields().values())


def prose(page: Path) -> str:
    """A page without its code."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`]*`", "", text)


@pytest.mark.parametrize("page", WITH_LABELS, ids=lambda page: page.name)
def test_labels_named_in_the_docs_are_on_the_pages(page: Path) -> None:
    """Of a way, such as *Team → Settings*, each step."""
    plain, patterns = labels()
    named = re.findall(r"(?<!\*)\*(?![*\s])([^*]+?)\*(?!\*)", prose(page))
    steps = [" ".join(step.split()) for label in named for step in label.split(" → ")]
    wrong = [
        step
        for step in steps
        if as_seen(step) not in plain and not any(pattern.fullmatch(step) for pattern in patterns)
    ]
    assert wrong == []


def test_a_label_that_is_on_no_page_is_noticed() -> None:
    plain, patterns = labels()
    assert "Check again" in plain
    for wrong in ("Check once more", "Give us access", "Copy the other one"):
        assert wrong not in plain
        assert not any(pattern.fullmatch(wrong) for pattern in patterns)


@functools.cache
def files() -> list[str]:
    """Of the code, each path from the project's folder on, with a slash in front."""
    folders = dict.fromkeys([*APPS, "templates", "static", "tests", "bench"])
    walked = (root for folder in folders for root in os.walk(ROOT / folder) if "node_modules" not in root[0])
    found = [Path(root, name) for root, _, names in walked for name in names] + list(ROOT.glob("*.*"))
    return [f"/{path.relative_to(ROOT)}" for path in found]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_files_named_in_the_docs_exist(page: Path) -> None:
    """By their whole path, or by its end."""
    named = re.findall(r"`([\w./-]+\.(?:py|js|html|css))`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in files())] == []


def test_what_operators_copy_keeps_tokens_and_backups_private() -> None:
    backup = (ROOT / "docs" / "backup.md").read_text()
    proxies = (ROOT / "docs" / "proxies.md").read_text()
    nginx = (ROOT / "deploy" / "proxies" / "nginx.conf").read_text()
    assert f"```nginx\n{nginx}```" in proxies
    assert f"```\n{(ROOT / 'deploy' / 'proxies' / 'Caddyfile').read_text()}```" in proxies
    used = re.search(r"log_format lightly '(.+)';", nginx)
    assert used
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer)\b", used[1])
    assert "access_log /var/log/nginx/lightly.log lightly;" in nginx
    assert re.search(r"error_log \S+ crit;", nginx)
    dumps = [line for line in backup.splitlines() if "pg_dump --" in line]
    assert dumps
    assert all(line.startswith("(umask 077; ") for line in dumps)
