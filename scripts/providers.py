"""`python -m scripts.providers` writes docs/providers.md from the code, so that it can't fall behind."""

from pathlib import Path

from pydantic import SecretStr

from clouds import PROVIDERS, Provider
from clouds.config import extra
from clouds.permissions import Permission

DOCUMENT = Path(__file__).parent.parent / "docs" / "providers.md"
HEAD = """# What to enter for each cloud

These are the fields in a datasource's settings. Secrets are stored encrypted and never shown again. For safety, the
secret must be entered again when a field marked with ↻, or the bucket, changes. The form also says where to find each
value: open *Where do I find this?* beside the field.

[//]: # (This page is written by python -m scripts.providers.)
"""


def document() -> str:
    return "\n".join([HEAD, *(_section(provider) for provider in PROVIDERS.values())])


def _section(provider: Provider) -> str:
    rows, places = [], []
    for name, info in provider.config_class.fields().items():
        marks = "↻ " if extra(info, "binds_secret") else ""
        kind = "secret" if info.annotation is SecretStr else "text"
        need = "" if info.is_required() else ", may stay empty"
        example = "" if info.annotation is SecretStr else f"`{info.examples[0]}`" if info.examples else ""
        rows.append(
            f"| {marks}{info.title} | {kind}{need} | {_plain(info.description)} | {example} | `{info.alias or name}` |"
        )
        places.append(f"* **{info.title}**: {_plain(extra(info, 'where'))}")
    rights = "\n".join(
        f"| {permission.capitalize()} | {provider.words.rights[permission]} |" for permission in Permission
    )
    return f"""## {provider.label}

| Field | Kind | What it is | Example | In the REST API |
|---|---|---|---|---|
{chr(10).join(rows)}

Where to find each:

{chr(10).join(places)}

| Bulb | Needs |
|---|---|
{rights}
"""


def _plain(text: str | None) -> str:
    """A sentence of the form as Markdown: nothing in it is a tag."""
    return (text or "").replace("<", r"\<")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
