"""The settings form of a datasource, made from a config class: no field is declared here a second time."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from clouds import PROVIDERS, CloudConfig, parse_config, provider_of
from clouds.config import Expiry, extra
from clouds.policies import Place
from datasources.checks.expiry import near_end_warning
from datasources.endpoints import configured_endpoints
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Purpose
from datasources.schemas import field_problems
from datasources.settings.bulbs import Mark, mark_id
from datasources.validation import problems_on_save
from teams.models import Team

MOST_FILE_BYTES = 1024 * 1024
FILE_SUFFIX = "_file"
SUFFIX_FIELD = "thumbnail_suffix"


class SecretTextarea(forms.Textarea):
    """A write-only box of several lines: Django's own would send back what was typed."""

    def format_value(self, value: Any) -> None:
        return None


class MarkedField(forms.BoundField):
    """A field whose description goes on with what the last check found wrong with it."""

    @property
    def mark_id(self) -> str:
        form = cast("DatasourceForm", self.form)
        return mark_id(form.config_class.model_fields["type"].default, self.name)

    @property
    def aria_describedby(self) -> str | None:
        marked = self.name in cast("DatasourceForm", self.form).config_class.fields()
        return f"{super().aria_describedby or ''} {self.mark_id if marked else ''}".strip() or None


