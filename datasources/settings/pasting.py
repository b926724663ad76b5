"""What people pasted into a settings form, understood: each value goes to its own field, whatever field it came in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from clouds import PROVIDERS, CloudConfig, Reading, Refusal, read_pasted
from clouds.pasting import MOST_CHARACTERS, cleaned, clutter_of
from datasources.validation import is_word, problem_of_length, with_example

PASTED, PASTED_INTO = "pasted", "pasted_into"
# Before the names of hidden fields that say what was filled in by an earlier paste, which a later one may replace.
FILLED = "filled."


@dataclass
class Understood:
    """The form as it was sent, put right.

    `data`: what the form is to be filled with, secrets among it. `notes`: what was done, in sentences for people.
    `problems`: by field name. `filled`: the fields that got a value from another one, by the field it came in.
    """

    config_class: type[CloudConfig]
    data: dict[str, Any] = field(repr=False)
    notes: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)

    @property
    def is_news(self) -> bool:
        return bool(self.notes or self.problems)

    @property
    def entered_secrets(self) -> list[str]:
        return [name for name in self.config_class.secret_fields() if self.data.get(name)]

    @property
    def replaceable(self) -> dict[str, str]:
        """What was filled in and is no secret, for the hidden fields that say so."""
        secrets = self.config_class.secret_fields()
        earlier = {n.removeprefix(FILLED) for n in self.data if n.startswith(FILLED)}
        names = [n for n in self.config_class.fields() if n in self.filled or n in earlier]
        return {name: str(self.data.get(name, "")) for name in names if name not in secrets}

    def places(self) -> str:
        """Where in the pasted text the secrets stand, as JSON: the browser moves them, and no answer holds one.

        By the secret field's name its first character and the one behind its last, or null: it is to be emptied.
        Counted in UTF-16 units, as browsers do, and before these made two characters of each line break for the way.
        """
        text, into = str(self.data.get(PASTED, "")).replace("\r\n", "\n"), str(self.data.get(PASTED_INTO, ""))
        found: dict[str, list[int] | None] = {}
        for name in self.config_class.secret_fields():
            secret = str(self.data.get(name, ""))
            if secret and (name == into or self.filled.get(name) == into):
                start = text.find(secret)
                # A secret that is not there word for word, for instance for an &amp; in it, is found again on saving.
                first, behind = (start, start + len(secret)) if start >= 0 else (0, len(text))
                found[name] = [_units(text[:first]), _units(text[:behind])]
            elif name == into:
                found[name] = None
        return json.dumps(found)


def understand(data: Mapping[str, Any], config_class: type[CloudConfig], known: Mapping[str, str]) -> Understood:
    """`known`: what stood in the form before anybody typed, by field name. It gives way to what was pasted."""
    data, too_long = _without_what_is_too_long(data, config_class)
    texts = {name: str(data.get(name) or "") for name in config_class.fields()}
    known = {**known, **{n.removeprefix(FILLED): str(v) for n, v in data.items() if n.startswith(FILLED)}}
    target = _target(texts, config_class, known)
    answer = Understood(target, {**data, "provider": target.provider_type()}, problems=too_long)
    if target is not config_class:
        answer.notes.append(
            gettext("This belongs to %(new)s, so the provider was changed from %(old)s.")
            % {"new": _label(target), "old": _label(config_class)}
        )
        for name in config_class.fields():
            if name not in target.fields():
                answer.data.pop(name, None)
    told: dict[str, tuple[str, str, str]] = {}
    for name, text in texts.items():
        if text:
            _read_field(answer, name, text, told)
    for name, (value, what, source) in told.items():
        _fill(answer, name, value, what, source, known)
    _say_what_was_filled(answer, texts, told)
    for name in target.fields():
        if problem := problem_of_length(target, name, answer.data):
            answer.problems[name] = problem
    return answer


def _without_what_is_too_long(
    data: Mapping[str, Any], config_class: type[CloudConfig]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What can be meant, and a sentence for each field that holds more: it is neither read nor shown again."""
    kept = {name: value for name, value in data.items() if len(str(value)) <= MOST_CHARACTERS}
    fields = [name for name in config_class.fields() if name in data and name not in kept]
    return kept, {name: problem_of_length(config_class, name, data) for name in fields}


