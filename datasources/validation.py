"""Which settings of a datasource may be saved. The settings form and the REST API both come through `checked_config`.

Only saving is judged here. A stored config whose token has ended meanwhile must stay readable.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from clouds import PROVIDERS, CloudConfig, Reading, Refusal, parse_config, read_pasted
from clouds.config import MOST_PATH_BYTES, extra
from clouds.pasting import cleaned, clutter_of
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from teams.models import Team

FOREIGN_EXTERNAL_ID = gettext_noop(
    "This external ID belongs to another team of this platform, whose roles it opens. "
    "Use your own team's and put it into the role's trust policy."
)
NOTHING_TO_KEEP = gettext_noop(
    "No secret of this provider is stored for this datasource, so there is none to keep. Enter it."
)
# Control characters, separators of lines, and what turns the direction of writing around. Marks that a script needs
# between letters are left.
_TURNING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class InvalidSettingsError(Exception):
    """These settings can't be saved. `problems`: one sentence for each name of a config's field at fault."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


def checked_config(
    config_class: type[CloudConfig],
    values: Mapping[str, Any],
    *,
    keep: Collection[str] = (),
    stored: CloudConfig | None = None,
    team: Team | None = None,
    for_guest: bool = False,
) -> CloudConfig:
    """The config to save. Raises InvalidSettingsError.

    `values`: what was entered, by field name; what was left out is absent. `keep`: the secret fields for which the
    secret of `stored` serves again. `team`: the dataset's, whose own external ID it may use. `for_guest`: for somebody
    from outside the team, who may use what its members stored only in the directory for which they stored it.
    """
    if keep and not isinstance(stored, config_class):
        raise InvalidSettingsError({name: gettext(NOTHING_TO_KEEP) for name in keep})
    entered = dict(values) | {name: getattr(stored, name) for name in keep}
    fields = config_class.fields()
    if too_long := {name: words for name in fields if (words := problem_of_length(config_class, name, entered))}:
        raise InvalidSettingsError(too_long)
    kind = config_class.provider_type()
    spelled = {fields[name].alias or name: value for name, value in entered.items()}
    try:
        config = parse_config({"type": kind, **spelled}, configured_endpoints())
    except ValidationError as error:
        raise InvalidSettingsError(
            _with_what_was_seen(_field_problems(error, config_class), values, config_class)
        ) from None
    if clutter := _with_what_was_seen({}, values, config_class):
        raise InvalidSettingsError(clutter)
    if turning := {name: words for name in fields if (words := problem_of_letters(entered.get(name)))}:
        raise InvalidSettingsError(turning)
    if keep and stored and (changed := _changed_target(config, stored)):
        raise InvalidSettingsError({name: _not_aimed_elsewhere(changed) for name in keep})
    if for_guest and stored and (problem := _leaves(config, stored, keep)):
        raise InvalidSettingsError({"path": problem})
    problems = config.unusable(timezone.now(), configured_endpoints())
    for name, info in fields.items():
        if team and extra(info, "from_team") and _is_foreign(name, getattr(config, name), team):
            problems[name] = gettext(FOREIGN_EXTERNAL_ID)
    if problems:
        raise InvalidSettingsError(problems)
    return config


def problem_of_letters(value: Any) -> str:
    """A sentence if the value would rearrange what is shown beside it; else empty. Secrets are shown nowhere."""
    found = _TURNING.search(value) if isinstance(value, str) else None
    if not found:
        return ""
    return gettext("There is an invisible character in it (%(code)s). Type it anew instead of pasting it.") % {
        "code": f"U+{ord(found[0]):04X}"
    }


def problem_of_length(config_class: type[CloudConfig], name: str, values: Mapping[str, Any]) -> str:
    """A sentence if this field's value is longer than any that serves; else empty."""
    value = values.get(name)
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    most = config_class.most_bytes(name)
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) <= most:
        return ""
    return gettext("This is too long: at most %(most)s bytes are accepted.") % {"most": f"{most:,}"}


def problem_of_suffix(suffix: str, purpose: Purpose) -> str:
    """Why thumbnails can't have such names, as a sentence; empty if they can, or if there are to be none."""
    if len(suffix.encode("utf-8", "surrogatepass")) > MOST_PATH_BYTES:
        return gettext("This is too long: at most %(most)s bytes are accepted.") % {"most": f"{MOST_PATH_BYTES:,}"}
    if problem := problem_of_letters(suffix):
        return problem
    if not suffix:
        return ""
    if "[filename]" not in suffix:
        return gettext("It must contain [filename]: without it, all thumbnails would have the same name.")
    if "[extension]" not in suffix:
        return gettext(
            "It must contain [extension]: without it, the thumbnails of a.jpg and a.png would have the same name."
        )
    if "][" in suffix:
        return gettext(
            "Put a character between [filename] and [extension]: without one, the thumbnails of different files could"
            " have the same name."
        )
    if suffix == "[filename].[extension]" and purpose == Purpose.INPUT_OUTPUT:
        return gettext("These are the names of the images themselves. Begin it with .lightly/thumbnails/, for example.")
    if suffix.startswith("/") or any(segment in {".", ".."} for segment in suffix.split("/")):
        return gettext("It must stay in the datasource: without a leading / and without ./ or ../ in it.")
    return ""