class DatasourceForm(forms.Form):
    """One provider's fields. `stored` is a config whose secrets serve where the form leaves them empty."""

    bound_field_class = MarkedField
    provider = forms.CharField(widget=forms.HiddenInput)
    copied_from = forms.ChoiceField(choices=Purpose.choices, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        config_class: type[CloudConfig],
        purpose: Purpose,
        *,
        data: Any = None,
        files: Any = None,
        stored: CloudConfig | None = None,
        suffix: str = DEFAULT_THUMBNAIL_SUFFIX,
        copied_from: Purpose | None = None,
        read_only: bool = False,
        marks: Iterable[Mark] = (),
        team: Team | None = None,
    ) -> None:
        self.team = team
        self.marks = {mark.id: mark.words for mark in marks}
        self.config_class = config_class
        self.stored = stored if isinstance(stored, config_class) else None
        self.copy_source = copied_from
        super().__init__(data, files, initial=self._initial(suffix))
        for name, info in config_class.fields().items():
            self.fields[name] = self._field(info)
            if info.annotation is SecretStr and extra(info, "multiline"):
                self.fields[name + FILE_SUFFIX] = forms.FileField(
                    label=gettext("%(info)s as a file") % {"info": info.title},
                    required=False,
                    widget=forms.FileInput(attrs={"accept": ".json,application/json", "data-secret": True}),
                )
        if purpose is not Purpose.INPUT:
            self.fields[SUFFIX_FIELD] = forms.CharField(
                label=gettext("Thumbnail suffix"),
                required=False,
                help_text=gettext(
                    "Where thumbnails are looked for, below the path above. [filename] stands for an image's name"
                    " without its ending, [extension] for its ending. Leave it empty if there are none: full images are"
                    " shown instead."
                ),
                widget=forms.TextInput(attrs={"placeholder": DEFAULT_THUMBNAIL_SUFFIX, **_AS_TYPED}),
            )
        for field in self.fields.values():
            field.disabled = read_only

    @property
    def secret_names(self) -> list[str]:
        return self.config_class.secret_fields()

    def rows(self) -> list[dict[str, Any]]:
        """What the template needs per visible field: the field, and what is to be said of it."""
        ends = self.stored.expiry() if self.stored else None
        return [self._row(cast("MarkedField", field), ends) for field in self.visible_fields()]

    def _row(self, field: MarkedField, ends: Expiry | None) -> dict[str, Any]:
        marked = field.name in self.config_class.fields()
        return {
            "field": field,
            "where": self._where(field),
            "stored": self._stored_words(field.name),
            "mark": Mark(field.mark_id, self.marks.get(field.mark_id, "")) if marked else None,
            "warning": near_end_warning(ends.moment) if ends and ends.field == field.name else "",
            "team_value": self._team_value(field.name),
        }

    def _team_value(self, name: str) -> str:
        """What the team has of its own for this field, with which a new datasource's form begins."""
        info = self.config_class.fields().get(name)
        return str(getattr(self.team, name)) if self.team and info and extra(info, "from_team") else ""

    def _where(self, field: MarkedField) -> SafeString | None:
        """Where people find the value in their cloud, for those who may enter it."""
        info = self.config_class.fields().get(field.name)
        return with_code(extra(info, "where")) if info and not field.field.disabled else None

    @property
    def help_anchor(self) -> str:
        """This cloud's place on the help page about fields."""
        return provider_of(self.config_class).help_anchor

    @property
    def provider_label(self) -> str:
        return provider_of(self.config_class).label

    @property
    def open_names(self) -> list[str]:
        """The provider's fields that are no secret."""
        return [name for name in self.config_class.fields() if name not in self.secret_names]

    def place(self) -> Place:
        """Where it points so far, whether or not it is complete."""
        return Place.typed(self.config_class, {name: str(self[name].value() or "") for name in self.open_names})

    def _initial(self, suffix: str) -> dict[str, Any]:
        initial = {
            name: getattr(self.stored, name) if self.stored else self._team_value(name)
            for name, info in self.config_class.fields().items()
            if info.annotation is not SecretStr
        }
        config_type = self.config_class.model_fields["type"].default
        return {**initial, "provider": config_type, "copied_from": self.copy_source, SUFFIX_FIELD: suffix}

    def _field(self, info: FieldInfo) -> forms.Field:
        example = str(info.examples[0]) if info.examples else ""
        secret = info.annotation is SecretStr
        if secret and self.stored:
            example = "••••••••"
        required = info.is_required() and not (secret and self.stored)
        widget: forms.Widget
        if not secret:
            widget = forms.TextInput(attrs={"placeholder": example, **_AS_TYPED})
        elif extra(info, "multiline"):
            required = False  # the file may bring it; clean() says if neither does
            widget = SecretTextarea(attrs={"rows": 3, "data-secret": True, "placeholder": example, **_AS_TYPED})
        else:
            attrs = {"autocomplete": "new-password", "data-secret": True, "placeholder": example, **_AS_TYPED}
            widget = forms.PasswordInput(render_value=False, attrs=attrs)
        return forms.CharField(
            label=info.title,
            help_text=escape(info.description or ""),
            required=required,
            widget=widget,
            error_messages={"required": gettext("This is missing. For example: %(example)s") % {"example": example}},
        )

    def _stored_words(self, name: str) -> str:
        if name not in self.secret_names or not self.stored:
            return ""
        if self.copy_source:
            return gettext("Taken over from %(copy_source)s. Leave empty to use it.") % {
                "copy_source": self.copy_source.label
            }
        return gettext("Stored encrypted. Leave empty to keep it.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        suffix = data.get(SUFFIX_FIELD, "")
        if suffix and ("[filename]" not in suffix or ".." in suffix or suffix.startswith("/")):
            self.add_error(
                SUFFIX_FIELD,
                gettext(
                    "It must contain [filename], and stay in the datasource. For example: %(default_thumbnail_suffix)s"
                )
                % {"default_thumbnail_suffix": DEFAULT_THUMBNAIL_SUFFIX},
            )
        config = self._parse(data)
        if config is not None:
            data["config"] = config
        return data

    def _parse(self, data: dict[str, Any]) -> CloudConfig | None:
        fields: dict[str, Any] = {"type": self.config_class.model_fields["type"].default}
        kept = []
        for name, info in self.config_class.fields().items():
            value = self._uploaded(name) or data.get(name) or None
            if value is None and self.stored and info.annotation is SecretStr:
                value = getattr(self.stored, name)
                kept.append(name)
            if value is not None:
                fields[info.alias or name] = value
        try:
            config = parse_config(fields, configured_endpoints())
        except ValidationError as error:
            for name, problem in field_problems(error, self.config_class).items():
                if name not in self.errors:
                    self.add_error(name, problem)
            return None
        if kept and self.stored and config.target() != self.stored.target():
            for name in kept:
                self.add_error(name, self._aimed_elsewhere(config, self.stored))
            return None
        problems = problems_on_save(config, self.team) if self.team else {}
        for name, problem in problems.items():
            self.add_error(name, problem)
        return None if problems else config

    def _uploaded(self, name: str) -> str | None:
        file = self.files.get(name + FILE_SUFFIX)
        if not isinstance(file, UploadedFile):
            return None
        if (file.size or 0) > MOST_FILE_BYTES:
            self.add_error(
                name, gettext("This file is too big for a key. Choose the JSON key file of a service account.")
            )
            return None
        try:
            return cast("bytes", file.read()).decode()
        except UnicodeDecodeError:
            self.add_error(name, gettext("This file is not text. Choose the JSON key file of a service account."))
            return None

    def _aimed_elsewhere(self, new: CloudConfig, old: CloudConfig) -> str:
        before, after = old.target(), new.target()
        fields = self.config_class.fields()
        changed = [
            (fields[name].title or name) if name in fields else name.capitalize()
            for name in before
            if before[name] != after[name]
        ]
        return gettext("%(list)s changed, so enter this again: a stored secret is never aimed at a new target.") % {
            "list": " and ".join(changed)
        }


def with_code(text: str) -> SafeString:
    """Plain text as HTML, with what stands in `backticks` as code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if odd % 2 else part,) for odd, part in parts)
    )


# Keys and paths are meant exactly as typed: no phone may capitalise, correct or underline them.
_AS_TYPED = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


def config_class_for(provider: str | None, stored: CloudConfig | None) -> type[CloudConfig]:
    """The provider asked for, else the stored one's, else the first."""
    if provider in PROVIDERS:
        return PROVIDERS[provider].config_class
    return type(stored) if stored else next(iter(PROVIDERS.values())).config_class
