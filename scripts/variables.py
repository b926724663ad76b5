"""`python -m scripts.variables` writes the tables of variables in docs/deploy.md from their declarations."""

from pathlib import Path

from lightly_platform.env.declaring import Group, Variable
from lightly_platform.env.variables import variables

DOCUMENT = Path(__file__).parent.parent / "docs" / "deploy.md"
# Markdown's way to say something to editors alone: a link definition that nothing refers to.
_START = "[//]: # (The tables from here on are written by python -m scripts.variables.)\n"
_END = "[//]: # (The tables end here.)\n"


def document() -> str:
    """docs/deploy.md with current tables. Raises ValueError if a marker is missing."""
    before, start, rest = DOCUMENT.read_text(encoding="utf-8").partition(_START)
    _, end, after = rest.partition(_END)
    if not (start and end):
        raise ValueError(f"{DOCUMENT} lacks one of the lines between which the tables stand.")
    return f"{before}{start}\n{_tables()}\n\n{end}{after}"


def _tables() -> str:
    return "\n\n".join(_table(group) for group in Group)


def _table(group: Group) -> str:
    rows = [_row(variable) for variable in variables().values() if variable.group is group]
    return "\n".join([f"### {group}\n", "| Variable | Default | Meaning |", "|---|---|---|", *rows])


def _row(variable: Variable) -> str:
    return f"| `{variable.name}` | {variable.shown_default} | {variable.help} |"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