def is_word(config_class: type[CloudConfig], name: str) -> bool:
    """Whether a value of this field can't contain spaces, as keys and tokens can't, but names of directories can."""
    return name != "path" and not extra(config_class.fields()[name], "multiline")


def _with_what_was_seen(
    problems: Mapping[str, str], values: Mapping[str, Any], config_class: type[CloudConfig]
) -> dict[str, str]:
    """The problems, and after each rule what was entered instead, as far as it can be told. Quotes no secret."""
    told = dict(problems)
    for name, value in values.items():
        if not isinstance(value, str) or name not in config_class.fields():
            continue
        clutter = clutter_of(value, word=is_word(config_class, name))
        if clutter:
            told[name] = gettext("This has %(clutter)s. Enter it without.") % {"clutter": ", and ".join(clutter)}
        if name in problems and (seen := _seen(name, value, config_class)):
            rule, _, _ = problems[name].partition(" For example:")
            told[name] = f"{rule} {seen}"
    return told


def with_example(sentence: str, config_class: type[CloudConfig], name: str) -> str:
    """The sentence, followed by the example of a right value of this field."""
    examples = config_class.fields()[name].examples
    return f"{sentence} For example: {examples[0]}" if examples else sentence


def _seen(name: str, value: str, config_class: type[CloudConfig]) -> str:
    """What a value is that can't be used as it is, and what it would be rightly. Empty if nobody knows."""
    answer = read_pasted(value, config_class.provider_type())
    if isinstance(answer, Refusal):
        return with_example(answer.reason, config_class, name)
    is_own = isinstance(answer, Reading) and answer.type == config_class.provider_type()
    if answer is None or (is_own and answer.fields.get(name) == cleaned(value, word=is_word(config_class, name))):
        return ""
    provider = PROVIDERS[answer.type]
    what = gettext("This is %(what)s") % {"what": answer.what}
    if not is_own:
        what += gettext(", which belongs to %(provider)s") % {"provider": provider.label}
    fields = provider.config_class.fields()
    titles = {field: gettext("the path") if field == "path" else str(fields[field].title) for field in answer.fields}
    secrets = provider.config_class.secret_fields()
    would_be = [
        gettext("%(field)s would be %(value)s") % {"field": titles[field], "value": value}
        for field, value in answer.fields.items()
        if field not in secrets
    ]
    also = [titles[field] for field in answer.fields if field in secrets]
    sentences = [f"{what}; {', '.join(would_be)}." if would_be else f"{what}."]
    if also:
        sentences.append(gettext("Enter %(names)s alone, in its own field.") % {"names": " and ".join(also)})
    told = " ".join([*sentences, *answer.notes])
    return told if is_own else with_example(told, config_class, name)


def _changed_target(new: CloudConfig, old: CloudConfig) -> list[str]:
    """The titles of what says where the secret is sent (bucket, account, user …) and is not as it was."""
    before, after, fields = old.target(), new.target(), new.fields()
    return [
        (fields[name].title or name) if name in fields else name.capitalize()
        for name in before
        if before[name] != after[name]
    ]


def _not_aimed_elsewhere(changed: list[str]) -> str:
    return gettext("%(list)s changed. For safety, enter the secret again for the new target.") % {
        "list": " and ".join(changed)
    }


def _leaves(new: CloudConfig, old: CloudConfig, kept: Collection[str]) -> str:
    """Why a guest may not do this with what was stored; empty if they may."""
    if not new.reuses(old, kept) or (new.bucket == old.bucket and new.prefix.startswith(old.prefix)):
        return ""
    return gettext(
        "These credentials were stored for %(path)s. You may use them in that directory only. Enter a path in it, or "
        "credentials of your own, or ask the dataset's owner."
    ) % {"path": old.path}


def _is_foreign(name: str, value: str, team: Team) -> bool:
    """Whether it is another team's, such as its external ID.

    With it a team could have this platform assume a role that trusts the platform for that other team: the confused
    deputy, https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    # A trust policy may compare without case.
    return Team.objects.filter(**{f"{name}__iexact": value}).exclude(pk=team.pk).exists()


def _field_problems(error: ValidationError, config_class: type[CloudConfig]) -> dict[str, str]:
    """What is wrong, in one sentence per field name, each with an example of a right value."""
    names = {info.alias or name: name for name, info in config_class.fields().items()}
    problems: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        alias = next((str(part) for part in problem["loc"] if part in names), "")
        name = names.get(alias, "")
        if name and name not in problems:
            problems[name] = _sentence(problem, config_class.fields()[name])
    return problems


def _sentence(problem: Any, info: FieldInfo) -> str:
    example = f" For example: {info.examples[0]}" if info.examples else ""
    if problem["type"] == "value_error":  # our own validators speak in whole sentences
        text = str(problem["ctx"]["error"])
        return text if "For example" in text else f"{text}{example}"
    if problem["type"] in {"missing", "too_short", "string_too_short"}:
        least = problem.get("ctx", {}).get("min_length", 1)
        return f"At least {least} characters are needed.{example}" if least > 1 else f"This is missing.{example}"
    return f"This is not a valid value for “{info.title}”.{example}"