def _target(texts: Mapping[str, str], chosen: type[CloudConfig], known: Mapping[str, str]) -> type[CloudConfig]:
    """The provider that the texts are for: the chosen one, unless something can be for another one only."""
    for text in texts.values():
        found = read_pasted(text, chosen.provider_type())
        if not isinstance(found, Reading) or found.type == chosen.provider_type():
            continue
        path = texts["path"]
        entered = path and path != text and path != known.get("path")
        of_path = read_pasted(path, found.type) if entered else None
        if not entered or (isinstance(of_path, Reading) and of_path.type == found.type):
            return PROVIDERS[found.type].config_class
    return chosen


def _read_field(answer: Understood, name: str, text: str, told: dict[str, tuple[str, str, str]]) -> None:
    """Puts into the data what this field's text is for the field itself, and into `told` what it says of others."""
    target, fields = answer.config_class, answer.config_class.fields()
    found = read_pasted(text, target.provider_type())
    if found is None:
        if name in fields:
            answer.data[name] = cleaned(text, word=is_word(target, name))
            if clutter := clutter_of(text, word=is_word(target, name)):
                answer.notes.append(
                    gettext("Removed from “%(field)s”: %(clutter)s.")
                    % {"field": fields[name].title, "clutter": ", ".join(clutter)}
                )
        return
    # Never shown again: what is refused may be, or contain, a secret.
    answer.data[name] = ""
    if isinstance(found, Refusal) or found.type != target.provider_type():
        if name in fields:  # otherwise it was for the provider that was chosen before
            answer.problems[name] = _why_not(found, target, name)
        return
    answer.data[name] = found.fields.get(name, "")
    for other, value in found.fields.items():
        if other != name:
            told.setdefault(other, (value, found.what, name))
    if answer.data[name] not in {"", text.strip()}:
        told.setdefault(name, (answer.data[name], found.what, name))
    answer.notes.extend(found.notes)


def _why_not(found: Reading | Refusal, target: type[CloudConfig], name: str) -> str:
    if isinstance(found, Refusal):
        return with_example(found.reason, target, name)
    return gettext("This is %(what)s, which belongs to %(provider)s and not to %(chosen)s.") % {
        "what": found.what,
        "provider": PROVIDERS[found.type].label,
        "chosen": _label(target),
    }


def _fill(answer: Understood, name: str, value: str, what: str, source: str, known: Mapping[str, str]) -> None:
    typed, target = str(answer.data.get(name) or ""), answer.config_class
    if source == name or _agrees(name, typed, value):
        return
    if not typed or typed == known.get(name):
        answer.data[name] = value
        answer.filled[name] = source
        return
    title = target.fields()[source].title if source in target.fields() else source
    if name in target.secret_fields():
        answer.problems[name] = gettext(
            "%(what)s in “%(source)s” holds another value for this than the one that was entered. Enter the right one."
        ) % {"what": _begin(what), "source": title}
        return
    answer.problems[name] = gettext(
        "%(what)s in “%(source)s” says %(value)s. Change this, or save again to keep it."
    ) % {"what": _begin(what), "source": title, "value": value}


def _agrees(name: str, typed: str, told: str) -> bool:
    """Whether what was typed can stand beside what was told. A directory below the one that was told is more exact."""
    if name == "path":
        return bool(typed) and f"{typed.rstrip('/')}/".startswith(f"{told.rstrip('/')}/")
    return typed.lstrip("?") == told.lstrip("?")


def _say_what_was_filled(
    answer: Understood, texts: Mapping[str, str], told: Mapping[str, tuple[str, str, str]]
) -> None:
    fields = answer.config_class.fields()
    sources: dict[tuple[str, str], list[str]] = {}
    for name, (_, what, source) in told.items():
        if (name in answer.filled or name == source) and name in fields:
            sources.setdefault((source, what), []).append(name)
    for (_, what), names in sources.items():
        titles = [str(fields[name].title) for name in fields if name in names]
        answer.notes.append(
            gettext("Filled in from %(what)s: %(fields)s.") % {"what": what, "fields": ", ".join(titles)}
        )


def _label(config_class: type[CloudConfig]) -> str:
    return PROVIDERS[config_class.provider_type()].label


def _begin(words: str) -> str:
    return words[:1].upper() + words[1:]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
