"""Docs stay true: generated pages are current, links lead somewhere, named commands exist."""

import re
import subprocess
from pathlib import Path

import pytest

from clouds import PROVIDERS, Cause
from scripts import diagnoses, providers, variables

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_table_of_fields_is_current() -> None:
    assert providers.DOCUMENT.read_text(encoding="utf-8") == providers.document()


def test_the_tables_of_variables_are_current() -> None:
    assert variables.DOCUMENT.read_text(encoding="utf-8") == variables.document()


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


def test_what_operators_copy_keeps_tokens_and_backups_private() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()
    nginx = text[text.index("```nginx") :].split("```")[1]
    used = re.search(r"log_format lightly '(.+)';", nginx)
    assert used
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer)\b", used[1])
    assert "access_log /var/log/nginx/lightly.log lightly;" in nginx
    assert re.search(r"error_log \S+ crit;", nginx)
    backup = text[text.index("## Backup") :]
    assert "umask 077" in backup
    assert not re.search(r"\.backup (?!/)", backup)
