"""`python -m scripts.diagnoses` writes docs/diagnoses.md from the catalogue, so that it can't fall behind."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from clouds import PROVIDERS, Cause, CloudConfig, Failure, Provider
from clouds.doctor.diagnosis import Diagnosis, diagnose
from clouds.permissions import NO_PROOF, Permission, State, Verdict
from clouds.policies import Platform

DOCUMENT = Path(__file__).parent.parent / "docs" / "diagnoses.md"
HEAD = """# What a bulb says, and what to do

A bulb is red when the cloud refused the operation. If the answer proves nothing, for example behind a firewall, the
bulb shows “?” and says so. The entries below use the example values of the form; the dashboard shows yours instead.

[//]: # (This page is written by python -m scripts.diagnoses.)
"""

# Alike for every cloud: told once.
EVERYWHERE = (
    Cause.UNREACHABLE,
    Cause.TLS,
    Cause.TIMEOUT,
    Cause.REDIRECTED,
    Cause.THROTTLED,
    Cause.SERVER_ERROR,
    Cause.NO_OBJECT,
    Cause.ALREADY_EXISTS,
    Cause.CHANGED,
    Cause.ARCHIVED,
    Cause.UNKNOWN,
)
# These, too, every cloud can answer, but with words of its own.
EVERYWHERE_IN_OWN_WORDS = {Cause.DENIED, Cause.CREDENTIAL_REFUSED, Cause.NO_BUCKET, Cause.HIDDEN}
Example = tuple[Failure, Mapping[str, Any]]  # a failure, and the fields of a config that show it
PLATFORM = Platform(external_id="lightly-4f1c9a7be2")


def document() -> str:
    first = next(iter(PROVIDERS.values()))
    everywhere = "\n".join(_entries(first, [(Failure(cause), {}) for cause in EVERYWHERE], [Permission.READ]))
    sections = [_section(provider) for provider in PROVIDERS.values()]
    return "\n".join([HEAD, *sections, f"## All clouds\n\n{everywhere}"])


def _section(provider: Provider) -> str:
    answers = provider.answers
    causes = [cause for cause in Cause if cause in answers.causes | EVERYWHERE_IN_OWN_WORDS]
    plain: dict[Cause, Example] = {cause: (Failure(cause, answers.codes.get(cause, "")), {}) for cause in causes}
    denied = _entries(provider, [plain.pop(Cause.DENIED)], Permission)
    others = _entries(provider, [*plain.values(), *answers.variants], [Permission.READ])
    return f"## {provider.label}\n\n" + "\n".join([*denied, *others])


def _entries(provider: Provider, examples: Iterable[Example], permissions: Iterable[Permission]) -> list[str]:
    """Each once: some causes have the same words, as what happened to a role's key can't be the user's fault."""
    found = [
        _entry(failure, permission, _diagnosis(provider, failure, permission, changes), provider.config_class)
        for failure, changes in examples
        for permission in permissions
    ]
    return list(dict.fromkeys(found))


def _diagnosis(provider: Provider, failure: Failure, permission: Permission, changes: Mapping[str, Any]) -> Diagnosis:
    config = example(provider, changes)
    tried = config.prefix if permission is Permission.LIST else f"{config.prefix}a.jpg"
    verdict = Verdict(State.UNKNOWN if failure.cause in NO_PROOF else State.DENIED, failure=failure, key=tried)
    return diagnose(permission, verdict, config, 15, PLATFORM)


def example(provider: Provider, changes: Mapping[str, Any]) -> CloudConfig:
    """As the form shows it, with whole values where the form's examples are shortened."""
    config_class = provider.config_class
    values: dict[str, Any] = {name: (info.examples or [""])[0] for name, info in config_class.fields().items()}
    values |= dict(provider.answers.values) | dict(changes)
    secrets = config_class.secret_fields()
    typed: dict[str, Any] = {name: SecretStr(value) if name in secrets else value for name, value in values.items()}
    return config_class.model_construct(type=provider.type, **typed)


def _entry(failure: Failure, permission: Permission, words: Diagnosis, config_class: type[CloudConfig]) -> str:
    mark = " (?)" if failure.cause in NO_PROOF else ""
    bulb = f"{permission.capitalize()}, " if failure.cause is Cause.DENIED else ""
    info = config_class.fields().get(words.field)
    lines = [f"### {bulb}{words.summary if bulb else words.summary[0].upper() + words.summary[1:]}{mark}\n"]
    lines += [f"* The cloud says: {words.answered}"] if failure.code else []
    lines += [f"* Likely cause: {words.cause}", f"* Verify it yourself: {words.how_to_be_sure}"]
    if words.command:
        lines.append("\n".join(["  ```sh", *(f"  {line}" for line in words.command.splitlines()), "  ```"]))
    lines.append(f"* Fix: {words.fix}{f' Field: {info.title}.' if info else ''}\n")
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
