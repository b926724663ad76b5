"""`python -m scripts.rules` writes the tables of rules in docs/annotations.md from their declarations."""

from pathlib import Path
from types import ModuleType

from contents.annotations.documents import rules as documents
from contents.annotations.metadata import rules as metadata
from contents.annotations.predictions import rules as predictions
from contents.annotations.relevant import rules as relevant
from contents.annotations.rules import Rule

DOCUMENT = Path(__file__).parent.parent / "docs" / "annotations.md"
_START = "[//]: # (The tables from here on are written by python -m scripts.rules.)\n"
_END = "[//]: # (The tables end here.)\n"
_TABLES: list[tuple[str, ModuleType]] = [
    ("All JSON files", documents),
    ("Predictions", predictions),
    ("Metadata", metadata),
    ("Relevant filenames files", relevant),
]


def document() -> str:
    """docs/annotations.md with current tables. Raises ValueError if a marker is missing."""
    before, start, rest = DOCUMENT.read_text(encoding="utf-8").partition(_START)
    _, end, after = rest.partition(_END)
    if not (start and end):
        raise ValueError(f"{DOCUMENT} lacks one of the lines between which the tables stand.")
    tables = "\n\n".join(_table(title, module) for title, module in _TABLES)
    return f"{before}{start}\n{tables}\n\n{end}{after}"


def _table(title: str, module: ModuleType) -> str:
    rules = [rule for rule in vars(module).values() if isinstance(rule, Rule)]
    rows = [f"| {rule.severity} | `{rule.id}` | {_cell(rule.title)} | {_cell(rule.fix)} |" for rule in rules]
    return "\n".join([f"### {title}\n", "| Severity | Rule | What is wrong | What to do |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
